"""Makes a log large before a measurement: rows in SQL, then its tiles and head; the service signs them when it starts.

What was made counts as published, so that nobody waits for millions of records that the measurement does not look at.
"""

import asyncio
from typing import Any, Final

import asyncpg

from bench.running_log import LogServers
from govbus.contracts.translog.merkle import CompactRange, grow
from govbus.contracts.translog.tiles import WIDTH

STEP_COUNT: Final = WIDTH * 400

_ENTRIES: Final = """
    INSERT INTO entry (idx, kind, entry, leaf_hash, identity, id, source, type, subject, known_at, topic, partition,
                       kafka_offset, correlation_id, classification, logged_on)
    SELECT n, 'event', raw, sha256('\\x00'::bytea || raw), substring(sha256(n::text::bytea), 1, 16),
           md5(n::text), '//demo/platform', 'dev.govbus.monitor.observed.v1', 'model/demo/bench-' || n % 300,
           now() - interval '1 day', 'govbus.notifications', 0, n, md5(n::text), 'internal', current_date
    FROM (SELECT n, convert_to(format('{"made":%s,"text":"%s"}', n, repeat('x', 440)), 'UTF8') AS raw
          FROM generate_series($1::bigint, $2::bigint - 1) AS n) AS made
    """
_PAYLOADS: Final = """
    INSERT INTO payload (idx, logged_on, key, attributes, payload, actor)
    SELECT n, current_date, sha256(n::text::bytea), convert_to(repeat('a', 600), 'UTF8'),
           convert_to(repeat('p', 400), 'UTF8'), '//demo/platform'
    FROM generate_series($1::bigint, $2::bigint - 1) AS n
    """
_LEAVES: Final = "SELECT leaf_hash FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"
_TILE: Final = "INSERT INTO tile (level, idx, root, hashes) VALUES ($1, $2, $3, $4)"
_HEAD: Final = "UPDATE log_head SET size = $1, subtrees = $2"
_CURSORS: Final = "UPDATE place_cursor SET next_index = $1, checkpoint_size = $1"


def prefill(servers: LogServers, size: int) -> None:
    """Let the log grow to `size` entries; its service must not run."""
    asyncio.run(grow_to(servers.admin_dsn(), size))


async def grow_to(dsn: str, wanted_size: int) -> None:
    """Let the log at a superuser's URL grow to a size."""
    connection = await asyncpg.connect(dsn)
    try:
        size, subtrees = await connection.fetchrow("SELECT size, subtrees FROM log_head")
        compact, hashes = CompactRange.from_bytes(size, bytes(subtrees)), _Hashes()
        await hashes.read(connection, size)
        while compact.size < wanted_size:
            end = min(wanted_size, compact.size + STEP_COUNT)
            async with connection.transaction():
                compact = await _grow(connection, compact, end, hashes)
        await connection.execute(_CURSORS, compact.size)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


class _Hashes:
    """Hashes of each tile level that no full tile holds yet."""

    def __init__(self) -> None:
        self._levels: dict[int, list[bytes]] = {}

    async def read(self, connection: asyncpg.Connection, size: int) -> None:
        """Take up those of a tree of `size`."""
        rows = await connection.fetch(_LEAVES, size - size % WIDTH, size)
        self._levels[0] = [bytes(row[0]) for row in rows]
        for level in range(1, 4):
            size //= WIDTH
            roots = "SELECT root FROM tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx"
            rows = await connection.fetch(roots, level - 1, size - size % WIDTH, size)
            self._levels[level] = [bytes(row[0]) for row in rows]

    def add(self, level: int, hashes: list[bytes]) -> None:
        self._levels.setdefault(level, []).extend(hashes)

    def take(self, level: int) -> bytes:
        """Return the hashes of the next full tile."""
        held = self._levels[level]
        self._levels[level] = held[WIDTH:]
        return b"".join(held[:WIDTH])


async def _grow(connection: asyncpg.Connection, compact: CompactRange, end: int, hashes: _Hashes) -> CompactRange:
    """Add the entries up to `end` with their payloads and tiles, and move the head."""
    await connection.execute(_ENTRIES, compact.size, end)
    await connection.execute(_PAYLOADS, compact.size, end)
    leaves = [bytes(row[0]) for row in await connection.fetch(_LEAVES, compact.size, end)]
    growth = grow(compact, leaves)
    hashes.add(0, leaves)
    tiles: list[tuple[Any, ...]] = []
    for level, index, root in sorted(growth.full_tiles):
        tiles.append((level, index, root, hashes.take(level)))
        hashes.add(level + 1, [root])
    await connection.executemany(_TILE, tiles)
    await connection.execute(_HEAD, growth.compact.size, growth.compact.to_bytes())
    return growth.compact
