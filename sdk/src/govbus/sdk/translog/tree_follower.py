"""Recomputes the tree while a stream is read, and holds it against every checkpoint that comes by.

Stops at the first difference. What comes twice with the same bytes, as after a publisher's crash, is none.
"""

from dataclasses import dataclass
from typing import Final

from govbus.contracts.translog.checkpoint import OpenedCheckpoint
from govbus.contracts.translog.merkle import CompactRange, leaf_hash
from govbus.contracts.translog.verification import VerificationFailed, verify_payload
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.recent_leaves import RecentLeaves
from govbus.sdk.translog.trust import Trust

KEPT_COUNT: Final = 65_536
"""Entries that can come again and still be compared; a publisher repeats some hundreds after a crash."""


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One entry of a stream, with what was published beside it; `place` is where in the stream it came."""

    place: str
    index: int
    entry: bytes
    attributes: bytes | None = None
    payload: bytes | None = None
    commitment_key: bytes | None = None


class TreeFollower:
    """The tree as far as the stream was read, and the newest checkpoint it was equal to."""

    def __init__(
        self, trust: Trust, leaves: RecentLeaves | None = None, newest: OpenedCheckpoint | None = None
    ) -> None:
        """Begin with nothing, or where another follower stopped."""
        self._trust = trust
        self.leaves = leaves or RecentLeaves(CompactRange(), [], KEPT_COUNT)
        self.newest = newest
        self.repeated_count = 0

    @property
    def size(self) -> int:
        """How many entries were read."""
        return self.leaves.size

    @property
    def checked_size(self) -> int:
        """How many of them a checkpoint covered."""
        return 0 if self.newest is None else self.newest.checkpoint.size

    def take_entry(self, came: StreamEntry) -> bool:
        """Append an entry; return False when it is one that came before.

        Raises:
            NotProved: entries are missing, this one came before with other bytes, or its payload is another.
        """
        if came.index > self.size:
            said = f"entry {came.index} comes as number {self.size}: {_missing(self.size, came.index - 1)}"
            raise NotProved.at(came.place, said, self.size)
        if came.payload is not None and came.commitment_key is not None:
            try:
                verify_payload(came.entry, came.payload, came.commitment_key, attributes=came.attributes)
            except VerificationFailed as error:
                raise NotProved.at(came.place, f"entry {came.index}: {error.detail}", came.index) from None
        leaf = leaf_hash(came.entry)
        if came.index == self.size:
            self.leaves.append(leaf)
            return True
        before = self.leaves.at(came.index)
        if before is None:
            said = f"entry {came.index} comes again, {self.size - came.index} entries later: too late to be compared"
            raise NotProved.at(came.place, said, came.index)
        if before != leaf:
            raise NotProved.at(came.place, f"entry {came.index} comes again with other bytes", came.index)
        self.repeated_count += 1
        return False

    def take_checkpoint(self, note: bytes | str, place: str) -> OpenedCheckpoint:
        """Hold the tree against a checkpoint.

        Raises:
            NotProved: not signed as it must be, of entries that did not come, or of another tree.
        """
        opened = self._trust.open(note, place)
        signed = opened.checkpoint
        if self.newest is not None and signed.origin != self.newest.checkpoint.origin:
            raise NotProved.at(place, f"a checkpoint of another log, {signed.origin}")
        if signed.size > self.size:
            said = f"a checkpoint of size {signed.size} comes behind {self.size} entries"
            raise NotProved.at(place, f"{said}: {_missing(self.size, signed.size - 1)}", self.size)
        compact = self.leaves.compact_at(signed.size)
        if compact is None:
            raise NotProved.at(place, f"a checkpoint of size {signed.size} comes too late to be compared")
        if compact.root != signed.root:
            raise self._other_root(signed.size, place)
        if signed.size >= self.checked_size:
            self.newest = opened
        return opened

    def _other_root(self, size: int, place: str) -> NotProved:
        if size <= self.checked_size:
            return NotProved.at(place, f"another signed root of size {size}: the log keeps two histories", size - 1)
        stretch = f"entries {self.checked_size} to {size - 1}"
        said = f"{stretch} lead to another root than this checkpoint of size {size} signs"
        return NotProved.at(place, said, self.checked_size)


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
