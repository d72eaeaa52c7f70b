"""Where a follower stopped, in a file; what the log did not sign of it is not believed."""

from pathlib import Path
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.merkle import CompactRange, grow
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.recent_leaves import RecentLeaves
from govbus.sdk.translog.tree_follower import KEPT_COUNT, TreeFollower
from govbus.sdk.translog.trust import Trust

_FORMAT: Final = "govbus-follow-state/1"
_LEAVES_COUNT: Final = 1024
"""Leaf hashes that go into the file: several times what a publisher repeats after a crash."""

_WRITE_EVERY_COUNT: Final = 50
"""Checkpoints from one writing to the next: ten seconds of a log that grows."""


class StateFile:
    """The state of one follower, written every so many checkpoints and at the end."""

    def __init__(self, file: Path, trust: Trust) -> None:
        """Touch nothing yet."""
        self._file = file
        self._trust = trust
        self._marked: tuple[TreeFollower, int | None, int] | None = None
        self._marks_count = 0

    def resume(self) -> tuple[TreeFollower, int | None]:
        """Return the follower that goes on, and the offset of the topic to read next; a new one without a file.

        Raises:
            NotProved: not a state, or the log never signed this tree.
        """
        try:
            raw = self._file.read_bytes()
        except FileNotFoundError:
            return TreeFollower(self._trust), None
        place = str(self._file)
        try:
            base, leaves, next_offset, note = _parts(strict_json.parse(raw))
        except (ValueError, KeyError, TypeError) as error:
            raise NotProved.at(place, f"is not the state of a follower: {error}") from None
        opened = self._trust.open_older(note, place)
        compact = grow(base, leaves).compact
        if (compact.size, compact.root) != (opened.checkpoint.size, opened.checkpoint.root):
            raise NotProved.at(place, "its tree is not the one that its checkpoint signs")
        return TreeFollower(self._trust, RecentLeaves(base, leaves, KEPT_COUNT), opened), next_offset

    def mark(self, follower: TreeFollower, next_offset: int | None) -> None:
        """Remember where the stream stands, when that is right behind a checkpoint of all that was read."""
        if follower.newest is None or follower.size != follower.checked_size:
            return
        self._marked = (follower, next_offset, follower.checked_size)
        self._marks_count += 1
        if not self._marks_count % _WRITE_EVERY_COUNT:
            self.save()

    def save(self) -> None:
        """Write what was marked last, whole or not at all."""
        if self._marked is None:
            return
        follower, next_offset, size = self._marked
        first = max(follower.leaves.first, size - _LEAVES_COUNT)
        base = follower.leaves.compact_at(first)
        if base is None or follower.newest is None or follower.checked_size != size:
            return
        document = {
            "format": _FORMAT,
            "base": {"size": first, "subtrees": list(map(base64_strict.encode, base.subtrees))},
            "leaves": list(map(base64_strict.encode, follower.leaves.leaves(first, size))),
            "checkpoint": str(follower.newest.note),
            "next_offset": next_offset,
        }
        begun = self._file.with_name(f".{self._file.name}.part")
        begun.write_bytes(strict_json.dump(document) + b"\n")
        begun.replace(self._file)


def _parts(document: Any) -> tuple[CompactRange, list[bytes], int | None, str]:
    if document["format"] != _FORMAT:
        raise ValueError(f"`format` is not {_FORMAT}")
    subtrees = tuple(map(base64_strict.decode_hash, document["base"]["subtrees"]))
    next_offset, note = document["next_offset"], document["checkpoint"]
    if not isinstance(note, str) or not (next_offset is None or type(next_offset) is int):
        raise TypeError("`checkpoint` is not text, or `next_offset` not a whole number")
    leaves = list(map(base64_strict.decode_hash, document["leaves"]))
    return CompactRange(document["base"]["size"], subtrees), leaves, next_offset, note
