"""Judging validations and monitoring: a pass is only what ran, passed, and held."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts.conclusions.monitoring import DriftDetected, ThresholdBreached
from govbus.contracts.conclusions.validation import ValidationFailed, ValidationPassed
from govbus.contracts.facts.monitoring import MonitorObserved
from govbus.contracts.facts.validation import Measurement, ValidationCompleted
from govbus.contracts.fields import Window
from govbus.risk.domain.judgement import Judgement, judge
from govbus.risk.domain.monitoring import Breach, Series, observe
from risk.rules import BOUNDS

START = datetime(2026, 1, 1, tzinfo=UTC)


def judged(kind: str, outcome: Any, *figures: tuple[str, float, str | None], unit: str | None = None) -> Judgement:
    measurements = tuple(Measurement(metric=m, value=v, subgroup=s, unit=unit) for m, v, s in figures)
    fact = ValidationCompleted(version="1", kind=kind, outcome=outcome, measurements=measurements)
    return judge(fact, "fact-1", "high", BOUNDS)


@pytest.mark.parametrize(
    ("figures", "gap"),
    [
        ([("rate", 0.41, "a"), ("rate", 0.44, "b")], 0.03),
        ([("rate", 0.41, "a"), ("rate", 0.44, "b"), ("rate", 0.49, "c")], 0.08),
        ([("demographic_parity_difference", -0.04, None)], 0.04),
        ([("rate", 0.41, "a"), ("rate", 0.44, "b"), ("count", 10, "a"), ("count", 9000, "b")], 0.03),
    ],
)
def test_fairness_within_its_gap_passes(figures: list[tuple[str, float, str | None]], gap: float) -> None:
    found = judged("fairness", "passed", *figures)
    assert isinstance(found, ValidationPassed)
    assert found.worst_gap == pytest.approx(gap)


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ([("rate", 0.41, "women"), ("rate", 0.63, "men")], "gap in rate between women and men is 0.22"),
        ([("equalized_odds_difference", -0.3, None)], "equalized_odds_difference of all is 0.3"),
        ([("rate", 0.4, "a")], "compares no subgroups"),
        ([], "compares no subgroups"),
        ([("disparate_impact", 0.7, "a")], "disparate_impact of a is 0.7, below the least allowed, 0.8"),
    ],
)
def test_a_passed_fairness_validation_whose_figures_break_a_bound_is_failed(
    figures: list[tuple[str, float, str | None]], says: str
) -> None:
    found = judged("fairness", "passed", *figures)
    assert isinstance(found, ValidationFailed)
    assert says in found.reasons[0]


def test_percentages_are_compared_as_ratios() -> None:
    assert isinstance(judged("fairness", "passed", ("rate", 41, "a"), ("rate", 44, "b"), unit="%"), ValidationPassed)


def test_a_ratio_within_its_bound_is_enough_of_a_comparison() -> None:
    assert isinstance(judged("fairness", "passed", ("disparate_impact", 0.9, "a")), ValidationPassed)


@pytest.mark.parametrize("outcome", ["failed", "errored", "nothing_ran"])
@pytest.mark.parametrize("kind", ["performance", "fairness", "never_heard_of"])
def test_what_is_not_a_pass_never_becomes_one(outcome: str, kind: str) -> None:
    found = judged(kind, outcome, ("rate", 0.4, "a"), ("rate", 0.4, "b"))
    assert isinstance(found, ValidationFailed)
    assert found.reasons


@given(
    st.sampled_from(["passed", "failed", "errored", "nothing_ran"]),
    st.lists(st.tuples(st.sampled_from(["rate", "tpr"]), st.floats(-1, 1), st.sampled_from(["a", "b", None]))),
    st.floats(-1, 1),
)
def test_one_more_figure_never_turns_a_failure_of_gaps_into_a_smaller_gap(
    outcome: str, figures: list[tuple[str, float, str | None]], value: float
) -> None:
    before = judged("fairness", outcome, *figures)
    after = judged("fairness", outcome, *figures, ("rate", value, "c"))
    assert (after.worst_gap or 0.0) >= (before.worst_gap or 0.0)


def observed(
    value: float, hour: int, metric: str = "psi", sample_size: int | None = None, subgroup: str | None = None
) -> MonitorObserved:
    window = Window(start=START + timedelta(hours=hour), end=START + timedelta(hours=hour + 1))
    return MonitorObserved(
        environment="production",
        metric=metric,
        kind="technical",
        window=window,
        value=value,
        sample_size=sample_size,
        subgroup=subgroup,
    )


def run(*facts: MonitorObserved) -> tuple[Series, list[Breach]]:
    series, breaches = Series(version="1"), []
    for number, fact in enumerate(facts):
        series, breach = observe(series, fact, "1", f"fact-{number}", "high", BOUNDS)
        breaches += [breach] if breach else []
    return series, breaches


def test_a_breach_needs_several_windows_in_a_row_and_is_said_once() -> None:
    assert run(observed(0.5, 0), observed(0.5, 1))[1] == []
    series, breaches = run(*(observed(0.5, hour) for hour in range(6)))
    assert [breach.observation_id for breach in breaches] == ["fact-2"]
    assert series.standing
    assert series.standing.evidence_id == "fact-2"


def test_one_good_window_neither_clears_a_breach_nor_lets_it_be_said_again() -> None:
    bad, good = [0.5] * 3, [0.1]
    series, breaches = run(*(observed(value, hour) for hour, value in enumerate(bad + good + bad)))
    assert len(breaches) == 1
    assert series.standing
    series, breaches = run(*(observed(value, hour) for hour, value in enumerate(bad + good * 3 + bad)))
    assert len(breaches) == 2


def test_flapping_figures_never_breach() -> None:
    assert run(*(observed(0.5 if hour % 2 else 0.1, hour) for hour in range(20)))[1] == []


def test_late_windows_and_small_samples_count_neither_way() -> None:
    assert run(observed(0.5, 5), observed(0.5, 4), observed(0.5, 3), observed(0.5, 5))[1] == []
    assert run(*(observed(0.5, hour, sample_size=3) for hour in range(9)))[1] == []


def test_a_long_silence_begins_counting_anew() -> None:
    assert run(observed(0.5, 0), observed(0.5, 1), observed(0.5, 999))[1] == []


def test_drift_figures_are_drift_and_others_breaches() -> None:
    assert isinstance(run(*(observed(0.5, hour) for hour in range(3)))[1][0], DriftDetected)
    assert isinstance(run(*(observed(0.5, hour, "error_rate") for hour in range(3)))[1][0], ThresholdBreached)
    below = run(*(observed(0.5, hour, "accuracy") for hour in range(3)))[1][0]
    assert (below.bound_kind, below.bound) == ("min", 0.7)


def test_a_metric_without_a_bound_is_kept_and_never_breaches() -> None:
    assert run(*(observed(1e9, hour, "temperature") for hour in range(9)))[1] == []
    assert run(*(observed(0.0, hour, "ks_drift_p_value") for hour in range(9)))[1] == []
