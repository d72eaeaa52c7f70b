"""Which platforms are expected, when they were last heard, and which silences were reported."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake.domain.silence import Silence, Watched

_WATCHED: Final = (
    "SELECT s.name, CASE WHEN s.removed_at IS NULL THEN s.expected_interval_seconds END AS expected_interval_seconds, "
    "s.expected_since, (SELECT max(last_seen_at) FROM source_activity AS a WHERE a.source_name = s.name) AS heard_at, "
    "q.silent_since, q.expected_interval_seconds AS reported_interval_seconds FROM source AS s "
    "LEFT JOIN source_silence AS q ON q.source_name = s.name "
    "WHERE (s.expected_interval_seconds IS NOT NULL AND s.removed_at IS NULL) OR q.source_name IS NOT NULL "
    "ORDER BY s.name"
)
_BEGIN: Final = "INSERT INTO source_silence (source_name, silent_since, expected_interval_seconds) VALUES ($1, $2, $3)"
_END: Final = "DELETE FROM source_silence WHERE source_name = ANY($1::text[])"
_FIND: Final = "SELECT silent_since, expected_interval_seconds FROM source_silence WHERE source_name = $1"


async def watched(connection: AsyncConnection) -> list[Watched]:
    """Return every platform that is expected or whose silence was reported."""
    return [
        Watched(
            source_name=row.name,
            expected_interval_seconds=row.expected_interval_seconds,
            expected_since=row.expected_since,
            heard_at=row.heard_at,
            silence=Silence(row.silent_since, row.reported_interval_seconds) if row.silent_since else None,
        )
        for row in await connection.exec_driver_sql(_WATCHED)
    ]


async def begin(connection: AsyncConnection, silences: Iterable[tuple[str, Silence]]) -> None:
    """Keep silences that are being reported."""
    rows = [(name, silence.since, silence.expected_interval_seconds) for name, silence in silences]
    if rows:
        await connection.exec_driver_sql(_BEGIN, rows)


async def end(connection: AsyncConnection, names: Iterable[str]) -> None:
    """Forget silences whose end is being reported."""
    wanted = list(names)
    if wanted:
        await connection.exec_driver_sql(_END, (wanted,))


async def find(connection: AsyncConnection, source_name: str) -> Silence | None:
    """Return the reported silence of a platform that has not ended."""
    row = (await connection.exec_driver_sql(_FIND, (source_name,))).one_or_none()
    return Silence(row.silent_since, row.expected_interval_seconds) if row is not None else None
