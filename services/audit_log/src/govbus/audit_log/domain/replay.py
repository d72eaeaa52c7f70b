"""Grows the tree again from what was published, and holds it against every checkpoint on the way."""

from collections.abc import Mapping

from govbus.audit_log.domain.consistency import Inconsistent, check_same
from govbus.contracts.translog.checkpoint import Checkpoint
from govbus.contracts.translog.merkle import HASH_BYTES, CompactRange, grow, leaf_hash

_TOGETHER_COUNT = 1_000
"""Leaves folded into the tree at once, where no checkpoint asks for its root earlier."""


class Replay:
    """The tree of a restored log and of the entries that followed; holds 32 bytes for each of them."""

    def __init__(self, base: CompactRange, expected: Mapping[int, tuple[bytes, str]]) -> None:
        """Begin at `base`; `expected` are roots that lie outside, by size, with where they lie."""
        self._base = base
        self._compact = base
        self._leaves = bytearray()
        self._pending: list[bytes] = []
        self._expected = dict(expected)
        self._proved: dict[int, bytes] = {}

    @property
    def size(self) -> int:
        """How many entries the tree has now."""
        return self._compact.size + len(self._pending)

    @property
    def proved_sizes(self) -> frozenset[int]:
        """Sizes whose roots were held against a checkpoint."""
        return frozenset(self._proved)

    def leaf(self, index: int) -> bytes:
        """Return the leaf hash of an entry that was taken."""
        place = (index - self._base.size) * HASH_BYTES
        return bytes(self._leaves[place : place + HASH_BYTES])

    def take(self, index: int, entry: bytes) -> bool:
        """Take the next entry; return False for one that was taken before.

        Raises:
            Inconsistent: entries are missing before it, it differs from what was taken, or a root is another one.
        """
        found = leaf_hash(entry)
        if index > self.size:
            raise Inconsistent(f"entries {self.size}..{index - 1} are missing on govbus.audit")
        if index < self.size:
            if self.leaf(index) != found:
                raise Inconsistent(f"entry {index} stands twice on govbus.audit, with different bytes")
            return False
        self._leaves += found
        self._pending.append(found)
        if self.size in self._expected:
            self.prove(Checkpoint("", self.size, self._expected[self.size][0]), self._expected[self.size][1])
        elif len(self._pending) >= _TOGETHER_COUNT:
            self._fold()
        return True

    def prove(self, checkpoint: Checkpoint, where: str) -> None:
        """Hold the tree as it was at a checkpoint's size against its root.

        Raises:
            Inconsistent: another root, or the checkpoint came before its entries.
        """
        size = checkpoint.size
        if size > self.size:
            raise Inconsistent(f"a checkpoint of size {size} in {where} comes before entries {self.size}..{size - 1}")
        if size not in self._proved:
            self._proved[size] = self._root_at(size)
        check_same(size, self._proved[size], checkpoint.root, where)

    def _root_at(self, size: int) -> bytes:
        self._fold()
        if size == self._compact.size:
            return self._compact.root
        return grow(self._base, map(self.leaf, range(self._base.size, size))).compact.root

    def _fold(self) -> None:
        self._compact = grow(self._compact, self._pending).compact
        self._pending = []
