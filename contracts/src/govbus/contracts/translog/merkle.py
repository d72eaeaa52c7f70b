"""The Merkle tree: hashes, and the compact range that grows it leaf by leaf.

Source: RFC 9162, section 2.1.1; the compact range is the list of perfect subtrees, largest first, as in
transparency-dev/merkle.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

HASH_BYTES: Final = 32
TILE_HEIGHT: Final = 8
"""Levels of the tree that one tile spans: 2^8 = 256 hashes."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(subtrees: Sequence[bytes]) -> bytes:
    """Return the root over perfect subtrees that stand side by side, largest first; of none, the empty root."""
    if not subtrees:
        return EMPTY_ROOT
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a perfect subtree from the 2^k hashes of its lowest level."""
    level = list(hashes)
    if not level or len(level) & (len(level) - 1):
        raise ValueError(f"{len(level)} hashes do not make a perfect subtree")
    while len(level) > 1:
        level = [node_hash(level[place], level[place + 1]) for place in range(0, len(level), 2)]
    return level[0]


@dataclass(frozen=True, slots=True)
class CompactRange:
    """A tree of `size` leaves as its perfect subtrees, largest first: enough to append and to know the root."""

    size: int = 0
    subtrees: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a range that no tree has: one subtree per set bit of the size, 32 bytes each."""
        if self.size < 0 or len(self.subtrees) != self.size.bit_count():
            raise ValueError(f"{len(self.subtrees)} subtrees do not make a tree of size {self.size}")
        if any(len(subtree) != HASH_BYTES for subtree in self.subtrees):
            raise ValueError("a subtree hash that is not 32 bytes")

    @property
    def root(self) -> bytes:
        """The Merkle tree hash."""
        return fold(self.subtrees)

    def to_bytes(self) -> bytes:
        """Return the subtrees' hashes, one after the other."""
        return b"".join(self.subtrees)

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> "CompactRange":
        """Return the range that `to_bytes` wrote for a tree of `size`."""
        return cls(
            size,
            tuple(raw[place : place + HASH_BYTES] for place in range(0, len(raw), HASH_BYTES)),
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """What appending made: the new range, and roots of the tiles that became full, by (tile level, index), in order."""

    compact: CompactRange
    full_tiles: tuple[tuple[int, int, bytes], ...]


def grow(compact: CompactRange, leaf_hashes: Iterable[bytes]) -> Growth:
    """Return the tree after appending, with the root of every tile that this filled.

    The root of tile (L, n) is hash n of tile level L + 1.
    """
    size, stack = compact.size, list(compact.subtrees)
    full: list[tuple[int, int, bytes]] = []
    for leaf in leaf_hashes:
        height, node = 0, leaf
        while size >> height & 1:
            node = node_hash(stack.pop(), node)
            height += 1
            if height % TILE_HEIGHT == 0:
                full.append((height // TILE_HEIGHT - 1, size >> height, node))
        stack.append(node)
        size += 1
    return Growth(CompactRange(size, tuple(stack)), tuple(full))
