"""When a tree may be signed: only if what is stored is what was sequenced, and continues what was signed before."""

from collections.abc import Sequence
from dataclasses import dataclass

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash, perfect_root
from govbus.contracts.translog.tiles import split_hashes


class Inconsistent(Exception):
    """The log must not be signed: what is stored differs from what was sequenced or signed; an operator must look."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as it was read back from the table."""

    index: int
    entry: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredTile:
    """One full tile as it was read back."""

    level: int
    index: int
    root: bytes
    hashes: bytes


def regrow(signed: CompactRange, entries: Sequence[StoredEntry], tiles: Sequence[StoredTile]) -> CompactRange:
    """Return the tree after the stored entries, every byte of them hashed again, from the tree signed last.

    Raises:
        Inconsistent: an index is missing, a leaf hash is not its entry's, or a tile is not the tree's.
    """
    for place, stored in enumerate(entries):
        if stored.index != signed.size + place:
            raise Inconsistent(f"entry {signed.size + place} is missing: {stored.index} stands in its place")
        if leaf_hash(stored.entry) != stored.leaf_hash:
            raise Inconsistent(f"entry {stored.index} was changed after it was sequenced")
    growth = grow(signed, [stored.leaf_hash for stored in entries])
    wanted = {(level, index): root for level, index, root in growth.full_tiles}
    for tile in tiles:
        expected = wanted.pop((tile.level, tile.index), None)
        if expected is not None and not tile.root == expected == perfect_root(split_hashes(tile.hashes)):
            raise Inconsistent(f"tile {tile.level}/{tile.index} is not the tree's")
    if wanted:
        raise Inconsistent("tiles are missing: " + ", ".join(f"{level}/{index}" for level, index in sorted(wanted)))
    return growth.compact


def check_head(regrown: CompactRange, head: CompactRange) -> None:
    """Return if the head that the sequencer keeps is the tree of what is stored.

    Raises:
        Inconsistent: it is not.
    """
    if regrown.size == head.size and regrown != head:
        raise Inconsistent(f"the head of the log at size {head.size} is not the tree of the stored entries")


def check_same(size: int, root: bytes, other_root: bytes, where: str) -> None:
    """Return if two trees of one size have one root.

    Raises:
        Inconsistent: they have two.
    """
    if root != other_root:
        raise Inconsistent(f"{where} has another root for size {size}: there are two histories")


def same_statement(note: str, other: str) -> bool:
    """Return whether two notes say the same of the tree; keys and witnesses may have added signature lines since."""
    return note.partition("\n\n")[0] == other.partition("\n\n")[0]


def missing_range(head_size: int, outside_size: int, outside_root: bytes, where: str) -> str:
    """Return in words what a log lacks that is behind a checkpoint outside, and what to do."""
    first, last = head_size, outside_size - 1
    return (
        f"the log ends at {head_size}, behind {where}: entries {first}..{last} are missing; the newest outside "
        f"checkpoint is of size {outside_size}, root {base64_strict.encode(outside_root)}. Nothing is sequenced or "
        "signed before they are back: run `govbus log recover`, or restore a newer backup"
    )
