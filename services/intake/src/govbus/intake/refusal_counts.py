"""Counts what nobody authenticated sent: one row per minute, reason and source, so that a flood costs nothing.

What was counted since the last flush is lost with the process; the refusals themselves were answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from govbus.intake.store.rejected import Refusals


@dataclass(slots=True)
class _Tally:
    count: int
    first_at: datetime
    last_at: datetime


class RefusalCounts:
    """In-memory tallies between two flushes; reasons and registered names bound their number."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Start empty."""
        self._clock = clock
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def count(self, reason: str, source_name: str = "") -> None:
        """Count one refusal; `source_name` only where it is registered."""
        now = self._clock()
        tally = self._tallies.setdefault((reason, source_name), _Tally(0, now, now))
        tally.count += 1
        tally.last_at = now

    def take(self) -> list[Refusals]:
        """Return the tallies, under the minute that runs now, and start anew."""
        minute = minute_of(self._clock())
        taken, self._tallies = self._tallies, {}
        return [
            Refusals(minute, reason, source_name, tally.count, tally.first_at, tally.last_at)
            for (reason, source_name), tally in taken.items()
        ]

    def give_back(self, refusals: list[Refusals]) -> None:
        """Count again what could not be written."""
        for one in refusals:
            tally = self._tallies.setdefault((one.reason, one.source_name), _Tally(0, one.first_at, one.last_at))
            tally.count += one.count
            tally.first_at = min(tally.first_at, one.first_at)


def minute_of(moment: datetime) -> datetime:
    """Return the start of the minute."""
    return moment.replace(second=0, microsecond=0)
