"""Keeps a log as a folder of files: what is new is fetched and verified, then written; the checkpoint comes last.

From the signed root downwards, so that no byte is written that the log did not sign. Interrupted at any place, the
folder holds the tree of its checkpoint, and the next run goes on.
"""

from dataclasses import dataclass
from typing import Final

from govbus.contracts.translog.checkpoint import Checkpoint, OpenedCheckpoint
from govbus.contracts.translog.merkle import EMPTY_ROOT, TILE_HEIGHT
from govbus.contracts.translog.paths import ProofRejected, consistency_plan, make, verify_consistency
from govbus.contracts.translog.tiles import WIDTH, Tile, TileRejected, node_from, split_hashes, tile_of
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.folder_hashing import Tell
from govbus.sdk.translog.log_folder import CHECKPOINT, OLDER, VKEY, LogFolder, place_of
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.tile_hashing import edge_root, leaf_hashes, perfect_root, split, width_at
from govbus.sdk.translog.trust import Trust

REFUSED: Final = "refused"
"""Checkpoints that contradict the folder are kept here: they prove what the log did."""


@dataclass(frozen=True, slots=True)
class MirrorReport:
    """What a run did; `before` is the size that the folder had, None when it was empty."""

    origin: str
    size: int
    before: int | None
    fetched_count: int


