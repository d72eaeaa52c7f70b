"""Hashing a tile at a time: as little Python between two hashes as can be, for that is where verifying spends its time.

Hashes are kept joined, 32 bytes each, as tiles hold them.
"""

import hashlib
from functools import partial
from io import BytesIO
from struct import Struct
from typing import Final

from govbus.contracts.translog.merkle import HASH_BYTES, CompactRange, fold, grow
from govbus.contracts.translog.tiles import WIDTH, TileRejected, split_hashes

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_LENGTH_BYTES: Final = 2
_PAIR_BYTES: Final = 2 * HASH_BYTES
_CUTTERS: Final = {
    count: (Struct(f"{_PAIR_BYTES}s" * count).unpack, Struct(f"{1 + _PAIR_BYTES}s" * count).unpack)
    for count in (1, 2, 4, 8, 16, 32, 64, 128)
}
"""For so many pairs: cuts joined hashes into pairs, and pairs that were joined with the prefix into what is hashed."""


def split(content: bytes) -> list[bytes]:
    """Return the entries of an entries tile.

    Raises:
        TileRejected: cut short.
    """
    read = BytesIO(content).read
    entries = [read(int.from_bytes(length)) for length in iter(partial(read, _LENGTH_BYTES), b"")]
    if entries:
        last_bytes = len(entries[-1])
        stated = content[-last_bytes - _LENGTH_BYTES : len(content) - last_bytes]
        whole = _LENGTH_BYTES * len(entries) + sum(map(len, entries)) == len(content)
        if not whole or int.from_bytes(stated) != last_bytes:
            raise TileRejected("ends inside an entry")
    return entries


def leaf_hashes(entries: list[bytes]) -> bytes:
    """Return the leaf hashes of entries."""
    sha256 = hashlib.sha256
    return b"".join([sha256(_LEAF + entry).digest() for entry in entries])


def perfect_root(hashes: bytes) -> bytes:
    """Return the root of a full tile, or of any perfect subtree of at most 256 hashes."""
    sha256 = hashlib.sha256
    while len(hashes) > HASH_BYTES:
        pairs, prefixed = _CUTTERS[len(hashes) // _PAIR_BYTES]
        hashes = b"".join([done.digest() for done in map(sha256, prefixed(_NODE + _NODE.join(pairs(hashes))))])
    return hashes


def subtrees(hashes: bytes) -> tuple[bytes, ...]:
    """Return the perfect subtrees over the hashes of a tile that is not full, largest first."""
    return grow(CompactRange(), split_hashes(hashes)).compact.subtrees


def edge_root(edge: list[bytes]) -> bytes:
    """Return the root over the right edge of a tree: its partial tiles, highest level first."""
    return fold([subtree for hashes in edge for subtree in subtrees(hashes)])


def width_at(size: int, level: int, index: int) -> int:
    """Return how many hashes tile (level, index) has in a tree of `size`; 0 or less when it has none."""
    return min(WIDTH, (size >> 8 * level) - index * WIDTH)
