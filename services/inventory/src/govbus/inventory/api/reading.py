"""Who may see which record, and what is said when it is not there."""

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.inventory.domain.classification import OPEN
from govbus.inventory.domain.record import Key, State
from govbus.inventory.store import records


def list_reader(reader: Principal) -> str | None:
    """Return whose ownership opens confidential records in a list; None for an auditor, who sees all."""
    return None if reader.has("auditor") else reader.id


async def version_reader(connection: AsyncConnection, reader: Principal, subject: str) -> str | None:
    """Return the same for a list of versions: None too for those who answer for their model."""
    model = (await records.load(connection, [Key(subject)])).get(Key(subject))
    return None if _is_owner(reader, model) else list_reader(reader)


async def check_visible(connection: AsyncConnection, reader: Principal, key: Key) -> None:
    """Return when the record is absent, open, or the reader may see it all the same.

    What counts is the record as it is now: a past state was perhaps open, and is no longer.

    Raises:
        Problem: 403.
    """
    states = await records.load(connection, {Key(key.subject), key})
    asked = states.get(key)
    if asked is None or asked.classification in OPEN or reader.has("auditor"):
        return
    if not _is_owner(reader, states.get(Key(key.subject))):
        raise Problem(
            status=403,
            reason="confidential",
            title="Confidential",
            detail="This record is for auditors and for those who answer for the model.",
        )


def _is_owner(reader: Principal, model: State | None) -> bool:
    return model is not None and reader.id in model.fields.get("owners", {}).values()


def found(state: State | None, key: Key) -> State:
    """Return the state.

    Raises:
        Problem: 404 when there is none.
    """
    if state is None:
        what = f"version {key.version} of {key.subject}" if key.version else key.subject
        raise Problem(
            status=404,
            reason="not_recorded",
            title="Not in the inventory",
            detail=f"Nobody registered {what} (or not by the date asked for).",
        )
    return state
