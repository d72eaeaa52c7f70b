"""Gap-free counters: which of a platform's `sequence` numbers arrived, and which are missing. Pure.

Every `source` URI has a counter of its own. It may begin with any number: what lies below the first one that arrived
is not missing. A jump opens a gap, one however long; numbers that come late take it away piece by piece.

A counter begins anew with 0 or 1: such a number, if it is neither missing nor a duplicate, and its event states a time
behind that of the highest number, starts another run, and what is missing of the last run stays missing. Without a
stated time a late straggler cannot be told from a restart, so that the counter waits until it passes its old height.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from govbus.contracts.conclusions.source import SourceGapDetected
from govbus.contracts.envelope import Event, parse_time
from govbus.contracts.making import clock_concluded
from govbus.contracts.subjects import Subject

LARGEST: Final = 2**53 - 1
"""What every JSON reader keeps exact; nobody counts that far."""

_DIGITS_COUNT: Final = 16
_BEGINNINGS: Final = (0, 1)
_RULE: Final = "sequence_gap"


@dataclass(frozen=True, slots=True)
class Numbered:
    """One number that came in; `stated_at` is the time its event states, None when it states none."""

    uri: str
    number: int
    stated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counter:
    """How far a counter has come; `highest_at` is the time that the event of the highest number states."""

    run: int
    highest: int
    highest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers `first` to `last`, that are missing of the gap which begins with `gap_first`."""

    first: int
    last: int
    gap_first: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A gap that was not known before; `missing_count` is less than its length when some of it has come already."""

    run: int
    first: int
    last: int
    missing_count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap as it is kept."""

    uri: str
    run: int
    first: int
    last: int
    missing_count: int
    noticed_at: datetime
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What numbers did to one counter: the counter after them, and what is to be added and taken away.

    `ended_run` is the run whose ranges are no longer watched. `arrived` counts late numbers by the first number of
    their gap; `removed` and `added` are ranges of the present run.
    """

    counter: Counter
    ended_run: int | None = None
    opened: tuple[Opened, ...] = ()
    arrived: Mapping[int, int] = field(default_factory=dict)
    removed: tuple[Missing, ...] = ()
    added: tuple[Missing, ...] = ()


def is_number(text: str) -> bool:
    """Return whether an attribute `sequence` is a number that can be counted."""
    return len(text) <= _DIGITS_COUNT and text.isascii() and text.isdigit() and int(text) <= LARGEST


def numbered(attributes: Mapping[str, str]) -> Numbered | None:
    """Return the number of an event whose attributes were checked, None when it has none."""
    if "sequence" not in attributes:
        return None
    time = attributes.get("time")
    return Numbered(attributes["source"], int(attributes["sequence"]), parse_time(time) if time else None)


def by_uri(arrivals: Iterable[Numbered]) -> dict[str, list[Numbered]]:
    """Return the arrivals of each counter, in their order."""
    found: dict[str, list[Numbered]] = {}
    for arrival in arrivals:
        found.setdefault(arrival.uri, []).append(arrival)
    return found


def advance(counter: Counter | None, hit: Sequence[Missing], arrivals: Sequence[Numbered]) -> Change:
    """Return what `arrivals` of one counter do; `hit` are the kept ranges that hold any of their numbers."""
    first, *others = arrivals
    tally = _Tally(counter or Counter(0, first.number, first.stated_at), hit)
    for arrival in others if counter is None else arrivals:
        tally.take(arrival)
    return tally.change()


class _Tally:
    """A counter while numbers are taken, one after the other."""

    def __init__(self, counter: Counter, hit: Sequence[Missing]) -> None:
        self._counter = counter
        self._kept = tuple(hit)
        self._ranges = list(hit)
        self._opened: dict[int, Opened] = {}
        self._finished: list[Opened] = []
        self._arrived: dict[int, int] = {}
        self._ended_run: int | None = None

    def take(self, arrival: Numbered) -> None:
        counter, number = self._counter, arrival.number
        if number > counter.highest:
            if number > counter.highest + 1:
                self._open(counter.highest + 1, number - 1)
            self._counter = replace(counter, highest=number, highest_at=arrival.stated_at or counter.highest_at)
        elif (late := self._range_of(number)) is not None:
            self._fill(late, number)
        elif _begins_anew(counter, arrival):
            self._begin(arrival)

    def change(self) -> Change:
        opened = tuple(gap for gap in (*self._finished, *self._opened.values()) if gap.missing_count)
        kept = () if self._ended_run is not None else self._kept
        return Change(
            counter=self._counter,
            ended_run=self._ended_run,
            opened=opened,
            arrived=self._arrived,
            removed=tuple(one for one in kept if one not in self._ranges),
            added=tuple(one for one in self._ranges if one not in kept),
        )

    def _range_of(self, number: int) -> Missing | None:
        return next((one for one in self._ranges if one.first <= number <= one.last), None)

    def _open(self, first: int, last: int) -> None:
        self._opened[first] = Opened(self._counter.run, first, last, last - first + 1)
        self._ranges.append(Missing(first, last, first))

    def _fill(self, late: Missing, number: int) -> None:
        pieces = (replace(late, last=number - 1), replace(late, first=number + 1))
        self._ranges.remove(late)
        self._ranges.extend(piece for piece in pieces if piece.first <= piece.last)
        if late.gap_first in self._opened:
            gap = self._opened[late.gap_first]
            self._opened[late.gap_first] = replace(gap, missing_count=gap.missing_count - 1)
        else:
            self._arrived[late.gap_first] = self._arrived.get(late.gap_first, 0) + 1

    def _begin(self, arrival: Numbered) -> None:
        if self._ended_run is None:
            self._ended_run = self._counter.run
        self._counter = Counter(self._counter.run + 1, arrival.number, arrival.stated_at)
        self._finished.extend(self._opened.values())
        self._opened.clear()
        self._ranges.clear()


def _begins_anew(counter: Counter, arrival: Numbered) -> bool:
    if arrival.number not in _BEGINNINGS or arrival.number == counter.highest:
        return False
    return arrival.stated_at is not None and counter.highest_at is not None and arrival.stated_at > counter.highest_at


def gap_event(source_name: str, gap: Gap, at: datetime) -> Event:
    """Return `source.gap_detected` about a gap as it is now: closed when nothing of it is missing any more."""
    closed = gap.missing_count == 0
    payload = SourceGapDetected(
        source_name=source_name,
        counted_source=gap.uri,
        first_missing=gap.first,
        last_missing=gap.last,
        missing_count=gap.missing_count,
        noticed_at=gap.noticed_at,
        closed=closed,
    )
    rule = f"{_RULE}/{gap.uri}/{gap.run}/{gap.first}-{gap.last}/{'closed' if closed else 'open'}"
    subject = str(Subject("source", (source_name,)))
    return clock_concluded("intake", subject, payload, rule, gap.noticed_at.isoformat(), at)
