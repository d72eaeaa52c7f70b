"""Erasures and prunings on record: which payloads an entry of the log takes away, and that it did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from govbus.audit_log.domain.index_ranges import Range, count_of, holds, merged
from govbus.audit_log.domain.own_entries import ERASURE, PRUNE
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time

LIMIT_COUNT: Final = 10_000
"""Payloads that one entry takes away: one transaction of the eraser, well below its limit."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What one entry takes away; `types` and `before` narrow a pruning, an erasure has neither."""

    ranges: tuple[Range, ...]
    types: tuple[str, ...] | None = None
    before: date | None = None

    @property
    def kind(self) -> str:
        """Return the kind of its entry."""
        return ERASURE if self.types is None else PRUNE

    def covers(self, index: int, label: str, logged_on: date) -> bool:
        """Return whether the payload at an index is among what goes."""
        if self.types is not None and self.before is not None and (label not in self.types or logged_on >= self.before):
            return False
        return holds(self.ranges, index)


def said_of_erasure(erasure: Erasure, reason: str, asked_by: str, confirmed_by: str, at: datetime) -> dict[str, Any]:
    """Return what an `erasure` entry says."""
    return {
        "ranges": [list(item) for item in erasure.ranges],
        "count": count_of(erasure.ranges),
        "reason": reason,
        "asked_by": asked_by,
        "confirmed_by": confirmed_by,
        "at": format_time(at),
    }


def said_of_pruning(erasure: Erasure, count: int, policy_sha256: str, at: datetime) -> dict[str, Any]:
    """Return what a `prune` entry says."""
    return {
        "ranges": [list(item) for item in erasure.ranges],
        "types": list(erasure.types or ()),
        "before": erasure.before.isoformat() if erasure.before else None,
        "count": count,
        "policy_sha256": policy_sha256,
        "at": format_time(at),
    }


def read_erasure(kind: str, payload: bytes) -> Erasure:
    """Return what an entry takes away, from its payload.

    Raises:
        ValueError: the payload is not one of these.
    """
    try:
        said = strict_json.parse(payload)
        ranges = merged((int(first), int(last)) for first, last in said["ranges"])
        if kind == ERASURE:
            return Erasure(ranges)
        return Erasure(ranges, tuple(said["types"]), date.fromisoformat(said["before"]))
    except (strict_json.InvalidJson, KeyError, TypeError) as error:
        raise ValueError(f"not what a {kind} entry says: {error}") from None


class Explained:
    """Which missing payloads the log's own entries explain, in memory that grows with the ranges alone."""

    def __init__(self, erasures: Iterable[Erasure]) -> None:
        """Take every erasure and pruning on record."""
        known = list(erasures)
        self._erased = merged(item for erasure in known if erasure.types is None for item in erasure.ranges)
        self._pruned: Sequence[Erasure] = [erasure for erasure in known if erasure.types is not None]

    def covers(self, index: int, label: str, logged_on: date) -> bool:
        """Return whether an entry says that this payload is gone."""
        return holds(self._erased, index) or any(item.covers(index, label, logged_on) for item in self._pruned)

    def within(self, first: int, last: int) -> "Explained":
        """Return what concerns the indexes from `first` to `last` alone, so that asking is quick."""
        narrowed = Explained(())
        narrowed._erased = tuple(item for item in self._erased if item[0] <= last and item[1] >= first)
        narrowed._pruned = [
            erasure for erasure in self._pruned if any(a <= last and b >= first for a, b in erasure.ranges)
        ]
        return narrowed
