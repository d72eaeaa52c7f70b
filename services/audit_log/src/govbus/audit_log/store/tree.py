"""Nodes, tiles and entries of the tree as it was at any size that was signed."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows
from govbus.contracts.translog.merkle import CompactRange
from govbus.contracts.translog.paths import Node, Plan, cover, make
from govbus.contracts.translog.tiles import Tile, node_from, tile_of

_TILES: Final = (
    "SELECT w.level, w.idx, coalesce(substr(t.hashes, 1, w.width * 32), CASE WHEN w.level = 0 THEN"
    " (SELECT string_agg(leaf_hash, ''::bytea ORDER BY idx) FROM entry"
    " WHERE idx >= w.idx * 256 AND idx < w.idx * 256 + w.width)"
    " ELSE (SELECT string_agg(root, ''::bytea ORDER BY idx) FROM tile"
    " WHERE level = w.level - 1 AND idx >= w.idx * 256 AND idx < w.idx * 256 + w.width) END)"
    " FROM unnest($1::smallint[], $2::bigint[], $3::int[]) AS w (level, idx, width)"
    " LEFT JOIN tile t ON t.level = w.level AND t.idx = w.idx"
)
_ENTRIES: Final = "SELECT entry FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"


async def tile_hashes(connection: AsyncConnection, level: int, index: int, width: int) -> bytes:
    """Return the first `width` hashes of a tile; the caller knows that the tree has them."""
    return (await _tiles(connection, {(level, index): width}))[level, index]


async def entries_of(connection: AsyncConnection, tile: Tile) -> list[bytes]:
    """Return the exact bytes of an entries tile's entries."""
    found = await rows(connection, _ENTRIES, (tile.start, tile.start + tile.width))
    return [bytes(row[0]) for row in found]


async def node_hashes(connection: AsyncConnection, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """Return the hashes of nodes: one query, each tile read once."""
    widest: dict[tuple[int, int], int] = {}
    wanted = set(nodes)
    for node in wanted:
        tile, _ = tile_of(node)
        place = (int(tile.level), tile.index)
        widest[place] = max(widest.get(place, 0), tile.width)
    content = await _tiles(connection, widest)
    return {node: node_from(node, content[_place(node)]) for node in wanted}


async def prove(connection: AsyncConnection, plan: Plan) -> tuple[bytes, ...]:
    """Return the proof of a plan from stored tiles."""
    return make(plan, await node_hashes(connection, (node for nodes in plan for node in nodes)))


async def compact_at(connection: AsyncConnection, size: int) -> CompactRange:
    """Return the tree as it was at `size`."""
    nodes = cover(0, size)
    hashes = await node_hashes(connection, nodes)
    return CompactRange(size, tuple(hashes[node] for node in nodes))


async def _tiles(connection: AsyncConnection, widths: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], bytes]:
    """Return the first hashes of tiles, as many as is said for each.

    Only full tiles are stored. A narrower one is made of leaf hashes, or of roots of the tiles below it.
    """
    levels, indexes = [level for level, _ in widths], [index for _, index in widths]
    found = await rows(connection, _TILES, (levels, indexes, list(widths.values())))
    return {(row[0], row[1]): bytes(row[2] or b"") for row in found}


def _place(node: Node) -> tuple[int, int]:
    tile, _ = tile_of(node)
    return int(tile.level), tile.index
