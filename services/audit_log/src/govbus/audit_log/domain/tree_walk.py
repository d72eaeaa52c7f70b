"""Walks the stored tree from the first entry on and says what differs and where, going on behind each difference.

Two trees are grown: one of the entries' bytes, one of what the tiles say. While they agree they are one. At every
signed checkpoint it shows which of the two was signed: what differs from it was changed, and the walk goes on with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash, perfect_root
from govbus.contracts.translog.tiles import WIDTH, split_hashes


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """An entry's bytes and the leaf hash stored with them."""

    index: int
    entry: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """What was signed for a size."""

    size: int
    root: bytes


class TreeWalk:
    """The walk so far; give it whole stretches that begin and, but for the last one, end at a multiple of 256.

    `is_lost` says that what was signed is no longer known: an entry is gone, or neither tree was signed.
    """

    def __init__(self) -> None:
        """Begin before the first entry."""
        self.by_entries = CompactRange()
        self.by_tiles = CompactRange()
        self.signed_size = 0
        self.is_lost = False

    def stretch(
        self,
        end: int,
        leaves: Sequence[StoredLeaf],
        tiles: Mapping[tuple[int, int], tuple[bytes, bytes]],
        signed: Sequence[SignedRoot],
    ) -> list[str]:
        """Return in words what is wrong between the last stretch and `end`.

        `tiles` are the stored ones that entries of this stretch filled: (level, index) → (root, hashes); `signed` are
        the checkpoints of the stretch by size.
        """
        begin = self.by_entries.size
        faults: list[str] = []
        found = {leaf.index: leaf for leaf in leaves}
        own, stated = self._hashes(begin, end, found, tiles, faults)
        marks = [*signed, None]
        filled: dict[tuple[int, int], bytes] = {}
        for mark in marks:
            upto = end if mark is None else mark.size
            start = self.by_entries.size
            part, other = own[start - begin : upto - begin], stated[start - begin : upto - begin]
            agree = self.by_entries == self.by_tiles and part == other
            grown = grow(self.by_entries, part)
            self.by_entries = grown.compact
            if not agree:
                grown = grow(self.by_tiles, other)
            self.by_tiles = grown.compact
            filled |= {(level, index): root for level, index, root in grown.full_tiles}
            if mark is not None:
                faults += self._compare(mark)
        faults += _tile_faults(filled, tiles)
        return faults

    def _hashes(
        self,
        begin: int,
        end: int,
        found: Mapping[int, StoredLeaf],
        tiles: Mapping[tuple[int, int], tuple[bytes, bytes]],
        faults: list[str],
    ) -> tuple[list[bytes], list[bytes]]:
        """Return the leaf hashes by the entries' bytes and by the tiles, each filled up by the other."""
        own: list[bytes] = []
        stated: list[bytes] = []
        for index in range(begin, end):
            tile = tiles.get((0, index // WIDTH))
            place = index % WIDTH * 32
            by_tile = tile[1][place : place + 32] if tile else None
            leaf = found.get(index)
            if leaf is None:
                faults.append(f"entry {index} is missing")
                self.is_lost = self.is_lost or by_tile is None
                own.append(by_tile or bytes(32))
                stated.append(own[-1])
                continue
            hashed = leaf_hash(leaf.entry)
            if hashed != leaf.leaf_hash:
                faults.append(f"entry {index} was changed: its leaf hash is another")
            if by_tile is not None and by_tile != hashed:
                faults.append(f"entry {index} is not what tile 0/{index // WIDTH} has in its place")
            own.append(hashed)
            stated.append(by_tile or (leaf.leaf_hash if hashed != leaf.leaf_hash else hashed))
        return own, stated

    def _compare(self, signed: SignedRoot) -> list[str]:
        before, self.signed_size = self.signed_size, signed.size
        if self.is_lost:
            return []
        if self.by_entries.root == signed.root:
            self.by_tiles = self.by_entries
            return []
        if self.by_tiles.root == signed.root:
            self.by_entries = self.by_tiles
            return []
        self.is_lost = True
        where = f"an entry in {before}..{signed.size - 1} was changed, or the checkpoint was"
        return [f"the checkpoint has another root for size {signed.size} than what is stored: {where}"]


def _tile_faults(
    filled: Mapping[tuple[int, int], bytes], tiles: Mapping[tuple[int, int], tuple[bytes, bytes]]
) -> list[str]:
    faults: list[str] = []
    for (level, index), root in sorted(filled.items()):
        tile = tiles.get((level, index))
        if tile is None:
            faults.append(f"tile {level}/{index} is missing")
        elif not tile[0] == root == perfect_root(split_hashes(tile[1])):
            faults.append(f"tile {level}/{index} is not the tree's")
    return faults
