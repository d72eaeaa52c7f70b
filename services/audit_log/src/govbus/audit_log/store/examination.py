"""Reads everything the log holds, in stretches, for examining it."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.examination import StoredRow
from govbus.audit_log.store.rows import rows

_ROWS: Final = (
    "SELECT e.idx, e.entry, e.kind, e.id, e.source, e.type, e.subject, e.topic, e.partition, e.kafka_offset,"
    " e.identity, p.key, p.attributes, p.payload"
    " FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx"
)
_CHECKPOINTS: Final = "SELECT size, root, note FROM checkpoint ORDER BY size"
_COUNT: Final = "SELECT count(*), count(*) FILTER (WHERE idx >= $1) FROM entry"


async def stored_rows(connection: AsyncConnection, start: int, end: int) -> list[StoredRow]:
    """Return entries [start, end) with the columns they are found by, and payload and key where there are any."""
    return [StoredRow(*row) for row in await rows(connection, _ROWS, (start, end))]


async def all_checkpoints(connection: AsyncConnection) -> list[tuple[int, bytes, str]]:
    """Return size, root and note of every checkpoint, by size."""
    return [(row[0], bytes(row[1]), row[2]) for row in await rows(connection, _CHECKPOINTS)]


async def entries_beyond(connection: AsyncConnection, size: int) -> int:
    """Return how many entries lie beyond the head."""
    return int((await rows(connection, _COUNT, (size,)))[0][1])
