"""The index of words: which payloads are not in it yet, and putting them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.classification import PUBLISHED
from govbus.audit_log.domain.words import PAYLOAD_BYTES
from govbus.audit_log.store.rows import rows

_LOCK: Final = (
    "SELECT w.next_index, h.size FROM words_cursor w, log_head h WHERE w.next_index < h.size"
    " FOR UPDATE OF w SKIP LOCKED"
)
_LAG: Final = "SELECT h.size - w.next_index FROM words_cursor w, log_head h"
_OPEN: Final = (
    "SELECT p.idx, p.logged_on, p.payload FROM entry e JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.idx >= $1 AND e.idx < $2 AND e.classification = ANY($3::text[]) AND octet_length(p.payload) <= $4"
    " ORDER BY e.idx"
)
_INSERT: Final = (
    "INSERT INTO payload_words (idx, logged_on, words)"
    " SELECT p.idx, p.logged_on, to_tsvector('simple', t.text)"
    " FROM unnest($1::bigint[], $2::date[], $3::text[]) AS t (idx, logged_on, text)"
    " JOIN payload p ON p.idx = t.idx AND p.logged_on = t.logged_on ON CONFLICT DO NOTHING"
)
_MOVE: Final = "UPDATE words_cursor SET next_index = $1"


@dataclass(frozen=True, slots=True)
class OpenPayload:
    """A payload that every reader may see."""

    index: int
    logged_on: date
    payload: bytes


async def lock_unindexed(connection: AsyncConnection) -> tuple[int, int] | None:
    """Return where indexing goes on and where the log ends, locked; None: nothing to do, or another process does it."""
    found = await rows(connection, _LOCK)
    return (found[0][0], found[0][1]) if found else None


async def lag_count(connection: AsyncConnection) -> int:
    """Return how many entries are not indexed yet."""
    return int((await rows(connection, _LAG))[0][0])


async def open_payloads(connection: AsyncConnection, start: int, end: int) -> list[OpenPayload]:
    """Return the payloads of entries [start, end) that are public or internal and not too long to be searched."""
    found = await rows(connection, _OPEN, (start, end, list(PUBLISHED), PAYLOAD_BYTES))
    return [OpenPayload(*row) for row in found]


async def index_words(connection: AsyncConnection, texts: Sequence[tuple[int, date, str]]) -> None:
    """Index texts of payloads by (index, day); those whose payload is gone meanwhile are left out."""
    await connection.exec_driver_sql(_INSERT, tuple(map(list, zip(*texts, strict=True))))


async def move_words_cursor(connection: AsyncConnection, next_index: int) -> None:
    """Say how far the index goes; the caller holds the cursor."""
    await connection.exec_driver_sql(_MOVE, (next_index,))
