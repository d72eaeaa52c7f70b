"""Verifies a whole log folder offline: every entry, every hash tile, every checkpoint, by the pinned keys.

The tree is built anew from the entries and compared with what lies there. When anything differs, `folder_damage` says
what and where.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from govbus.contracts.translog.checkpoint import Checkpoint
from govbus.contracts.translog.merkle import EMPTY_ROOT, HASH_BYTES, TILE_HEIGHT
from govbus.contracts.translog.tiles import WIDTH, Tile
from govbus.contracts.translog.vkey import KeyRejected, parse_vkey
from govbus.sdk.failures import Difference, NotProved
from govbus.sdk.translog.folder_damage import find_damage
from govbus.sdk.translog.folder_hashing import Tell, hash_entries
from govbus.sdk.translog.log_folder import VKEY, LogFolder
from govbus.sdk.translog.tile_hashing import edge_root, perfect_root, width_at
from govbus.sdk.translog.trust import Trust

Note = tuple[str, bytes]
"""Where a checkpoint lies, and its note."""


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What was checked; there is one only when everything held. `beyond_count` files lie behind the checkpoint."""

    origin: str
    size: int
    root: bytes
    tiles_count: int
    older_checkpoints_count: int
    beyond_count: int


@dataclass(frozen=True, slots=True)
class _Signed:
    """A checkpoint that a trusted key signed, and where it lies."""

    place: str
    checkpoint: Checkpoint = field(compare=False)


def check_folder(
    folder: LogFolder, trust: Trust, *, seen: Sequence[Note] = (), workers_count: int = 1, tell: Tell
) -> FolderReport:
    """Return the report on the log in a folder up to its newest checkpoint.

    `seen` are checkpoints from elsewhere, which the log must contain; so must it those that lie in the folder.

    Raises:
        NotProved: with every difference that was found.
    """
    _check_vkeys(folder, trust)
    newest = trust.open(folder.checkpoint()).checkpoint
    signed = _signed([*folder.older(), *seen], trust)
    _check_histories(newest, signed)
    check = _Check(folder, newest)
    if not check.holds(workers_count, tell) or any(not check.passed(one.checkpoint) for one in signed):
        raise NotProved.of(find_damage(folder, newest, [one.checkpoint for one in signed]))
    beyond_count = _check_rest(folder, newest.size)
    return FolderReport(newest.origin, newest.size, newest.root, check.tiles_count, len(signed), beyond_count)


class _Check:
    """The tree rebuilt from the entries; `levels[n]` are the joined hashes of tile level n, level 0 left to files."""

    def __init__(self, folder: LogFolder, newest: Checkpoint) -> None:
        self._folder = folder
        self._newest = newest
        self._levels: list[bytes] = [b""]
        self.tiles_count = 0

    def holds(self, workers_count: int, tell: Callable[[str, int, int], None]) -> bool:
        """Return whether entries, hash tiles and the newest checkpoint are of one tree."""
        size = self._newest.size
        self.tiles_count = -(-size // WIDTH)
        try:
            above = hash_entries(self._folder, size, workers_count, tell)
            while above is not None and above:
                self._levels.append(above)
                above = self._upper_level(len(self._levels) - 1)
            return above is not None and self.root_at(size) == self._newest.root
        except NotProved:
            return False

    def passed(self, older: Checkpoint) -> bool:
        """Return whether the tree had the root of an older checkpoint when it had its size."""
        return self.root_at(older.size) == older.root

    def root_at(self, size: int) -> bytes:
        """Return the root over the first `size` entries."""
        if size == 0:
            return EMPTY_ROOT
        top = (size.bit_length() - 1) // TILE_HEIGHT
        return edge_root([self._edge(size, level) for level in range(top, -1, -1)])

    def _edge(self, size: int, level: int) -> bytes:
        hashes_count = size >> TILE_HEIGHT * level
        index, width = divmod(hashes_count, WIDTH)
        if not width:
            return b""
        if level == 0:
            return self._folder.hashes(Tile(0, index, width_at(self._newest.size, 0, index)))[: width * HASH_BYTES]
        start = index * WIDTH
        return self._levels[level][start * HASH_BYTES : (start + width) * HASH_BYTES]

    def _upper_level(self, level: int) -> bytes | None:
        """Compare the tiles of a level; return the hashes of the level above, None when a tile differs."""
        hashes = self._levels[level]
        above: list[bytes] = []
        for index in range(-(-len(hashes) // (WIDTH * HASH_BYTES))):
            own = hashes[index * WIDTH * HASH_BYTES : (index + 1) * WIDTH * HASH_BYTES]
            width = len(own) // HASH_BYTES
            self.tiles_count += 1
            if self._folder.hashes(Tile(level, index, width)) != own:
                return None
            if width == WIDTH:
                above.append(perfect_root(own))
        return b"".join(above)


def _check_vkeys(folder: LogFolder, trust: Trust) -> None:
    claimed = folder.vkeys()
    if claimed is None:
        return
    try:
        keys = [parse_vkey(line) for line in claimed.splitlines() if line]
    except KeyRejected as error:
        raise NotProved.at(VKEY, str(error)) from None
    if not set(keys) & set(trust.keys):
        raise NotProved.at(VKEY, "none of the keys in it is one that is trusted here")


def _signed(notes: Sequence[Note], trust: Trust) -> list[_Signed]:
    return [_Signed(place, trust.open_older(note, place).checkpoint) for place, note in notes]


def _check_histories(newest: Checkpoint, signed: Sequence[_Signed]) -> None:
    roots: dict[int, tuple[str, bytes]] = {newest.size: ("checkpoint", newest.root)}
    found: list[Difference] = []
    for one in signed:
        size, root = one.checkpoint.size, one.checkpoint.root
        name = one.place.rpartition("/")[2]
        if one.place.startswith("checkpoints/") and name != str(size):
            found.append(Difference(one.place, f"holds the checkpoint of size {size}"))
        if size > newest.size:
            missing = f"entries {newest.size} to {size - 1} are missing: the log was rolled back"
            found.append(Difference(one.place, f"signs {size} entries, the folder ends at {newest.size}; {missing}"))
        place, known = roots.setdefault(size, (one.place, root))
        if known != root:
            found.append(Difference(one.place, f"another signed root of size {size} than {place}: two histories"))
    if found:
        raise NotProved.of(found)


def _check_rest(folder: LogFolder, size: int) -> int:
    """Check the files that the tree of `size` has no need of; return how many lie beyond it."""
    beyond_count = 0
    found: list[Difference] = []
    for place, tile in folder.tiles():
        if tile is None:
            found.append(Difference(place, "is not the name of a tile"))
        elif not tile.exists_at(size):
            beyond_count += 1
        elif tile.width != WIDTH and not _begins(folder, tile, size):
            found.append(Difference(place, "is not how the tile began that lies here now"))
    if found:
        raise NotProved.of(found)
    return beyond_count


def _begins(folder: LogFolder, tile: Tile, size: int) -> bool:
    """Return whether an earlier partial tile is the beginning of the present one, which was checked."""
    if tile.level == "entries":
        width = width_at(size, 0, tile.index)
        return folder.entries(tile.index, tile.width) == folder.entries(tile.index, width)[: tile.width]
    level = int(tile.level)
    whole = folder.hashes(Tile(level, tile.index, width_at(size, level, tile.index)))
    return folder.has(tile) and folder.hashes(tile) == whole[: tile.width * HASH_BYTES]
