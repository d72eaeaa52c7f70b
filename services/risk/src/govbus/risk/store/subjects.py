"""The folded state of subjects and the history of their scores."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.envelope import Event
from govbus.risk import tables
from govbus.risk.domain.subject import Judged, SubjectState, VersionState, versions_that_matter

_STATE: Final = TypeAdapter(SubjectState)
_JUDGED: Final = TypeAdapter(dict[str, Judged])


async def load(connection: AsyncConnection, subject: str, spoken_of: str | None) -> SubjectState:
    """Return the subject's state with the versions that matter, `spoken_of` among them; empty for an unknown one."""
    row = (await connection.execute(select(tables.subject.c.state).where(tables.subject.c.subject == subject))).first()
    state = _STATE.validate_python(row.state) if row else SubjectState()
    wanted = versions_that_matter(state, spoken_of)
    if not wanted:
        return state
    found = await connection.execute(
        select(tables.version.c.version, tables.version.c.registered, tables.version.c.judged).where(
            tables.version.c.subject == subject, tables.version.c.version.in_(wanted)
        )
    )
    versions = {item.version: VersionState(item.registered, _JUDGED.validate_python(item.judged)) for item in found}
    return replace(state, versions=versions)


async def save(
    connection: AsyncConnection, subject: str, before: SubjectState, after: SubjectState, cause: Event
) -> None:
    """Write what changed between the two states because of `cause`."""
    state = _STATE.dump_python(replace(after, versions={}), mode="json", exclude_defaults=True)
    values = {"state": state, "changed_at": cause.known_at, "caused_by": cause.id}
    statement = insert(tables.subject).values(subject=subject, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["subject"], set_=values))
    changed = {name: item for name, item in after.versions.items() if before.versions.get(name) != item}
    if changed:
        await _save_versions(connection, subject, changed)


async def add_score(connection: AsyncConnection, scored: Event) -> None:
    """Add the score event to the subject's history."""
    newest = select(func.coalesce(func.max(tables.score.c.ordinal), 0) + 1).where(
        tables.score.c.subject == scored.subject
    )
    await connection.execute(
        insert(tables.score).values(
            subject=scored.subject,
            ordinal=newest.scalar_subquery(),
            known_at=scored.time,
            event_id=scored.id,
            caused_by=scored.causationid,
            scored=scored.json(),
        )
    )


async def score_as_of(connection: AsyncConnection, subject: str, moment: datetime | None) -> RowMapping | None:
    """Return the newest score of the subject known at `moment`, or the newest of all."""
    statement = select(tables.score).where(tables.score.c.subject == subject)
    if moment is not None:
        statement = statement.where(tables.score.c.known_at <= moment)
    statement = statement.order_by(tables.score.c.known_at.desc(), tables.score.c.ordinal.desc()).limit(1)
    return (await connection.execute(statement)).mappings().first()


async def _save_versions(connection: AsyncConnection, subject: str, changed: Mapping[str, VersionState]) -> None:
    statement = insert(tables.version)
    statement = statement.on_conflict_do_update(
        index_elements=["subject", "version"],
        set_={"registered": statement.excluded.registered, "judged": statement.excluded.judged},
    )
    rows = [
        {
            "subject": subject,
            "version": name,
            "registered": item.registered,
            "judged": _JUDGED.dump_python(dict(item.judged), mode="json"),
        }
        for name, item in sorted(changed.items())
    ]
    await connection.execute(statement, rows)
