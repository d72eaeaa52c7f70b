"""Reads everything the log holds, in stretches, for examining it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.erasures import Erasure, Explained, read_erasure
from govbus.audit_log.domain.examination import OnRecord, StoredRow
from govbus.audit_log.domain.gaps import read_lost_payloads
from govbus.audit_log.domain.index_ranges import Range, holds, merged
from govbus.audit_log.domain.tree_walk import SignedRoot
from govbus.audit_log.store.rows import one_row, rows
from govbus.contracts import strict_json
from govbus.contracts.translog.tiles import WIDTH
from govbus.contracts.translog.verification import VerificationFailed, verify_payload

_ROWS: Final = (
    "SELECT e.idx, e.entry, e.leaf_hash, e.kind, e.id, e.source, e.type, e.subject, e.topic, e.partition,"
    " e.kafka_offset, e.identity, e.correlation_id, e.causation_id, e.classification, e.logged_on, p.actor, p.key,"
    " p.attributes, p.payload FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx"
)
_SECOND: Final = (
    "SELECT p.idx FROM payload p LEFT JOIN entry e ON e.idx = p.idx AND e.logged_on = p.logged_on"
    " WHERE p.idx >= $1 AND p.idx < $2 AND e.idx IS NULL ORDER BY 1"
)
_CHECKPOINTS: Final = "SELECT size, root, note FROM checkpoint WHERE size > $1 AND size <= $2 ORDER BY size"
_SIGNED: Final = "SELECT size, root FROM checkpoint WHERE size = ANY($1::bigint[])"
_TILES: Final = "SELECT level, idx, root, hashes FROM tile WHERE level = $1 AND idx >= $2 AND idx < $3"
_BEYOND: Final = (
    "SELECT size, (SELECT count(*) FROM entry WHERE idx >= size),"
    " (SELECT count(*) FROM payload WHERE idx >= size),"
    " (SELECT count(*) FROM checkpoint c WHERE c.size > h.size),"
    " (SELECT count(*) FROM tile WHERE (idx + 1)::numeric * 256::numeric ^ (level + 1) > h.size) FROM log_head h"
)
_OWN: Final = (
    "SELECT e.idx, e.kind, e.entry, p.key, p.attributes, p.payload, r.done_at, r.entry_index IS NOT NULL"
    " FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " LEFT JOIN erasure r ON r.entry_index = e.idx WHERE e.kind IN ('erasure', 'prune') ORDER BY e.idx"
)
_GAPS: Final = (
    "SELECT e.entry, p.key, p.attributes, p.payload FROM entry e"
    " JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on WHERE e.kind = 'gap'"
)
_INSERT_RUN: Final = (
    "INSERT INTO fsck_run (id, started_at, finished_at, size, checkpoint_count, guards_sha256, fault_count, faults,"
    " notices) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb)"
)
_LAST_RUN: Final = (
    "SELECT id, started_at, finished_at, size, checkpoint_count, guards_sha256, fault_count, faults::text,"
    " notices::text FROM fsck_run ORDER BY finished_at DESC LIMIT 1"
)
_TRY_ALONE: Final = "SELECT pg_try_advisory_lock(hashtextextended('audit_log_fsck', 0))"


@dataclass(frozen=True, slots=True)
class StoredCheckpointRow:
    """A checkpoint as it lies in the table."""

    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class Run:
    """A finished examination."""

    id: str
    started_at: datetime
    finished_at: datetime
    size: int
    checkpoint_count: int
    guards_sha256: str
    fault_count: int
    faults: tuple[str, ...]
    notices: tuple[str, ...]


async def stored_rows(connection: AsyncConnection, start: int, end: int) -> list[StoredRow]:
    """Return entries [start, end) with the columns they are found by, and payload and key where there are any."""
    return [StoredRow(*row) for row in await rows(connection, _ROWS, (start, end))]


async def second_payloads(connection: AsyncConnection, start: int, end: int) -> list[int]:
    """Return the indexes in [start, end) that have a payload which is not their entry's."""
    return [row[0] for row in await rows(connection, _SECOND, (start, end))]


