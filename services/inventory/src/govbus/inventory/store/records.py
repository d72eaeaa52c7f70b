"""Records and their states."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.inventory.domain.fact import Cause
from govbus.inventory.domain.record import Key, State
from govbus.inventory.tables import record, record_state


async def load(connection: AsyncConnection, keys: Collection[Key]) -> dict[Key, State]:
    """Return the newest states of those of the records that exist."""
    wanted = [(key.subject, key.version) for key in keys]
    rows = await connection.execute(select(record).where(tuple_(record.c.subject, record.c.version).in_(wanted)))
    states = [state_of(row) for row in rows]
    return {state.key: state for state in states}


async def save(connection: AsyncConnection, state: State) -> None:
    """Keep a record's next state: added to its history, and as the newest."""
    columns = _columns(state)
    newest = upsert(record).values(**columns, kind=state.key.kind)
    moved = {name: newest.excluded[name] for name in columns}
    await connection.execute(newest.on_conflict_do_update(constraint="record_pkey", set_=moved))
    await connection.execute(insert(record_state).values(**columns))


async def state_at(connection: AsyncConnection, key: Key, as_of: datetime | None) -> State | None:
    """Return the newest state, or the one that was the newest at `as_of`."""
    row = (await connection.execute(_states_of(key, as_of).limit(1))).first()
    return None if row is None else state_of(row)


async def history(connection: AsyncConnection, key: Key, before: int | None, limit_count: int) -> list[State]:
    """Return states, newest first, numbered below `before`."""
    query = _states_of(key, None).limit(limit_count)
    if before is not None:
        query = query.where(record_state.c.number < before)
    return [state_of(row) for row in await connection.execute(query)]


def _states_of(key: Key, as_of: datetime | None) -> Select[Any]:
    query = select(record_state).where(record_state.c.subject == key.subject, record_state.c.version == key.version)
    if as_of is not None:
        query = query.where(record_state.c.known_at <= as_of)
    return query.order_by(record_state.c.number.desc())


def state_of(row: Row[Any]) -> State:
    """Return the state that a row of `record` or `record_state` holds."""
    return State(
        key=Key(row.subject, row.version),
        number=row.number,
        fields=row.fields,
        registered=row.registered,
        classification=row.classification,
        said_at=row.said_at,
        known_at=row.known_at,
        cause=Cause(row.cause_source, row.cause_type, row.cause_id),
    )


def _columns(state: State) -> dict[str, Any]:
    return {
        "subject": state.key.subject,
        "version": state.key.version,
        "number": state.number,
        "fields": dict(state.fields),
        "registered": state.registered,
        "classification": state.classification,
        "said_at": state.said_at,
        "known_at": state.known_at,
        "cause_source": state.cause.source,
        "cause_type": state.cause.type,
        "cause_id": state.cause.id,
    }
