"""Reads entries: for publication, and by index with what they commit to."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.publication import Publishable
from govbus.audit_log.store.rows import rows
from govbus.audit_log.tables import entry, payload

_PUBLISH: Final = (
    "SELECT e.idx, e.kind, e.entry, e.id, e.correlation_id, e.classification, e.known_at, p.key, p.attributes,"
    " p.payload FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on "
    "WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx"
)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One entry with what it is found by and, unless erased, what it commits to."""

    index: int
    kind: str
    entry: bytes
    leaf_hash: bytes
    classification: str
    correlation_id: str | None
    causation_id: str | None
    logged_on: date
    key: bytes | None
    attributes: bytes | None
    payload: bytes | None


COLUMNS: Final = (
    entry.c.idx, entry.c.kind, entry.c.entry, entry.c.leaf_hash, entry.c.classification, entry.c.correlation_id,
    entry.c.causation_id, entry.c.logged_on, payload.c.key, payload.c.attributes, payload.c.payload,
)  # fmt: skip
JOINED: Final = entry.outerjoin(payload, (payload.c.idx == entry.c.idx) & (payload.c.logged_on == entry.c.logged_on))


async def entries_to_publish(connection: AsyncConnection, start: int, end: int) -> list[Publishable]:
    """Return the entries [start, end) with payload and key."""
    found = await rows(connection, _PUBLISH, (start, end))
    return [Publishable(*row) for row in found]


async def entry_at(connection: AsyncConnection, index: int) -> StoredRecord | None:
    """Return the entry at an index, None when there is none."""
    found = await read_records(connection, select(*COLUMNS).select_from(JOINED).where(entry.c.idx == index))
    return found[0] if found else None


async def entries_at(connection: AsyncConnection, indexes: list[int]) -> list[StoredRecord]:
    """Return the entries at these indexes, in index order, in one query."""
    query = select(*COLUMNS).select_from(JOINED).where(entry.c.idx.in_(indexes))
    return await read_records(connection, query.order_by(entry.c.idx))


async def read_records(connection: AsyncConnection, query: Select[Any]) -> list[StoredRecord]:
    """Return the entries of a query of `COLUMNS` from `JOINED`."""
    return [StoredRecord(*tuple(row)) for row in (await connection.execute(query)).all()]
