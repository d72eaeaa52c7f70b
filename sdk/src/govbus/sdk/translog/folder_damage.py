"""Says what differs in a log folder, and where, once it is known that something does.

From the signed root downwards: every tile is held against the hash above it. Where it fails, what the files below it
lead to is tried instead, which tells a changed tile from changed entries. Costs about as much as verifying.
"""

import itertools
from collections.abc import Sequence

from govbus.contracts.translog.checkpoint import Checkpoint
from govbus.contracts.translog.merkle import EMPTY_ROOT, HASH_BYTES, TILE_HEIGHT, CompactRange, grow, leaf_hash
from govbus.contracts.translog.tiles import WIDTH, Tile, split_hashes
from govbus.sdk.failures import Difference, NotProved
from govbus.sdk.translog.entry_damage import entry_differences
from govbus.sdk.translog.log_folder import LogFolder, place_of
from govbus.sdk.translog.tile_hashing import edge_root, leaf_hashes, perfect_root, width_at


def find_damage(folder: LogFolder, newest: Checkpoint, older: Sequence[Checkpoint]) -> list[Difference]:
    """Return every difference between the folder and the tree that its newest checkpoint signs: at least one."""
    damage = _Damage(folder, newest)
    edge = damage.authentic_edge()
    if edge is None:
        return [*damage.found, _changed_stretch(folder, newest, older)]
    for level, hashes in edge:
        damage.descend(level, newest.size >> TILE_HEIGHT * (level + 1), hashes)
    if not damage.found:
        damage.found.append(_changed_stretch(folder, newest, older))
    return damage.found


class _Damage:
    """The search: `found` fills from the top of the tree to its entries."""

    def __init__(self, folder: LogFolder, newest: Checkpoint) -> None:
        self._folder = folder
        self._newest = newest
        self.found: list[Difference] = []

    def authentic_edge(self) -> list[tuple[int, bytes]] | None:
        """Return the partial tiles that the signed root is made of, highest first; None when no files lead to it."""
        size = self._newest.size
        top = max(size.bit_length() - 1, 0) // TILE_HEIGHT
        levels = [level for level in range(top, -1, -1) if (size >> TILE_HEIGHT * level) % WIDTH]
        tiles = [(level, size >> TILE_HEIGHT * (level + 1)) for level in levels]
        candidates = [self._candidates(level, index) for level, index in tiles]
        for chosen in itertools.product(*candidates):
            if (edge_root(list(chosen)) if size else EMPTY_ROOT) == self._newest.root:
                for (level, index), hashes in zip(tiles, chosen, strict=True):
                    self._compare(level, index, hashes)
                return list(zip(levels, chosen, strict=True))
        for level, index in tiles:
            computed = self._computed(level, index)
            if computed is not None:
                self._compare(level, index, computed)
            elif self._stored(level, index) is None:
                self._compare(level, index, b"")
        return None

    def descend(self, level: int, index: int, hashes: bytes) -> None:
        """Check everything below a tile whose hashes are authentic."""
        if level == 0:
            self.found += entry_differences(self._folder, index, hashes)
            return
        for place, expected in enumerate(split_hashes(hashes)):
            child = index * WIDTH + place
            authentic = self._authentic(level - 1, child, expected)
            if authentic is not None:
                self.descend(level - 1, child, authentic)

    def _authentic(self, level: int, index: int, root: bytes) -> bytes | None:
        """Return the content of a full tile that has this root; None when neither it nor what is below leads there."""
        stored = self._stored(level, index)
        if stored is not None and perfect_root(stored) == root:
            return stored
        computed = self._computed(level, index)
        if computed is not None and perfect_root(computed) == root:
            self._compare(level, index, computed)
            return computed
        what = "is missing" if stored is None else "is not what the tree has"
        self.found.append(Difference(place_of(Tile(level, index)), f"{what}, nor does what is below it lead there"))
        self.found += self._disagreements(level, index, stored, computed)
        return None

    def _disagreements(self, level: int, index: int, stored: bytes | None, computed: bytes | None) -> list[Difference]:
        """Return where a tile and what is below it contradict each other, when neither can be believed."""
        if level == 0 and stored is not None:
            return entry_differences(self._folder, index, stored)
        return [] if computed is not None else [self._below(level, index)]

    def _below(self, level: int, index: int) -> Difference:
        first = index << TILE_HEIGHT * (level + 1)
        last = min(self._newest.size, (index + 1) << TILE_HEIGHT * (level + 1)) - 1
        return Difference(f"entries {first} to {last}", "cannot all be read", first)

    def _compare(self, level: int, index: int, authentic: bytes) -> None:
        """Record a tile that is not as it must be."""
        width = width_at(self._newest.size, level, index)
        tile = Tile(level, index, width)
        try:
            stored = self._folder.hashes(tile)
        except NotProved as error:
            self.found += error.differences
            return
        wrong = [
            place for place in range(width) if stored[place * HASH_BYTES :][:HASH_BYTES] != _hash(authentic, place)
        ]
        if wrong:
            first = wrong[0]
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            detail = f"hash {first}{more} is not that of the tree"
            self.found.append(Difference(place_of(tile), detail, (index * WIDTH + first) << TILE_HEIGHT * level))

    def _candidates(self, level: int, index: int) -> list[bytes]:
        found = (self._stored(level, index), self._computed(level, index))
        return list(dict.fromkeys(one for one in found if one is not None))

    def _stored(self, level: int, index: int) -> bytes | None:
        try:
            return self._folder.hashes(Tile(level, index, width_at(self._newest.size, level, index)))
        except NotProved:
            return None

    def _computed(self, level: int, index: int) -> bytes | None:
        """Return what a tile should hold by the files below it, None when those are missing or cut."""
        width = width_at(self._newest.size, level, index)
        if level == 0:
            try:
                return leaf_hashes(self._folder.entries(index, width))
            except NotProved:
                return None
        roots: list[bytes] = []
        for child in range(index * WIDTH, index * WIDTH + width):
            hashes = self._stored(level - 1, child) or self._computed(level - 1, child)
            if hashes is None:
                return None
            roots.append(perfect_root(hashes))
        return b"".join(roots)


def _hash(hashes: bytes, place: int) -> bytes:
    return hashes[place * HASH_BYTES :][:HASH_BYTES]


def _changed_stretch(folder: LogFolder, newest: Checkpoint, older: Sequence[Checkpoint]) -> Difference:
    """Say between which signed sizes the entries leave what was signed, by the entries alone."""
    good, compact = 0, CompactRange()
    within = {one.size: one for one in (*older, newest) if one.size <= newest.size}
    for signed in sorted(within.values(), key=lambda one: one.size):
        try:
            compact = _grown(folder, compact, signed.size, newest.size)
        except NotProved:
            return Difference(f"entries {good} to {signed.size - 1}", "cannot be held against checkpoints", good)
        if compact.root != signed.root:
            detail = f"lead to another root than the checkpoint of size {signed.size} signs"
            return Difference(f"entries {good} to {signed.size - 1}", detail, good)
        good = signed.size
    return Difference(f"checkpoint of size {newest.size}", "its root is not that of the hash tiles")


def _grown(folder: LogFolder, compact: CompactRange, size: int, newest_size: int) -> CompactRange:
    while compact.size < size:
        index, done = divmod(compact.size, WIDTH)
        entries = folder.entries(index, width_at(newest_size, 0, index))
        end = min(len(entries), size - index * WIDTH)
        compact = grow(compact, map(leaf_hash, entries[done:end])).compact
    return compact
