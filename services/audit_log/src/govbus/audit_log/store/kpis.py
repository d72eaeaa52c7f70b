"""Samples and snapshots of key figures, and the events they are folded from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.kpi_folding import Sample
from govbus.audit_log.store.rows import rows

SNAPSHOT_COUNT: Final = 20_000
"""Entries between two snapshots that stay: folding them again takes a second at most."""

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('audit_log_kpis', 0))"
_SNAPSHOT: Final = (
    "SELECT size, state FROM kpi_snapshot WHERE definitions = $1 AND ($2::bigint IS NULL OR size <= $2)"
    " ORDER BY size DESC LIMIT 1"
)
_INSERT: Final = "INSERT INTO kpi_snapshot (definitions, size, known_on, state) VALUES ($1, $2, $3, $4)"
_THIN: Final = "DELETE FROM kpi_snapshot WHERE definitions = $1 AND size < $2 AND known_on = $3 AND size % $4 <> 0"
_OTHER_SAMPLES: Final = "DELETE FROM kpi_sample WHERE definitions <> $1"
_OTHER_SNAPSHOTS: Final = "DELETE FROM kpi_snapshot WHERE definitions <> $1"
_EVENTS: Final = (
    "SELECT e.idx, e.type, e.entry, e.known_at, e.classification, p.payload"
    " FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.idx >= $1 AND e.idx < $2 AND e.kind = 'event' AND e.type = ANY($3::text[]) ORDER BY e.idx LIMIT $4"
)
_SAMPLED: Final = (
    "SELECT kpi, kind, label, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds),"
    " percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds), avg(seconds::numeric)::float8 FROM kpi_sample"
    " WHERE definitions = $1 AND idx < $2 AND ($3::timestamptz IS NULL OR known_at >= $3)"
    " GROUP BY kpi, kind, label ORDER BY kpi, kind, label"
)
_COLUMNS: Final = ("definitions", "kpi", "idx", "kind", "known_at", "seconds", "label")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of all figures after the entries below `size`; None before the first entry."""

    size: int
    state: bytes | None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event as it lies in the log."""

    index: int
    type: str
    entry: bytes
    known_at: datetime
    classification: str
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class SampleGroup:
    """All samples of one figure, kind and label; percentiles and mean in seconds, where samples have any."""

    kpi: str
    kind: str
    label: str
    count: int
    p50_seconds: float | None
    p90_seconds: float | None
    mean_seconds: float | None


async def lock_folding(connection: AsyncConnection) -> None:
    """Be the only one who folds until the transaction ends."""
    await connection.exec_driver_sql(_LOCK)


async def newest_snapshot(connection: AsyncConnection, definitions: str, size: int | None = None) -> Snapshot:
    """Return the newest snapshot (of at most `size`)."""
    for found_size, state in await rows(connection, _SNAPSHOT, (definitions, size)):
        return Snapshot(found_size, bytes(state))
    return Snapshot(0, None)


async def drop_other_definitions(connection: AsyncConnection, definitions: str) -> None:
    """Forget what was folded by other definitions."""
    await connection.exec_driver_sql(_OTHER_SAMPLES, (definitions,))
    await connection.exec_driver_sql(_OTHER_SNAPSHOTS, (definitions,))


async def events_between(
    connection: AsyncConnection, start: int, end: int, full_types: Sequence[str], limit_count: int
) -> list[StoredEvent]:
    """Return the first `limit_count` events of these types with indexes in [start, end)."""
    found: list[tuple[Any, ...]] = await rows(connection, _EVENTS, (start, end, list(full_types), limit_count))
    return [StoredEvent(*row) for row in found]


async def insert_stretch(
    connection: AsyncConnection, definitions: str, samples: Sequence[Sample], snapshot: Snapshot, known_on: date
) -> None:
    """Store what a stretch added, and the state behind it; earlier odd snapshots of the day go."""
    raw = (await connection.get_raw_connection()).driver_connection
    if raw is None:
        raise ConnectionError("the connection is closed")
    records = [(definitions, one.kpi, one.index, one.kind, one.known_at, one.seconds, one.label) for one in samples]
    await raw.copy_records_to_table("kpi_sample", records=records, columns=_COLUMNS)
    await connection.exec_driver_sql(_INSERT, (definitions, snapshot.size, known_on, snapshot.state))
    await connection.exec_driver_sql(_THIN, (definitions, snapshot.size, known_on, SNAPSHOT_COUNT))


async def sampled(
    connection: AsyncConnection, definitions: str, size: int, since: datetime | None
) -> list[SampleGroup]:
    """Return the samples of the entries below `size`, from `since` on, in groups."""
    return [SampleGroup(*row) for row in await rows(connection, _SAMPLED, (definitions, size, since))]