class Mirror:
    """One log and the folder it is kept in."""

    def __init__(self, folder: LogFolder, reader: LogReader, trust: Trust, tell: Tell) -> None:
        """Connect to nothing yet."""
        self._folder = folder
        self._reader = reader
        self._trust = trust
        self._tell = tell
        self._fetched_count = 0
        self._size = 0

    def update(self) -> MirrorReport:
        """Bring the folder to the log's newest checkpoint.

        Raises:
            NotProved: what is served is not what was signed, or not what was signed before.
        """
        note = self._reader.checkpoint()
        newest = self._trust.open(note)
        before = self._before()
        if before is not None:
            self._check_continues(before.checkpoint, newest, note)
        self._size = newest.checkpoint.size
        edge = self._edge(newest.checkpoint)
        for level, hashes in edge:
            self._descend(level, self._size >> TILE_HEIGHT * (level + 1), hashes)
        if before is not None and before.checkpoint.size != self._size:
            self._folder.write(f"{OLDER}/{before.checkpoint.size}", str(before.note).encode())
        self._folder.write(VKEY, "".join(f"{key}\n" for key in self._trust.keys).encode())
        self._folder.write(CHECKPOINT, note.encode())
        self._take_away_replaced()
        size_before = None if before is None else before.checkpoint.size
        return MirrorReport(newest.checkpoint.origin, self._size, size_before, self._fetched_count)

    def _before(self) -> OpenedCheckpoint | None:
        if not (self._folder.path / CHECKPOINT).exists():
            return None
        return self._trust.open_older(self._folder.checkpoint(), f"the folder's {CHECKPOINT}")

    def _check_continues(self, before: Checkpoint, newest: OpenedCheckpoint, note: str) -> None:
        """Keep the new checkpoint as evidence when it does not continue the one that lies here."""
        after = newest.checkpoint
        said = self._contradiction(before, after)
        if said is not None:
            place = f"{REFUSED}/{after.size}.{after.root.hex()[:16]}"
            self._folder.write(place, note.encode())
            stays = f"the folder stays at size {before.size}, the served checkpoint is kept in {place}"
            raise NotProved.at("the served checkpoint", f"{said}; {stays}")

    def _contradiction(self, before: Checkpoint, after: Checkpoint) -> str | None:
        """Return how the newer checkpoint contradicts the older one, None when it continues it."""
        if before.origin != after.origin:
            return f"the folder is of the log {before.origin}, served is {after.origin}"
        if after.size < before.size:
            return f"the log shows {after.size} entries, it signed {before.size}: it was rolled back"
        try:
            hashes = self._consistency(before.size, after.size)
            verify_consistency(before.size, after.size, hashes, before.root, after.root)
        except (NotProved, ProofRejected) as error:
            return str(error)
        return None

    def _consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        plan = consistency_plan(old, new)
        hashes: dict[tuple[int, int], bytes] = {}
        for node in {node for nodes in plan for node in nodes}:
            narrow, _ = tile_of(node)
            level = int(narrow.level)
            content = self._reader.tile(Tile(level, narrow.index, width_at(new, level, narrow.index)))
            try:
                hashes[node] = node_from(node, content)
            except TileRejected as error:
                raise NotProved(str(error)) from None
        return make(plan, hashes)

    def _edge(self, newest: Checkpoint) -> list[tuple[int, bytes]]:
        """Return the partial tiles that make the signed root, highest first; written once they do."""
        top = max(newest.size.bit_length() - 1, 0) // TILE_HEIGHT
        tiles = [
            Tile(level, newest.size >> TILE_HEIGHT * (level + 1), width)
            for level in range(top, -1, -1)
            if (width := (newest.size >> TILE_HEIGHT * level) % WIDTH)
        ]
        contents = [self._reader.tile(tile) for tile in tiles]
        try:
            root = edge_root(contents) if tiles else EMPTY_ROOT
        except TileRejected as error:
            raise NotProved.at("served hash tiles", str(error)) from None
        if root != newest.root:
            raise NotProved.at(", ".join(map(place_of, tiles)), "the served hash tiles do not lead to the signed root")
        self._fetched_count += len(tiles)
        for tile, content in zip(tiles, contents, strict=True):
            self._folder.write(place_of(tile), content)
        return [(int(tile.level), content) for tile, content in zip(tiles, contents, strict=True)]

    def _descend(self, level: int, index: int, hashes: bytes) -> None:
        """Fetch what is missing below a tile whose hashes are authentic."""
        if level == 0:
            self._take_entries(index, hashes)
            self._tell("entries", index * WIDTH + len(split_hashes(hashes)), self._size)
            return
        for place, root in enumerate(split_hashes(hashes)):
            child = index * WIDTH + place
            self._descend(level - 1, child, self._full_tile(Tile(level - 1, child), root))

    def _full_tile(self, tile: Tile, root: bytes) -> bytes:
        """Return the full tile with this root, from the folder when it lies there."""
        if self._folder.has(tile):
            try:
                content = self._folder.hashes(tile)
            except NotProved:
                content = b""
            if content and perfect_root(content) == root:
                return content
        content = self._reader.tile(tile)
        self._fetched_count += 1
        if len(content) != WIDTH * len(root) or perfect_root(content) != root:
            raise NotProved.at(place_of(tile), "the served hash tile is not what the tree has")
        self._folder.write(place_of(tile), content)
        return content

    def _take_entries(self, index: int, hashes: bytes) -> None:
        leaves = split_hashes(hashes)
        tile = Tile("entries", index, len(leaves))
        if self._folder.has(tile):
            return
        content = self._reader.tile(tile)
        self._fetched_count += 1
        try:
            found = split_hashes(leaf_hashes(split(content)))
        except TileRejected as error:
            raise NotProved.at(place_of(tile), f"the served tile {error}") from None
        wrong = [place for place, pair in enumerate(zip(found, leaves, strict=False)) if pair[0] != pair[1]]
        if wrong or len(found) != len(leaves):
            first = tile.start + (wrong[0] if wrong else min(len(found), len(leaves)))
            raise NotProved.at(place_of(tile), f"the served entry {first} is not what the tree has", first)
        self._folder.write(place_of(tile), content)

    def _take_away_replaced(self) -> None:
        """Remove partial tiles that a wider one has replaced."""
        for place, tile in list(self._folder.tiles()):
            if tile is None or not tile.exists_at(self._size):
                continue
            level = 0 if tile.level == "entries" else int(tile.level)
            if tile.width < width_at(self._size, level, tile.index):
                (self._folder.path / place).unlink()
                parts = (self._folder.path / place).parent
                if parts.name.endswith(".p") and not any(parts.iterdir()):
                    parts.rmdir()
