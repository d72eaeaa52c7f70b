"""Reads entries: for publication, by index, by what they are about, and along the chain of causes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.publication import Publishable
from govbus.audit_log.store.rows import rows
from govbus.audit_log.tables import entry, payload

_PUBLISH: Final = (
    "SELECT e.idx, e.entry, e.id, e.correlation_id, e.classification, e.known_at, p.key, p.attributes, p.payload "
    "FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on "
    "WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx"
)
_CAUSES: Final = (
    "WITH RECURSIVE chain (idx, causation_id, depth) AS ("
    " SELECT idx, causation_id, 0 FROM entry WHERE id = $1 AND kind = 'event'"
    " UNION SELECT e.idx, e.causation_id, chain.depth + 1 FROM chain JOIN entry e"
    " ON e.id = chain.causation_id AND e.kind = 'event' WHERE chain.depth < $2)"
    " SELECT idx, min(depth) FROM chain GROUP BY idx ORDER BY idx LIMIT $3"
)
_EFFECTS: Final = (
    "WITH RECURSIVE chain (idx, id, depth) AS ("
    " SELECT idx, id, 0 FROM entry WHERE id = $1 AND kind = 'event'"
    " UNION SELECT e.idx, e.id, chain.depth + 1 FROM chain JOIN entry e"
    " ON e.causation_id = chain.id AND e.kind = 'event' WHERE chain.depth < $2)"
    " SELECT idx, min(depth) FROM chain GROUP BY idx ORDER BY idx LIMIT $3"
)
_DEPTH_COUNT: Final = 32
"""Chains of decisions are a handful long; a loop made of forged causation ids ends here."""

TRACE_COUNT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What entries are asked for; None is no condition. Times compare with when Govbus came to know."""

    id: str | None = None
    subject: str | None = None
    type: str | None = None
    source: str | None = None
    kind: str | None = None
    actor: str | None = None
    correlation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    from_index: int = 0
    below_index: int | None = None


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


_COLUMNS: Final = (
    entry.c.idx, entry.c.kind, entry.c.entry, entry.c.leaf_hash, entry.c.classification, entry.c.correlation_id,
    entry.c.causation_id, entry.c.logged_on, payload.c.key, payload.c.attributes, payload.c.payload,
)  # fmt: skip
_JOINED: Final = entry.outerjoin(payload, (payload.c.idx == entry.c.idx) & (payload.c.logged_on == entry.c.logged_on))


async def entries_to_publish(connection: AsyncConnection, start: int, end: int) -> list[Publishable]:
    """Return the entries [start, end) with payload and key."""
    found = await rows(connection, _PUBLISH, (start, end))
    return [Publishable(*row) for row in found]


async def find_entries(connection: AsyncConnection, wanted: Wanted, limit_count: int) -> list[StoredRecord]:
    """Return matching entries in index order, from `from_index` on."""
    query = select(*_COLUMNS).select_from(_JOINED).where(entry.c.idx >= wanted.from_index)
    return await _records(connection, _conditions(query, wanted).order_by(entry.c.idx).limit(limit_count))


async def entry_at(connection: AsyncConnection, index: int) -> StoredRecord | None:
    """Return the entry at an index, None when there is none."""
    found = await _records(connection, select(*_COLUMNS).select_from(_JOINED).where(entry.c.idx == index))
    return found[0] if found else None


async def caused_and_causing(connection: AsyncConnection, event_id: str) -> tuple[dict[int, int], dict[int, int]]:
    """Return causes and effects of the events with an id: index → distance, the events themselves at 0."""
    values = (event_id, _DEPTH_COUNT, TRACE_COUNT)
    causes = {row[0]: row[1] for row in await rows(connection, _CAUSES, values)}
    effects = {row[0]: row[1] for row in await rows(connection, _EFFECTS, values)}
    return causes, effects


async def entries_at(connection: AsyncConnection, indexes: list[int]) -> list[StoredRecord]:
    """Return the entries at these indexes, in index order, in one query."""
    query = select(*_COLUMNS).select_from(_JOINED).where(entry.c.idx.in_(indexes))
    return await _records(connection, query.order_by(entry.c.idx))


def _conditions(query: Select[Any], wanted: Wanted) -> Select[Any]:
    equal = {
        entry.c.id: wanted.id,
        entry.c.subject: wanted.subject,
        entry.c.type: wanted.type,
        entry.c.source: wanted.source,
        entry.c.kind: wanted.kind,
        payload.c.actor: wanted.actor,
        entry.c.correlation_id: wanted.correlation,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(entry.c.known_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(entry.c.known_at < wanted.until)
    if wanted.below_index is not None:
        query = query.where(entry.c.idx < wanted.below_index)
    return query


async def _records(connection: AsyncConnection, query: Select[Any]) -> list[StoredRecord]:
    return [StoredRecord(*tuple(row)) for row in (await connection.execute(query)).all()]
