"""Appends to the log: the head under lock, what is already known, entries, payloads and tiles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.sequencing import Known, Leaf
from govbus.audit_log.store.rows import one_row, rows
from govbus.contracts.translog.entry import parse_entry
from govbus.contracts.translog.merkle import CompactRange, Growth
from govbus.contracts.translog.tiles import WIDTH

_LOCK: Final = "SELECT size, subtrees, epoch FROM log_head FOR UPDATE"
_READ: Final = "SELECT size, subtrees, epoch FROM log_head"
_KNOWN: Final = (
    "SELECT e.identity, e.entry, p.key FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on "
    "WHERE e.identity = ANY($1::bytea[]) AND e.kind = 'event'"
)
_LEAVES: Final = "SELECT leaf_hash FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"
_ROOTS: Final = "SELECT root FROM tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx"
_TILE: Final = "INSERT INTO tile (level, idx, root, hashes) VALUES ($1, $2, $3, $4)"
_ADVANCE: Final = "UPDATE log_head SET size = $1, subtrees = $2, duplicate_count = duplicate_count + $3"
_PREPARE: Final = "SELECT payload_prepare((now() AT TIME ZONE 'UTC' + $1 * interval '1 month')::date)"

_ENTRY_COLUMNS: Final = (
    "idx", "kind", "entry", "leaf_hash", "identity", "id", "source", "type", "subject", "known_at", "topic",
    "partition", "kafka_offset", "correlation_id", "causation_id", "classification", "logged_on",
)  # fmt: skip
_PAYLOAD_COLUMNS: Final = ("idx", "logged_on", "key", "attributes", "payload", "actor")


@dataclass(frozen=True, slots=True)
class Head:
    """The tree of everything sequenced, and the epoch of who may sign it."""

    compact: CompactRange
    epoch: int


async def lock_head(connection: AsyncConnection) -> Head:
    """Return the head, locked until the transaction ends: whoever holds it is the one sequencer."""
    return await _head(connection, _LOCK)


async def read_head(connection: AsyncConnection) -> Head:
    """Return the head as committed."""
    return await _head(connection, _READ)


async def known_identities(connection: AsyncConnection, identities: Iterable[bytes]) -> dict[bytes, Known]:
    """Return, in one query, what the log holds under these identities; the caller holds the head."""
    found = await rows(connection, _KNOWN, (list(identities),))
    return {bytes(row[0]): Known(parse_entry(bytes(row[1])), row[2] and bytes(row[2])) for row in found}


async def append(connection: AsyncConnection, leaves: Sequence[Leaf], growth: Growth) -> None:
    """Insert the leaves and the tiles they filled; the caller holds the head, and advances it in the end."""
    if leaves:
        raw = (await connection.get_raw_connection()).driver_connection
        if raw is None:
            raise ConnectionError("the connection is closed")
        await raw.copy_records_to_table("entry", records=map(_entry_row, leaves), columns=_ENTRY_COLUMNS)
        payloads = [_payload_row(leaf) for leaf in leaves if leaf.key is not None]
        await raw.copy_records_to_table("payload", records=payloads, columns=_PAYLOAD_COLUMNS)
        await _insert_tiles(connection, leaves, growth)


async def advance_head(connection: AsyncConnection, compact: CompactRange, duplicate_count: int) -> None:
    """Let the head be the tree after what was appended, and count records that were not; the caller holds it."""
    await connection.exec_driver_sql(_ADVANCE, (compact.size, compact.to_bytes(), duplicate_count))


async def prepare_payload_month(connection: AsyncConnection, months_ahead_count: int) -> bool:
    """Make the partition of this month or a coming one; False when its payloads already lie in the default one."""
    return bool((await connection.exec_driver_sql(_PREPARE, (months_ahead_count,))).scalar())


async def _head(connection: AsyncConnection, statement: str) -> Head:
    row = await one_row(connection, statement)
    return Head(CompactRange.from_bytes(row[0], bytes(row[1])), row[2])


async def _insert_tiles(connection: AsyncConnection, leaves: Sequence[Leaf], growth: Growth) -> None:
    """Insert full tiles, lowest level first: a tile's hashes are leaves, or roots of the tiles below it."""
    first = leaves[0].index
    for level, index, root in sorted(growth.full_tiles):
        start, end = index * WIDTH, (index + 1) * WIDTH
        if level == 0:
            before = await rows(connection, _LEAVES, (start, first)) if start < first else []
            found = [bytes(row[0]) for row in before]
            found += [leaf.leaf_hash for leaf in leaves[max(start - first, 0) : end - first]]
        else:
            found = [bytes(row[0]) for row in await rows(connection, _ROOTS, (level - 1, start, end))]
        await connection.exec_driver_sql(_TILE, (level, index, root, b"".join(found)))


def _entry_row(leaf: Leaf) -> tuple[Any, ...]:
    draft, fields, kafka = leaf.draft, leaf.draft.fields, leaf.draft.fields.kafka
    place = (kafka.topic, kafka.partition, kafka.offset) if kafka else (None, None, None)
    return (
        leaf.index, leaf.kind, leaf.entry, leaf.leaf_hash, draft.identity,
        fields.id, fields.source, fields.type, fields.subject, draft.known_at,
        *place, draft.correlation_id, draft.causation_id, draft.classification, draft.logged_on,
    )  # fmt: skip


def _payload_row(leaf: Leaf) -> tuple[Any, ...]:
    draft = leaf.draft
    return (leaf.index, draft.logged_on, leaf.key, draft.attributes, draft.payload, draft.actor)
