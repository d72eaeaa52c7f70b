"""Counters of platforms' `sequence` numbers: read and written for a whole batch by a fixed number of statements.

The caller holds the counters' locks, so that what was read is still so when it is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake.domain.sequence import Change, Counter, Gap, Missing, Numbered

_COUNTERS: Final = (
    "SELECT uri, run, highest, highest_at FROM source_counter WHERE source_name = $1 AND uri = ANY($2::text[])"
)
_HIT: Final = (
    "SELECT DISTINCT r.uri, r.first, r.last, r.gap_first FROM unnest($2::text[], $3::bigint[]) AS come (uri, number) "
    "CROSS JOIN LATERAL (SELECT * FROM source_gap_range WHERE source_name = $1 AND uri = come.uri "
    "AND first <= come.number ORDER BY first DESC LIMIT 1) AS r WHERE come.number <= r.last"
)
_SET: Final = (
    "INSERT INTO source_counter (source_name, uri, run, highest, highest_at) SELECT $1, * FROM "
    "unnest($2::text[], $3::integer[], $4::bigint[], $5::timestamptz[]) ON CONFLICT (source_name, uri) DO UPDATE SET "
    "run = excluded.run, highest = excluded.highest, highest_at = excluded.highest_at"
)
_END_RUNS: Final = "DELETE FROM source_gap_range WHERE source_name = $1 AND uri = ANY($2::text[])"
_OPEN: Final = (
    "INSERT INTO source_gap (source_name, uri, run, first, last, missing_count, noticed_at) SELECT $1, *, $7 FROM "
    "unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[])"
)
_ARRIVE: Final = (
    "UPDATE source_gap AS g SET missing_count = g.missing_count - come.count FROM "
    "unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[]) AS come (uri, run, first, count) "
    "WHERE g.source_name = $1 AND g.uri = come.uri AND g.run = come.run AND g.first = come.first RETURNING g.*"
)
_CLOSE: Final = (
    "DELETE FROM source_gap AS g USING unnest($2::text[], $3::integer[], $4::bigint[]) AS gone (uri, run, first) "
    "WHERE g.source_name = $1 AND g.uri = gone.uri AND g.run = gone.run AND g.first = gone.first"
)
_REMOVE: Final = (
    "DELETE FROM source_gap_range AS r USING unnest($2::text[], $3::bigint[]) AS gone (uri, first) "
    "WHERE r.source_name = $1 AND r.uri = gone.uri AND r.first = gone.first"
)
_ADD: Final = (
    "INSERT INTO source_gap_range (source_name, uri, first, last, gap_first) "
    "SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[])"
)
_TAKE_SETTLED: Final = (
    "UPDATE source_gap AS g SET reported_at = $1 FROM (SELECT source_name, uri, run, first FROM source_gap "
    "WHERE reported_at IS NULL AND noticed_at <= $2 ORDER BY noticed_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS settled "
    "WHERE (g.source_name, g.uri, g.run, g.first) = "
    "(settled.source_name, settled.uri, settled.run, settled.first) RETURNING g.*"
)
_SHOWN: Final = (
    "SELECT c.uri, c.run, c.highest, (SELECT min(first) FROM source_gap_range AS r WHERE r.source_name = $1 "
    "AND r.uri = c.uri) AS lowest_missing, (SELECT coalesce(sum(missing_count), 0) FROM source_gap AS g "
    "WHERE g.source_name = $1 AND g.uri = c.uri) AS missing_count FROM source_counter AS c "
    "WHERE c.source_name = $1 ORDER BY c.uri LIMIT $2"
)
_GAPS: Final = "SELECT * FROM source_gap WHERE source_name = $1 ORDER BY noticed_at DESC, uri, run, first LIMIT $2"


@dataclass(frozen=True, slots=True)
class Shown:
    """A counter as people see it: up to `contiguous` nothing is missing."""

    uri: str
    highest: int
    contiguous: int
    missing_count: int


async def read(
    connection: AsyncConnection, source_name: str, arrivals: Mapping[str, Sequence[Numbered]]
) -> dict[str, tuple[Counter | None, list[Missing]]]:
    """Return of each URI its counter and the missing ranges that hold any of the numbers that arrived."""
    found: dict[str, tuple[Counter | None, list[Missing]]] = {uri: (None, []) for uri in arrivals}
    for row in await connection.exec_driver_sql(_COUNTERS, (source_name, list(arrivals))):
        found[row.uri] = (Counter(row.run, row.highest, row.highest_at), [])
    late = [
        (uri, one.number)
        for uri, numbers in arrivals.items()
        if (counter := found[uri][0]) is not None
        for one in numbers
        if one.number < counter.highest
    ]
    if late:
        columns = ([uri for uri, _ in late], [number for _, number in late])
        for row in await connection.exec_driver_sql(_HIT, (source_name, *columns)):
            found[row.uri][1].append(Missing(row.first, row.last, row.gap_first))
    return found


async def write(
    connection: AsyncConnection, source_name: str, changes: Mapping[str, Change], at: datetime
) -> list[tuple[str, Gap]]:
    """Keep what numbers did to the counters; return the gaps that were reported and have now closed."""
    counters = [(uri, one.counter.run, one.counter.highest, one.counter.highest_at) for uri, one in changes.items()]
    await connection.exec_driver_sql(_SET, (source_name, *_columns(counters)))
    closed = await _arrive(connection, source_name, changes)
    ended = [uri for uri, change in changes.items() if change.ended_run is not None]
    if ended:
        await connection.exec_driver_sql(_END_RUNS, (source_name, ended))
    removed = [(uri, one.first) for uri, change in changes.items() for one in change.removed]
    if removed:
        await connection.exec_driver_sql(_REMOVE, (source_name, *_columns(removed)))
    opened = [
        (uri, gap.run, gap.first, gap.last, gap.missing_count)
        for uri, change in changes.items()
        for gap in change.opened
    ]
    if opened:
        await connection.exec_driver_sql(_OPEN, (source_name, *_columns(opened), at))
    added = [(uri, one.first, one.last, one.gap_first) for uri, change in changes.items() for one in change.added]
    if added:
        await connection.exec_driver_sql(_ADD, (source_name, *_columns(added)))
    return closed


async def take_settled(
    connection: AsyncConnection, noticed_before: datetime, at: datetime, limit: int
) -> list[tuple[str, Gap]]:
    """Mark gaps that were noticed by then as reported and return them; another process takes others."""
    rows = await connection.exec_driver_sql(_TAKE_SETTLED, (at, noticed_before, limit))
    return sorted(((row.source_name, _gap(row)) for row in rows), key=lambda pair: pair[1].noticed_at)


async def counters_of(connection: AsyncConnection, source_name: str, limit: int) -> list[Shown]:
    """Return a platform's counters by URI."""
    rows = await connection.exec_driver_sql(_SHOWN, (source_name, limit))
    return [
        Shown(row.uri, row.highest, row.highest if row.lowest_missing is None else row.lowest_missing - 1,
              int(row.missing_count))
        for row in rows
    ]  # fmt: skip


