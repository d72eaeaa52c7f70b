"""Checks a whole log as a stranger would: nothing is believed but the pinned key.

Every entry is read, the tree is rebuilt from nothing, and then the signed roots, the served hash tiles and an
inclusion proof of every single entry are compared with it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from govbus.contracts.translog.checkpoint import Checkpoint
from govbus.contracts.translog.entry import EVENT, Entry, EntryRejected, parse_entry
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.paths import Node, ProofRejected, inclusion_plan, make, verify_inclusion
from govbus.contracts.translog.tiles import WIDTH, node_from, tile_of, tiles_at
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.folder_hashing import Tell
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.trust import Trust

_NODES_COUNT = 1 << 16
"""Enough for all nodes that neighbouring entries share."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """What was checked; there is one only when everything held."""

    origin: str
    size: int
    root: bytes
    kinds: Mapping[str, int]
    topics: Mapping[str, int]
    older_checkpoints_count: int
    tiles_count: int
    proofs_count: int
    served_proofs_count: int


def check_log(
    reader: LogReader, trust: Trust, *, older: Sequence[str] = (), served_proofs_count: int | None = 0, tell: Tell
) -> LogReport:
    """Return the report on the log up to its newest checkpoint.

    `older` are checkpoints seen before (files, other copies): the rebuilt tree must have passed through their roots.
    `served_proofs_count` of the log's own proof answers are checked as well, evenly spread; None checks all.

    Raises:
        NotProved: the first thing that does not hold.
    """
    newest = reader.opened_checkpoint(trust).checkpoint
    earlier = [trust.open_older(text, "older checkpoint").checkpoint for text in older]
    rebuilt = _Rebuilt(newest, earlier)
    for index in range(-(-newest.size // WIDTH)):
        rebuilt.add(reader.tile_entries(index, newest.size))
        tell("entries", rebuilt.compact.size, newest.size)
    rebuilt.finish()
    tiles_count = _check_tiles(reader, rebuilt, tell)
    _check_inclusion(rebuilt, tell)
    served = _check_served_proofs(reader, trust, newest.size, served_proofs_count, tell)
    return LogReport(
        origin=newest.origin,
        size=newest.size,
        root=newest.root,
        kinds=dict(rebuilt.kinds),
        topics=dict(rebuilt.topics),
        older_checkpoints_count=len(earlier),
        tiles_count=tiles_count,
        proofs_count=newest.size,
        served_proofs_count=served,
    )


class _Rebuilt:
    """The tree as it grows from the entries; `levels[n]` are the hashes of tile level n."""

    def __init__(self, newest: Checkpoint, earlier: Sequence[Checkpoint]) -> None:
        self.newest = newest
        self.compact = CompactRange()
        self.levels: list[list[bytes]] = [[]]
        self.kinds: Counter[str] = Counter()
        self.topics: Counter[str] = Counter()
        self._signed: dict[int, bytes] = {}
        self._identities: set[tuple[str | None, str | None, str | None]] = set()
        self._offsets: dict[tuple[str, int], int] = {}
        for checkpoint in (*earlier, newest):
            if checkpoint.size > newest.size:
                raise NotProved(f"a checkpoint of size {checkpoint.size} was seen, the log now shows {newest.size}")
            if self._signed.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
                raise NotProved(f"two signed roots of size {checkpoint.size}: the log keeps two histories")
        self._check_root()

    def add(self, entries: Sequence[bytes]) -> None:
        """Append entries one by one, checking each and every signed root that is passed."""
        for raw in entries:
            self._check_entry(raw)
            leaf = leaf_hash(raw)
            growth = grow(self.compact, [leaf])
            self.compact = growth.compact
            self.levels[0].append(leaf)
            for level, _, root in growth.full_tiles:
                if level + 1 == len(self.levels):
                    self.levels.append([])
                self.levels[level + 1].append(root)
            self._check_root()

    def finish(self) -> None:
        """Check that nothing signed was left out."""
        if self._signed:
            raise NotProved(f"no root for the signed sizes {sorted(self._signed)}")

    def _check_root(self) -> None:
        signed = self._signed.pop(self.compact.size, None)
        if signed is not None and signed != self.compact.root:
            raise NotProved(f"the entries lead to another root than the checkpoint of size {self.compact.size} says")

    def _check_entry(self, raw: bytes) -> None:
        index = self.compact.size
        try:
            entry = parse_entry(raw)
        except EntryRejected as error:
            raise NotProved(f"entry {index}: {error}") from None
        self.kinds[entry.kind] += 1
        self._check_once(index, entry)
        if entry.kafka is None:
            return
        self.topics[entry.kafka.topic] += 1
        place = (entry.kafka.topic, entry.kafka.partition)
        if entry.kafka.offset <= self._offsets.get(place, -1):
            raise NotProved(f"entry {index} is out of the order of {place[0]}/{place[1]}")
        self._offsets[place] = entry.kafka.offset

    def _check_once(self, index: int, entry: Entry) -> None:
        if entry.kind != EVENT:
            return
        identity = (entry.source, entry.type, entry.id)
        if identity in self._identities:
            raise NotProved(f"entry {index}: event {entry.id} of {entry.source} is in the log twice")
        self._identities.add(identity)


def _check_tiles(reader: LogReader, rebuilt: _Rebuilt, tell: Tell) -> int:
    tiles = list(tiles_at(rebuilt.newest.size))
    for count, tile in enumerate(tiles, start=1):
        level = rebuilt.levels[int(tile.level)]
        if reader.tile(tile) != b"".join(level[tile.start : tile.start + tile.width]):
            raise NotProved(f"hash tile {tile.path()} is not that of the entries")
        tell("tiles", count, len(tiles))
    return len(tiles)


def _check_inclusion(rebuilt: _Rebuilt, tell: Tell) -> None:
    """Make and verify an inclusion proof of every entry, from the tiles' hashes."""

    @lru_cache(_NODES_COUNT)
    def hash_of(node: Node) -> bytes:
        tile, _ = tile_of(node)
        level = rebuilt.levels[int(tile.level)]
        return node_from(node, b"".join(level[tile.start : tile.start + tile.width]))

    size = rebuilt.newest.size
    for index, leaf in enumerate(rebuilt.levels[0]):
        plan = inclusion_plan(index, size)
        proof = make(plan, {node: hash_of(node) for nodes in plan for node in nodes})
        try:
            verify_inclusion(leaf, index, size, proof, rebuilt.newest.root)
        except ProofRejected as error:
            raise NotProved(f"entry {index}: {error}") from None
        tell("proofs", index + 1, size)


def _check_served_proofs(reader: LogReader, trust: Trust, size: int, count: int | None, tell: Tell) -> int:
    wanted = size if count is None else min(count, size)
    indexes = [place * size // wanted for place in range(wanted)]
    entries: tuple[int, list[bytes]] = (-1, [])
    for done, index in enumerate(indexes, start=1):
        if entries[0] != index // WIDTH:
            entries = (index // WIDTH, reader.tile_entries(index // WIDTH, size))
        found = trust.prove(entries[1][index % WIDTH], reader.proof(index), f"the served proof of entry {index}")
        if found.index != index:
            raise NotProved(f"the served proof of entry {index} is of entry {found.index}")
        tell("served proofs", done, wanted)
    return wanted
