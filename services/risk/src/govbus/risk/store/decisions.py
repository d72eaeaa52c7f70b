"""Decisions and their receipts from the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.risk import tables


async def put(connection: AsyncConnection, decision: Mapping[str, Any]) -> None:
    """Record a decision; the same one again changes nothing (a rebuild decides it anew, the record stays)."""
    await connection.execute(insert(tables.decision).values(**decision).on_conflict_do_nothing())


async def find(connection: AsyncConnection, decision_id: str) -> RowMapping | None:
    """Return one decision."""
    statement = select(tables.decision).where(tables.decision.c.decision_id == decision_id)
    return (await connection.execute(statement)).mappings().first()


async def find_asked(connection: AsyncConnection, asked_by: str, key: str) -> RowMapping | None:
    """Return the decision that somebody was given under an Idempotency-Key."""
    row = tables.decision.c
    statement = select(tables.decision).where(row.asked_by == asked_by, row.idempotency_key == key)
    return (await connection.execute(statement)).mappings().first()


async def note_index(connection: AsyncConnection, event_id: str, index: int) -> None:
    """Note where in the log the decision's event lies."""
    row = tables.decision.c
    statement = update(tables.decision).where(row.event_id == event_id, row.log_index.is_(None))
    await connection.execute(statement.values(log_index=index))


async def note_checkpoint(connection: AsyncConnection, origin: str, size: int) -> None:
    """Note the checkpoint for every decision that it is the first to cover."""
    row = tables.decision.c
    statement = update(tables.decision).where(row.log_index < size, row.log_size.is_(None))
    await connection.execute(statement.values(log_origin=origin, log_size=size))