async def gaps_of(connection: AsyncConnection, source_name: str, limit: int) -> list[Gap]:
    """Return a platform's gaps, the newest first."""
    return [_gap(row) for row in await connection.exec_driver_sql(_GAPS, (source_name, limit))]


async def _arrive(
    connection: AsyncConnection, source_name: str, changes: Mapping[str, Change]
) -> list[tuple[str, Gap]]:
    """Count late numbers; delete and return the gaps that are closed by them and had been reported."""
    late = [
        (uri, change.counter.run if change.ended_run is None else change.ended_run, first, count)
        for uri, change in changes.items()
        for first, count in change.arrived.items()
    ]
    if not late:
        return []
    rows = await connection.exec_driver_sql(_ARRIVE, (source_name, *_columns(late)))
    closed = [_gap(row) for row in rows if not row.missing_count]
    if closed:
        gone = [(gap.uri, gap.run, gap.first) for gap in closed]
        await connection.exec_driver_sql(_CLOSE, (source_name, *_columns(gone)))
    return [(source_name, gap) for gap in closed if gap.reported_at is not None]


def _columns(rows: Sequence[tuple[object, ...]]) -> tuple[list[object], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


def _gap(row: Row[tuple[object, ...]]) -> Gap:
    return Gap(row.uri, row.run, row.first, row.last, row.missing_count, row.noticed_at, row.reported_at)
