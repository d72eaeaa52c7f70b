"""Tiles: how a log's tree and entries lie at fixed addresses, 256 hashes or entries at a time.

Source: c2sp.org/tlog-tiles.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from govbus.contracts.translog.merkle import HASH_BYTES, TILE_HEIGHT, perfect_root
from govbus.contracts.translog.paths import Node

WIDTH: Final = 1 << TILE_HEIGHT
LEVELS_COUNT: Final = 64
"""Tile levels run to 63, as in the source."""

ENTRIES: Final = "entries"
_ENTRY_LENGTH_BYTES: Final = 2
ENTRY_BYTES: Final = 65_535
"""The longest entry: its length is a uint16."""

_PATH: Final = re.compile(
    r"(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class TileRejected(ValueError):
    """A tile address or content that the format does not know; the message says why."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its level (or `entries`), index and width; 256 wide is full."""

    level: int | Literal["entries"]
    index: int
    width: int = WIDTH

    @property
    def start(self) -> int:
        """First hash (or entry) of its level that it holds."""
        return self.index * WIDTH

    def exists_at(self, size: int) -> bool:
        """Return whether a tree of `size` has all the hashes (or entries) of this tile."""
        height = 0 if self.level == ENTRIES else int(self.level) * TILE_HEIGHT
        return self.start + self.width <= size >> height

    def path(self) -> str:
        """The address below `tile/`: `0/x001/x234/067`, `entries/000.p/5`."""
        groups = f"{self.index:03d}"
        groups = groups.zfill(-(-len(groups) // 3) * 3)
        parts = [groups[place : place + 3] for place in range(0, len(groups), 3)]
        named = "/".join([*("x" + part for part in parts[:-1]), parts[-1]])
        return f"{self.level}/{named}" + ("" if self.width == WIDTH else f".p/{self.width}")


def parse_tile_path(path: str) -> Tile:
    """Return the tile at an address below `tile/`.

    Raises:
        TileRejected: not an address, a second spelling of one, or an impossible level or width.
    """
    found = _PATH.fullmatch(path)
    if not found:
        raise TileRejected(f"{path[:80]!r} is not a tile address")
    width = int(found["width"] or WIDTH)
    if found["width"] and width >= WIDTH:
        raise TileRejected(f"a partial tile is narrower than {WIDTH}")
    level: int | Literal["entries"] = "entries" if found["level"] == ENTRIES else int(found["level"])
    if level != ENTRIES and int(level) >= LEVELS_COUNT:
        raise TileRejected(f"tile level {level} is above {LEVELS_COUNT - 1}")
    tile = Tile(level, int(re.sub("[x/]", "", found["index"])), width)
    if tile.path() != path:
        raise TileRejected(f"{path[:80]!r} is another spelling of {tile.path()}")
    return tile


def tiles_at(size: int) -> Iterator[Tile]:
    """Return the hash tiles of a tree of `size`: full ones, then the partial one, per level; never an empty one."""
    level = 0
    while size:
        for index in range(size // WIDTH):
            yield Tile(level, index)
        if size % WIDTH:
            yield Tile(level, size // WIDTH, size % WIDTH)
        size //= WIDTH
        level += 1


def tile_of(node: Node) -> tuple[Tile, int]:
    """Return the narrowest tile that holds what `node` is hashed from, and where in the tile it begins."""
    level, index = node
    span = level % TILE_HEIGHT
    start = index << span
    offset = start % WIDTH
    return Tile(level // TILE_HEIGHT, start // WIDTH, offset + (1 << span)), offset


def node_from(node: Node, hashes: bytes) -> bytes:
    """Return the hash of `node` out of the content of its tile (at least as wide as `tile_of` says)."""
    tile, offset = tile_of(node)
    if len(hashes) < tile.width * HASH_BYTES:
        raise TileRejected(f"tile {tile.path()} has {len(hashes)} bytes, fewer than its width")
    return perfect_root(split_hashes(hashes[offset * HASH_BYTES : tile.width * HASH_BYTES]))


def split_hashes(content: bytes) -> list[bytes]:
    """Return the hashes of a tile's content.

    Raises:
        TileRejected: not a whole number of hashes.
    """
    if len(content) % HASH_BYTES:
        raise TileRejected(f"{len(content)} bytes are not a whole number of hashes")
    return [content[place : place + HASH_BYTES] for place in range(0, len(content), HASH_BYTES)]


def dump_entries(entries: Sequence[bytes]) -> bytes:
    """Return the content of an entries tile: uint16 length ‖ entry, one after the other."""
    return b"".join(len(entry).to_bytes(_ENTRY_LENGTH_BYTES) + entry for entry in entries)


def split_entries(content: bytes) -> list[bytes]:
    """Return the entries of an entries tile.

    Raises:
        TileRejected: cut short.
    """
    entries: list[bytes] = []
    place = 0
    while place < len(content):
        begin = place + _ENTRY_LENGTH_BYTES
        place = begin + int.from_bytes(content[place:begin])
        if begin > len(content) or place > len(content):
            raise TileRejected("an entries tile that ends inside an entry")
        entries.append(content[begin:place])
    return entries
