"""Folds events into figures, one at a time in index order: samples that stay, and the state that goes on.

Pure. The same entries give the same samples and the same state, however they are cut into stretches.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from govbus.audit_log.domain.event_field import LoggedEvent, field_of, key_of, moment_of
from govbus.audit_log.domain.kpi import Count, Coverage, Duration, KpiSet, Mark, Measure, Place
from govbus.audit_log.domain.report_words import text_of
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time, parse_time

SampleKind = Literal["value", "unreadable", "implausible"]
"""`unreadable`: the event counts, and its payload may not be read; `implausible`: it ends before it starts."""

_ALL: Final = ""
_LABEL_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """What one entry adds to one figure."""

    kpi: str
    index: int
    kind: SampleKind
    known_at: datetime
    seconds: float | None
    label: str


@dataclass(frozen=True, slots=True)
class MeasureState:
    """What a figure must remember: starts without end, ends without start, what is over; what stands, what is proved.

    Keys are tuples of texts, written as JSON. The fold that owns it fills the mappings as it goes.
    """

    started: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    over: dict[str, None] = field(default_factory=dict)
    standing: dict[str, list[str]] = field(default_factory=dict)
    proved: dict[str, None] = field(default_factory=dict)


class KpiFold:
    """All figures of a set, after the entries it was given."""

    def __init__(self, definitions: KpiSet, state: bytes | None = None) -> None:
        """Begin with nothing, or go on from a state that `dump` returned."""
        self._by_type: dict[str, list[tuple[str, Measure]]] = {}
        for kpi in definitions.kpis:
            for name in kpi.measure.all_types:
                self._by_type.setdefault(name, []).append((kpi.id, kpi.measure))
        written = strict_json.parse(state) if state else {}
        self.states = {kpi.id: _read_state(written.get(kpi.id, {})) for kpi in definitions.kpis}

    def dump(self) -> bytes:
        """Return the state; equal states give equal bytes."""
        return strict_json.dump_sorted({name: _written_state(state) for name, state in self.states.items()})

    def add(self, event: LoggedEvent) -> list[Sample]:
        """Take the next event; return what it adds, at most one sample per figure."""
        found: list[Sample] = []
        for kpi, measure in self._by_type.get(event.type, ()):
            state = self.states[kpi]
            match measure:
                case Duration():
                    sample = _add_duration(measure, state, event, kpi)
                case Count():
                    sample = _add_count(measure, event, kpi)
                case Coverage():
                    sample = _add_coverage(measure, state, event, kpi)
            if sample is not None:
                found.append(sample)
        return found


def covered(state: MeasureState, key_width: int) -> tuple[int, int]:
    """Return how many distinct things stand somewhere, and how many of them are proved."""
    standing = {tuple(value) for value in state.standing.values()}
    proved = sum(_key(value[:key_width]) in state.proved for value in standing)
    return len(standing), proved


def _add_duration(measure: Duration, state: MeasureState, event: LoggedEvent, kpi: str) -> Sample | None:
    found: Sample | None = None
    for mark, is_start in ((measure.start, True), (measure.end, False)):
        if event.type not in mark.types:
            continue
        if event.document is None:
            return _unreadable(kpi, event)
        if mark.accepts(event):
            found = _mark(measure, mark, state, event, kpi, is_start=is_start) or found
    return found


def _mark(
    measure: Duration, mark: Mark, state: MeasureState, event: LoggedEvent, kpi: str, *, is_start: bool
) -> Sample | None:
    """Note one point; return the sample when the other one is there, whichever came first into the log."""
    values, at = key_of(event, mark.key), moment_of(event, mark.at)
    if values is None or at is None:
        return None
    key = _key(values)
    if key in state.over or key in (state.started if is_start else state.ended):
        return None
    other = (state.ended if is_start else state.started).get(key)
    if other is None:
        if is_start:
            state.started[key] = format_time(at)
        elif not measure.repeats:
            state.ended[key] = format_time(at)
        return None
    state.started.pop(key, None)
    state.ended.pop(key, None)
    if not measure.repeats:
        state.over[key] = None
    start, end = (at, parse_time(other)) if is_start else (parse_time(other), at)
    seconds = (end - start).total_seconds()
    if seconds < 0:
        return Sample(kpi, event.index, "implausible", event.known_at, None, _ALL)
    return Sample(kpi, event.index, "value", event.known_at, seconds, _ALL)


def _add_count(measure: Count, event: LoggedEvent, kpi: str) -> Sample | None:
    if event.document is None and measure.needs_payload:
        return _unreadable(kpi, event)
    if not measure.accepts(event):
        return None
    label = field_of(event, measure.by) if measure.by else None
    text = _ALL if label is None else text_of(label)[:_LABEL_CHARACTERS]
    return Sample(kpi, event.index, "value", event.known_at, None, text)


def _add_coverage(measure: Coverage, state: MeasureState, event: LoggedEvent, kpi: str) -> Sample | None:
    if event.document is None:
        return _unreadable(kpi, event)
    for place in measure.standing:
        if event.type in place.types:
            _place(place, state, event)
    proof = measure.proof
    if event.type in proof.types and proof.accepts(event):
        values = key_of(event, proof.key)
        if values is not None:
            state.proved[_key(values)] = None
    return None


def _place(place: Place, state: MeasureState, event: LoggedEvent) -> None:
    key = key_of(event, place.key)
    if key is None:
        return
    value = key_of(event, place.value) if place.value else None
    if value is None:
        state.standing.pop(_key(key), None)
    else:
        state.standing[_key(key)] = list(value)


def _unreadable(kpi: str, event: LoggedEvent) -> Sample:
    return Sample(kpi, event.index, "unreadable", event.known_at, None, _ALL)


def _key(values: Iterable[str]) -> str:
    return strict_json.dump(list(values)).decode()


def _read_state(written: dict[str, Any]) -> MeasureState:
    return MeasureState(
        started=written.get("started", {}),
        ended=written.get("ended", {}),
        over=dict.fromkeys(written.get("over", ())),
        standing=written.get("standing", {}),
        proved=dict.fromkeys(written.get("proved", ())),
    )


def _written_state(state: MeasureState) -> dict[str, Any]:
    return {
        "started": state.started,
        "ended": state.ended,
        "over": sorted(state.over),
        "standing": state.standing,
        "proved": sorted(state.proved),
    }
