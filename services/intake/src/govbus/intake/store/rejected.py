"""Refused and ignored input, and the counts of what nobody authenticated sent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake import tables

_COUNT: Final = (
    "INSERT INTO refusal_count AS c (minute, reason, source_name, count, first_at, last_at) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (minute, reason, source_name) DO UPDATE SET "
    "count = c.count + excluded.count, first_at = least(c.first_at, excluded.first_at), "
    "last_at = greatest(c.last_at, excluded.last_at)"
)
_TAKE: Final = (
    "DELETE FROM refusal_count WHERE minute < $1 RETURNING minute, reason, source_name, count, first_at, last_at"
)
_SHOWN: Final = [column for column in tables.rejected.c if column.name != "sealed_input"]


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused or ignored input, without its bytes."""

    id: UUID
    source_name: str
    channel: str
    disposition: str
    reason: str
    detail: str
    claimed: Mapping[str, str]
    errors: Sequence[Mapping[str, str]]
    received_at: datetime
    raw_sha256: bytes | None
    raw_bytes_count: int | None
    replayed_at: datetime | None = None
    replayed_by: str | None = None
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often one reason was given to unauthenticated senders in one minute."""

    minute: datetime
    reason: str
    source_name: str
    count: int
    first_at: datetime
    last_at: datetime


async def add(connection: AsyncConnection, rejections: Sequence[tuple[Rejection, bytes | None]]) -> None:
    """Keep refused input with its sealed bytes."""
    if rejections:
        rows = [{**_values(rejection), "sealed_input": sealed} for rejection, sealed in rejections]
        await connection.execute(insert(tables.rejected), rows)


async def page(
    connection: AsyncConnection, source_name: str | None, before_ordinal: int | None, limit: int
) -> list[Rejection]:
    """Return rejections, newest first, of one source or of all."""
    query = select(*_SHOWN).order_by(tables.rejected.c.ordinal.desc()).limit(limit)
    if source_name is not None:
        query = query.where(tables.rejected.c.source_name == source_name)
    if before_ordinal is not None:
        query = query.where(tables.rejected.c.ordinal < before_ordinal)
    return [_rejection(row) for row in await connection.execute(query)]


async def find_sealed(connection: AsyncConnection, id_: UUID) -> tuple[Rejection, bytes | None] | None:
    """Return one rejection and its sealed bytes (None once they are gone), locked against a second replay."""
    query = select(tables.rejected).where(tables.rejected.c.id == id_).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    return (_rejection(row), row.sealed_input) if row is not None else None


async def mark_replayed(connection: AsyncConnection, id_: UUID, at: datetime, by: str) -> None:
    """Record that a rejection was replayed with success."""
    statement = update(tables.rejected).where(tables.rejected.c.id == id_).values(replayed_at=at, replayed_by=by)
    await connection.execute(statement)


async def forget_inputs(connection: AsyncConnection, before: datetime) -> int:
    """Drop the bytes of input refused before `before`; how many."""
    columns = tables.rejected.c
    statement = (
        update(tables.rejected)
        .where(columns.received_at < before, columns.sealed_input.is_not(None))
        .values(sealed_input=None)
    )
    return (await connection.execute(statement)).rowcount


async def count(connection: AsyncConnection, refusals: Sequence[Refusals]) -> None:
    """Add counts of unauthenticated refusals."""
    rows = [(one.minute, one.reason, one.source_name, one.count, one.first_at, one.last_at) for one in refusals]
    if rows:
        await connection.exec_driver_sql(_COUNT, rows)


async def take_counts(connection: AsyncConnection, before: datetime) -> list[Refusals]:
    """Take out the counts of minutes before `before`, to be summarised in this transaction."""
    rows = await connection.exec_driver_sql(_TAKE, (before,))
    return [Refusals(**row) for row in rows.mappings()]


def _values(rejection: Rejection) -> dict[str, Any]:
    values = asdict(rejection)
    del values["ordinal"]
    return values


def _rejection(row: Row[Any]) -> Rejection:
    values = row._asdict()
    values.pop("sealed_input", None)
    return Rejection(**values)
