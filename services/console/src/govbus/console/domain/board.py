"""The board: open incidents, newest notifications, newest checkpoint, each present or away for a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Present(Generic[T]):
    """What a service answered."""

    value: T


@dataclass(frozen=True, slots=True)
class Away:
    """A service that did not answer as it should; `sentence` is for the reader of the page."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Items:
    """The first items of a list, and whether there are more."""

    items: tuple[Mapping[str, Any], ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the newest checkpoint says: whose log, how many entries, which root."""

    origin: str
    size_count: int
    root: str


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page."""

    incidents: Present[Items] | Away
    notifications: Present[Items] | Away
    checkpoint: Present[Checkpoint] | Away

    @property
    def status(self) -> str:
        """One sentence for who cannot see the page change."""
        parts = [_count(self.incidents, "open incident"), _count(self.notifications, "notification")]
        if isinstance(self.checkpoint, Present):
            parts.append(f"log of {self.checkpoint.value.size_count} entries")
        away_count = sum(isinstance(part, Away) for part in (self.incidents, self.notifications, self.checkpoint))
        parts += [f"{away_count} of 3 services away"] if away_count else []
        return ", ".join(filter(None, parts)) + "."


class NotACheckpoint(ValueError):
    """Text that is no checkpoint."""


def parse_checkpoint(text: str) -> Checkpoint:
    """Return origin, size and root of a checkpoint; its signature is for `govbus verify`, not for a page.

    Raises:
        NotACheckpoint: fewer than three lines, or a size that is no number.

    Source: C2SP tlog-checkpoint.
    """
    lines = text.split("\n")
    if len(lines) < len(("origin", "size", "root", "")) or not (lines[1].isascii() and lines[1].isdigit()):
        raise NotACheckpoint("not <origin>, <size>, <root>")
    return Checkpoint(lines[0], int(lines[1]), lines[2])


def _count(part: Present[Items] | Away, noun: str) -> str:
    if isinstance(part, Away):
        return ""
    count = len(part.value.items)
    number = f"{count} or more" if part.value.has_more else str(count)
    return f"{number} {noun}{'' if count == 1 else 's'}"
