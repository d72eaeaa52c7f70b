"""Stores what a recovery brings back beside the entries themselves: checkpoints, offsets, how far the topic is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows
from govbus.contracts.translog.merkle import CompactRange

_CHECKPOINT: Final = (
    "INSERT INTO checkpoint (size, root, subtrees, note, epoch, signed_at)"
    " VALUES ($1, $2, $3, $4, $5, coalesce($6, now())) ON CONFLICT (size) DO NOTHING"
)
_OFFSET: Final = (
    "INSERT INTO eventing_offset (topic, partition, next_offset) VALUES ($1, $2, $3)"
    " ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, last_fingerprint = NULL"
    " WHERE eventing_offset.next_offset < excluded.next_offset"
)
_PUBLISHED: Final = (
    "UPDATE place_cursor SET next_index = greatest(next_index, $1), checkpoint_size = greatest(checkpoint_size, $2),"
    " moved_at = now() WHERE place = 'topic'"
)
_WITHOUT_PAYLOAD: Final = (
    "SELECT e.idx FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.idx >= $1 AND e.idx < $2 AND p.idx IS NULL ORDER BY e.idx"
)
_ACTIONS: Final = (
    "SELECT e.idx FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.idx >= $1 AND e.idx < $2 AND e.kind IN ('erasure', 'prune', 'hold') AND p.idx IS NULL ORDER BY e.idx"
)


async def restore_checkpoint(
    connection: AsyncConnection, compact: CompactRange, note: str, epoch: int, signed_at: datetime | None
) -> None:
    """Store a checkpoint that was signed before; one that is there stays."""
    values = (compact.size, compact.root, compact.to_bytes(), note, epoch, signed_at)
    await connection.exec_driver_sql(_CHECKPOINT, values)


async def advance_offsets(connection: AsyncConnection, next_offsets: Mapping[tuple[str, int], int]) -> None:
    """Let reading go on behind the records that entries were made of; never goes back."""
    for (topic, partition), next_offset in sorted(next_offsets.items()):
        await connection.exec_driver_sql(_OFFSET, (topic, partition, next_offset))


async def advance_published(connection: AsyncConnection, next_index: int, checkpoint_size: int) -> None:
    """Say that the topic has entries and a checkpoint already."""
    await connection.exec_driver_sql(_PUBLISHED, (next_index, checkpoint_size))


async def indexes_without_payload(connection: AsyncConnection, start: int, end: int) -> list[int]:
    """Return which of the entries [start, end) have no payload and key beside them."""
    return [row[0] for row in await rows(connection, _WITHOUT_PAYLOAD, (start, end))]


async def actions_without_payload(connection: AsyncConnection, start: int, end: int) -> list[int]:
    """Return which of the entries [start, end) erased, pruned or held something and no longer say what."""
    return [row[0] for row in await rows(connection, _ACTIONS, (start, end))]
