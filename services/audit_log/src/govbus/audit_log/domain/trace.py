"""Causes and effects of an event as a graph: who said what because of what, and how long after it.

A cause is named by its id alone, and ids are unique per source only: every event of that id is a possible cause, and
each such edge says that it is ambiguous. Forged ids can make loops; a graph has no trouble with them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from govbus.contracts.making import SERVICE_SOURCE

DEPTH_COUNT: Final = 32
"""Steps followed from the event, each way: chains of decisions are a handful long."""

EVENTS_COUNT: Final = 500
"""Events shown, so that a forged fan of effects ends here."""


@dataclass(frozen=True, slots=True)
class TracedEvent:
    """One event of the log as a trace needs it; `known_at` is when Govbus came to know."""

    index: int
    id: str
    source: str
    type: str
    subject: str
    correlation_id: str | None
    causation_id: str | None
    known_at: datetime
    entry: bytes

    @property
    def service(self) -> str | None:
        """The service of Govbus that concluded this; None for a platform's fact."""
        start, _, name = self.source.partition(SERVICE_SOURCE)
        return name if name and not start and "/" not in name else None


@dataclass(frozen=True, slots=True)
class Edge:
    """`effect` names `cause` as what led to it, `delay_ms` later; ambiguous: other events have the cause's id, too."""

    cause: int
    effect: int
    delay_ms: int
    is_ambiguous: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """Events around those asked for (indexes in `asked`), in index order, and how they hang together.

    `missing` are causes that are named and not in the log (yet), with the indexes of those that name them;
    `correlations` the indexes of the events of each correlation; `is_cut` says that there is more.
    """

    asked: tuple[int, ...]
    events: tuple[TracedEvent, ...]
    edges: tuple[Edge, ...]
    missing: tuple[tuple[str, tuple[int, ...]], ...]
    correlations: tuple[tuple[str | None, tuple[int, ...]], ...]
    is_cut: bool


def lay_out(asked: Iterable[int], events: Iterable[TracedEvent], *, is_cut: bool) -> Trace:
    """Return the trace of events that were found; a cause that was not looked for because of a limit is not missing."""
    ordered = tuple(sorted(events, key=lambda event: event.index))
    by_id: defaultdict[str, list[TracedEvent]] = defaultdict(list)
    by_correlation: defaultdict[str | None, list[int]] = defaultdict(list)
    missing: defaultdict[str, list[int]] = defaultdict(list)
    for event in ordered:
        by_id[event.id].append(event)
        by_correlation[event.correlation_id].append(event.index)
    edges: list[Edge] = []
    for effect in ordered:
        causes = by_id.get(effect.causation_id, []) if effect.causation_id is not None else []
        edges += _edges(effect, causes)
        if effect.causation_id is not None and not causes and not is_cut:
            missing[effect.causation_id].append(effect.index)
    return Trace(
        tuple(sorted(asked)),
        ordered,
        tuple(edges),
        tuple((id_, tuple(indexes)) for id_, indexes in missing.items()),
        tuple((id_, tuple(indexes)) for id_, indexes in by_correlation.items()),
        is_cut,
    )


def _edges(effect: TracedEvent, causes: Sequence[TracedEvent]) -> list[Edge]:
    return [
        Edge(
            cause.index, effect.index, (effect.known_at - cause.known_at) // timedelta(milliseconds=1), len(causes) > 1
        )
        for cause in causes
        if cause.index != effect.index
    ]
