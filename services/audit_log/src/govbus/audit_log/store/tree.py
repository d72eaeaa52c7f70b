"""Nodes, tiles and entries of the tree as it was at any size that was signed."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows
from govbus.contracts.translog.merkle import HASH_BYTES, CompactRange
from govbus.contracts.translog.paths import Node, Plan, cover, make
from govbus.contracts.translog.tiles import WIDTH, Tile, node_from, tile_of

_FULL: Final = "SELECT hashes FROM tile WHERE level = $1 AND idx = $2"
_LEAVES: Final = "SELECT leaf_hash FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"
_ROOTS: Final = "SELECT root FROM tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx"
_ENTRIES: Final = "SELECT entry FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx"


async def tile_hashes(connection: AsyncConnection, level: int, index: int, width: int) -> bytes:
    """Return the first `width` hashes of a tile; the caller knows that the tree has them.

    Only full tiles are stored. A narrower one is made of leaf hashes, or of roots of the tiles below it.
    """
    full = await rows(connection, _FULL, (level, index))
    if full:
        return bytes(full[0][0])[: width * HASH_BYTES]
    start = index * WIDTH
    if level == 0:
        found = await rows(connection, _LEAVES, (start, start + width))
    else:
        found = await rows(connection, _ROOTS, (level - 1, start, start + width))
    return b"".join(bytes(row[0]) for row in found)


async def entries_of(connection: AsyncConnection, tile: Tile) -> list[bytes]:
    """Return the exact bytes of an entries tile's entries."""
    found = await rows(connection, _ENTRIES, (tile.start, tile.start + tile.width))
    return [bytes(row[0]) for row in found]


async def node_hashes(connection: AsyncConnection, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """Return the hashes of nodes, each tile read once."""
    widest: dict[tuple[int, int], int] = {}
    wanted = set(nodes)
    for node in wanted:
        tile, _ = tile_of(node)
        place = (int(tile.level), tile.index)
        widest[place] = max(widest.get(place, 0), tile.width)
    content = {place: await tile_hashes(connection, *place, width) for place, width in widest.items()}
    return {node: node_from(node, content[_place(node)]) for node in wanted}


async def prove(connection: AsyncConnection, plan: Plan) -> tuple[bytes, ...]:
    """Return the proof of a plan from stored tiles."""
    return make(plan, await node_hashes(connection, (node for nodes in plan for node in nodes)))


async def compact_at(connection: AsyncConnection, size: int) -> CompactRange:
    """Return the tree as it was at `size`."""
    nodes = cover(0, size)
    hashes = await node_hashes(connection, nodes)
    return CompactRange(size, tuple(hashes[node] for node in nodes))


def _place(node: Node) -> tuple[int, int]:
    tile, _ = tile_of(node)
    return int(tile.level), tile.index
