"""A tree that grows, and its last leaves: what a stream repeats after a crash can still be compared."""

from govbus.contracts.translog.merkle import CompactRange, grow


class RecentLeaves:
    """The tree so far; leaf hashes are kept of at least its last `kept_count` entries."""

    def __init__(self, base: CompactRange, leaves: list[bytes], kept_count: int) -> None:
        """Begin with `leaves` behind the tree `base`."""
        self._base = base
        self._leaves = leaves
        self._kept_count = kept_count
        self.compact = grow(base, leaves).compact

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self.compact.size

    @property
    def first(self) -> int:
        """The first index whose leaf hash is still known."""
        return self._base.size

    def append(self, leaf: bytes) -> None:
        """Add the next leaf."""
        self.compact = grow(self.compact, [leaf]).compact
        self._leaves.append(leaf)
        if len(self._leaves) > 2 * self._kept_count:
            self._base = grow(self._base, self._leaves[: -self._kept_count]).compact
            del self._leaves[: -self._kept_count]

    def at(self, index: int) -> bytes | None:
        """Return a leaf hash, None when it is no longer known."""
        return self._leaves[index - self.first] if self.first <= index < self.size else None

    def compact_at(self, size: int) -> CompactRange | None:
        """Return the tree as it was at a size, None when that is too long ago."""
        if size == self.size:
            return self.compact
        if not self.first <= size < self.size:
            return None
        return grow(self._base, self._leaves[: size - self.first]).compact

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Return the leaf hashes [start, end) as far as they are known."""
        return self._leaves[max(start - self.first, 0) : end - self.first]
