"""Reads back what was stored since the last checkpoint, and stores the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.consistency import StoredEntry, StoredTile
from govbus.audit_log.store.rows import one_row, rows
from govbus.contracts.translog.merkle import CompactRange
from govbus.contracts.translog.tiles import WIDTH

_TRY_LEAD: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('audit_log_signer', 0))"
_TAKE_EPOCH: Final = "UPDATE log_head SET epoch = epoch + 1 RETURNING epoch"
_NEWEST: Final = "SELECT size, subtrees, note, epoch, signed_at FROM checkpoint ORDER BY size DESC LIMIT 1"
_NEWEST_WITHIN: Final = (
    "SELECT size, subtrees, note, epoch, signed_at FROM checkpoint WHERE size <= $1 ORDER BY size DESC LIMIT 1"
)
_NEXT: Final = "SELECT size, subtrees, note, epoch, signed_at FROM checkpoint WHERE size > $1 ORDER BY size LIMIT 1"
_ENTRIES: Final = "SELECT idx, entry, leaf_hash FROM entry WHERE idx >= $1 ORDER BY idx LIMIT $2"
_TILES: Final = "SELECT level, idx, root, hashes FROM tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx"
_INSERT: Final = "INSERT INTO checkpoint (size, root, subtrees, note, epoch) VALUES ($1, $2, $3, $4, $5)"
_CURSOR: Final = "SELECT next_index, checkpoint_size FROM place_cursor WHERE place = $1"
_LOCK_TOPIC: Final = (
    "SELECT next_index, checkpoint_size, holder, extract(epoch FROM now() - moved_at)::float8,"
    " extract(epoch FROM now())::float8 FROM place_cursor WHERE place = 'topic' FOR UPDATE SKIP LOCKED"
)
_HOLD: Final = "UPDATE place_cursor SET holder = $1 WHERE place = 'topic'"
_RELEASE: Final = "UPDATE place_cursor SET holder = NULL WHERE place = 'topic' AND holder = $1"
_MOVE: Final = "UPDATE place_cursor SET next_index = $2, checkpoint_size = $3, moved_at = now() WHERE place = $1"

TOPIC: Final = "topic"


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as it was read back: its tree, its signed note, who signed it and when (Unix seconds)."""

    compact: CompactRange
    note: str
    epoch: int
    signed_at_seconds: float


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an outside place has come: entries below `next_index`, checkpoints up to `checkpoint_size`."""

    next_index: int
    checkpoint_size: int


@dataclass(frozen=True, slots=True)
class TopicCursor:
    """How far the topic has come, who publishes, for how long it stood still, and what time it is."""

    next_index: int
    checkpoint_size: int
    holder: UUID | None
    still_seconds: float
    now_seconds: float


async def try_lead(connection: AsyncConnection) -> bool:
    """Return whether this transaction alone signs; another process may be doing it."""
    return bool((await connection.exec_driver_sql(_TRY_LEAD)).scalar())


async def take_epoch(connection: AsyncConnection) -> int:
    """Begin a new epoch: who signed under an earlier one does not sign again."""
    return int((await connection.exec_driver_sql(_TAKE_EPOCH)).scalar_one())


async def newest_checkpoint(connection: AsyncConnection) -> StoredCheckpoint | None:
    """Return the newest checkpoint, None before the first."""
    return _checkpoint(await rows(connection, _NEWEST))


async def newest_checkpoint_within(connection: AsyncConnection, size: int) -> StoredCheckpoint | None:
    """Return the newest checkpoint of a tree no larger than `size`, None when there is none."""
    return _checkpoint(await rows(connection, _NEWEST_WITHIN, (size,)))


async def next_checkpoint(connection: AsyncConnection, after_size: int) -> StoredCheckpoint | None:
    """Return the first checkpoint of a tree larger than `after_size`."""
    return _checkpoint(await rows(connection, _NEXT, (after_size,)))


async def stored_entries(connection: AsyncConnection, start: int, count: int) -> list[StoredEntry]:
    """Return the bytes of up to `count` entries from index `start` on, as they lie in the table."""
    found = await rows(connection, _ENTRIES, (start, count))
    return [StoredEntry(row[0], bytes(row[1]), bytes(row[2])) for row in found]


async def stored_tiles(connection: AsyncConnection, start: int, end: int) -> list[StoredTile]:
    """Return the full tiles that entries [start, end) filled, of every level."""
    tiles: list[StoredTile] = []
    level = 0
    first, after = start // WIDTH, end // WIDTH
    while after:
        found = await rows(connection, _TILES, (level, first, after))
        tiles.extend(StoredTile(row[0], row[1], bytes(row[2]), bytes(row[3])) for row in found)
        first, after, level = first // WIDTH, after // WIDTH, level + 1
    return tiles


async def insert_checkpoint(connection: AsyncConnection, compact: CompactRange, note: str, epoch: int) -> None:
    """Store a signed checkpoint; the second of one size is refused by its key."""
    await connection.exec_driver_sql(_INSERT, (compact.size, compact.root, compact.to_bytes(), note, epoch))


async def read_cursor(connection: AsyncConnection, place: str) -> Cursor:
    """Return how far a place has come."""
    row = await one_row(connection, _CURSOR, (place,))
    return Cursor(row[0], row[1])


async def lock_topic(connection: AsyncConnection) -> TopicCursor | None:
    """Return the topic's cursor, locked until the transaction ends; None while another process has it."""
    found = await rows(connection, _LOCK_TOPIC)
    return TopicCursor(*found[0]) if found else None


async def hold_topic(connection: AsyncConnection, holder: UUID) -> None:
    """Name who publishes from now on; the caller holds the row's lock."""
    await connection.exec_driver_sql(_HOLD, (holder,))


async def release_topic(connection: AsyncConnection, holder: UUID) -> None:
    """Name nobody any more, unless another one was named since."""
    await connection.exec_driver_sql(_RELEASE, (holder,))


async def move_cursor(connection: AsyncConnection, place: str, cursor: Cursor) -> None:
    """Say that a place has come further."""
    await connection.exec_driver_sql(_MOVE, (place, cursor.next_index, cursor.checkpoint_size))


def _checkpoint(found: Sequence[tuple[Any, ...]]) -> StoredCheckpoint | None:
    for size, subtrees, note, epoch, signed_at in found:
        return StoredCheckpoint(CompactRange.from_bytes(size, bytes(subtrees)), note, epoch, signed_at.timestamp())
    return None
