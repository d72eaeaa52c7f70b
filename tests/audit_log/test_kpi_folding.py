"""The fold of key figures: however the log is cut into stretches, samples and state are the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from govbus.audit_log.domain.event_field import LoggedEvent
from govbus.audit_log.domain.kpi_folding import KpiFold
from govbus.audit_log.rule_files import load_kpis
from govbus.contracts.envelope import format_time

DEFINITIONS = load_kpis(Path(__file__).parents[2] / "policies" / "kpis.yaml")
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TYPES = sorted(DEFINITIONS.all_types)
FEW = st.sampled_from(["a", "b"])
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "incident_id": FEW,
        "version": FEW,
        "target_version": FEW,
        "environment": FEW,
        "source_name": FEW,
        "silent_since": st.just(format_time(NOW)),
        "ended": st.booleans(),
        "exercise": st.booleans(),
        "at": st.integers(0, 99).map(lambda minutes: format_time(NOW + timedelta(minutes=minutes))),
        "decision": FEW,
        "service": FEW,
        "topic": FEW,
        "partition": st.just(0),
        "offset": st.just(1),
    },
)


def event(index: int, type_: str, subject: str, minutes: int, document: Any) -> LoggedEvent:
    """Return an event as the fold reads it."""
    at = NOW + timedelta(minutes=minutes)
    return LoggedEvent(index=index, type=type_, id=str(index), subject=subject, time=at, known_at=at, document=document)


EVENTS = st.lists(st.tuples(st.sampled_from(TYPES), FEW, st.integers(0, 99), st.none() | PAYLOADS), max_size=40).map(
    lambda told: [event(index, *said) for index, said in enumerate(told)]
)


@given(EVENTS, st.sets(st.integers(1, 39)))
def test_stretches_change_nothing(events: list[LoggedEvent], cuts: set[int]) -> None:
    whole, stretched = KpiFold(DEFINITIONS), KpiFold(DEFINITIONS)
    for one in events:
        if one.index in cuts:
            stretched = KpiFold(DEFINITIONS, stretched.dump())
        assert whole.add(one) == stretched.add(one)
    assert whole.dump() == stretched.dump()


@given(EVENTS)
def test_an_entry_adds_one_sample_to_a_figure_at_most(events: list[LoggedEvent]) -> None:
    fold = KpiFold(DEFINITIONS)
    samples = [sample for one in events for sample in fold.add(one)]
    assert len({(sample.kpi, sample.index) for sample in samples}) == len(samples)
    assert all(sample.seconds is None or sample.seconds >= 0 for sample in samples)


def test_an_end_before_its_start_is_implausible_and_no_figure() -> None:
    fold = KpiFold(DEFINITIONS)
    opened = {"incident_id": "a"}
    resolved = {"incident_id": "a", "at": format_time(NOW)}
    assert fold.add(event(0, "incident.opened", "incident/a", 5, opened)) == []
    [sample] = fold.add(event(1, "incident.resolved", "incident/a", 9, resolved))
    assert (sample.kpi, sample.kind, sample.seconds) == ("time_to_resolve", "implausible", None)


def test_a_rollback_to_nothing_known_leaves_nothing_standing() -> None:
    fold = KpiFold(DEFINITIONS)
    place = {"environment": "production"}
    fold.add(event(0, "deployment.completed", "model/a/b", 0, {**place, "version": "2"}))
    assert fold.states["validation_coverage"].standing == {'["model/a/b","production"]': ["model/a/b", "2"]}
    fold.add(event(1, "deployment.rolled_back", "model/a/b", 1, {**place, "version": "2", "target_version": "1"}))
    assert fold.states["validation_coverage"].standing == {'["model/a/b","production"]': ["model/a/b", "1"]}
    fold.add(event(2, "deployment.rolled_back", "model/a/b", 2, {**place, "version": "1"}))
    assert fold.states["validation_coverage"].standing == {}
