"""One act of a person on one incident: lock, decide, keep, announce."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload
from govbus.contracts.identity import position_of
from govbus.contracts.making import person_did
from govbus.eventing.access import Principal
from govbus.eventing.outbox import Outbox
from govbus.eventing.problems import Problem
from govbus.oversight.api.documents import case_document
from govbus.oversight.domain.history import Line
from govbus.oversight.domain.incident import Incident, Refused
from govbus.oversight.service_name import SERVICE
from govbus.oversight.store import incidents


@dataclass(frozen=True, slots=True)
class Act:
    """A step of the state machine, its line of history, and what others are told of it, if anything."""

    step: Callable[[Incident], Incident | Refused]
    line: Line
    payload: Callable[[Incident], Payload] | None = None


async def perform(
    connection: AsyncConnection, outbox: Outbox, id_: UUID, act: Act, who: Principal, now: datetime
) -> dict[str, Any]:
    """Return the case after the act, kept and announced in the caller's transaction.

    `position` is the announcement's, for a gate that must have taken it into account (`after`).

    Raises:
        Problem: 404 no such incident, 409 the step is not allowed now.
    """
    before = await incidents.lock(connection, str(id_))
    if before is None:
        raise absent(id_)
    after = act.step(before)
    if isinstance(after, Refused):
        raise Problem(status=409, reason=after.reason, title=f"The incident is {before.state}", detail=after.detail)
    line, position = act.line, None
    if act.payload is not None:
        event = person_did(
            SERVICE,
            after.subject,
            act.payload(after),
            who.actor,
            now,
            correlation=after.correlation_id,
            causation=after.opened_event_id,
        )
        outbox.append(event, topics.OVERSIGHT)
        line, position = replace(line, event_id=event.id), position_of(event)
    await incidents.change(connection, after, line)
    return {**case_document(after), "event_id": line.event_id, "position": position}


def absent(id_: UUID) -> Problem:
    """Return the 404 problem."""
    return Problem(
        status=404, reason="case_unknown", title="No such case", detail=f"No case {id_}; GET /v1/cases lists them."
    )