async def stored_checkpoints(connection: AsyncConnection, above: int, upto: int) -> list[StoredCheckpointRow]:
    """Return the checkpoints of sizes above one and up to another, by size."""
    found = await rows(connection, _CHECKPOINTS, (above, upto))
    return [StoredCheckpointRow(row[0], bytes(row[1]), row[2]) for row in found]


async def signed_roots(connection: AsyncConnection, sizes: list[int]) -> dict[int, SignedRoot]:
    """Return the stored checkpoints of these sizes."""
    return {row[0]: SignedRoot(row[0], bytes(row[1])) for row in await rows(connection, _SIGNED, (sizes,))}


async def filled_tiles(connection: AsyncConnection, start: int, end: int) -> dict[tuple[int, int], tuple[bytes, bytes]]:
    """Return the stored tiles that entries [start, end) filled, of every level: their root and hashes."""
    found: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    level, first, after = 0, start // WIDTH, end // WIDTH
    while after:
        for row in await rows(connection, _TILES, (level, first, after)):
            found[row[0], row[1]] = (bytes(row[2]), bytes(row[3]))
        level, first, after = level + 1, first // WIDTH, after // WIDTH
    return found


async def beyond_the_head(connection: AsyncConnection) -> list[str]:
    """Return in words what lies beyond the head: nothing does in any committed state."""
    size, *counts = await one_row(connection, _BEYOND)
    names = ("entries", "payloads", "checkpoints", "tiles")
    return [f"{count} {name} lie beyond the head at {size}" for count, name in zip(counts, names, strict=True) if count]


async def erasures_on_record(connection: AsyncConnection) -> tuple[OnRecord, list[str], int]:
    """Return what the log's own entries took away, what is wrong with them in words, and how many are not done."""
    lost = await _lost_with_restores(connection)
    known: list[Erasure] = [Erasure(lost)]
    done: list[Erasure] = []
    faults: list[str] = []
    pending_count = 0
    for index, kind, entry, key, attributes, payload, done_at, is_listed in await rows(connection, _OWN):
        try:
            erasure = _opened(kind, entry, key, attributes, payload)
        except (VerificationFailed, ValueError) as error:
            if not holds(lost, index):
                faults.append(f"entry {index} says no longer what it took away: {error}")
            continue
        known.append(erasure)
        if not is_listed:
            faults.append(f"entry {index} took payloads away, and the table of erasures does not know it")
        elif done_at is None:
            pending_count += 1
        elif kind == "erasure":
            done.append(erasure)
    return OnRecord(Explained(known), Explained(done)), faults, pending_count


async def _lost_with_restores(connection: AsyncConnection) -> tuple[Range, ...]:
    """Return the entries of which the log itself says that a restored backup lacked their payloads."""
    found: list[Range] = []
    for entry, key, attributes, payload in await rows(connection, _GAPS):
        try:
            verify_payload(bytes(entry), bytes(payload), bytes(key), attributes=bytes(attributes))
        except VerificationFailed:
            continue  # said of the entry itself, as of every payload that its entry does not commit to
        found.extend(read_lost_payloads(bytes(payload)))
    return merged(found)


async def keep_run(connection: AsyncConnection, run: Run) -> None:
    """Store the result of an examination."""
    faults, notices = (strict_json.dump(list(texts)).decode() for texts in (run.faults, run.notices))
    values: tuple[Any, ...] = (run.id, run.started_at, run.finished_at, run.size, run.checkpoint_count)
    values += (run.guards_sha256, run.fault_count, faults, notices)
    await connection.exec_driver_sql(_INSERT_RUN, values)


async def last_run(connection: AsyncConnection) -> Run | None:
    """Return the newest result, None before the first."""
    for row in await rows(connection, _LAST_RUN):
        texts = (tuple(strict_json.parse(text.encode())) for text in row[7:])
        return Run(*row[:7], *texts)
    return None


async def try_alone(connection: AsyncConnection) -> bool:
    """Return whether this connection alone examines, for as long as it is open."""
    return bool((await one_row(connection, _TRY_ALONE))[0])


def _opened(kind: str, entry: bytes, key: bytes | None, attributes: bytes | None, payload: bytes | None) -> Erasure:
    if key is None or payload is None:
        raise ValueError("its payload is gone")
    verify_payload(bytes(entry), bytes(payload), bytes(key), attributes=attributes)
    return read_erasure(kind, bytes(payload))
