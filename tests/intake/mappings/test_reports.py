"""Every mapping of reports: whatever stands in one, it is read or refused, and nothing becomes a pass by damage."""

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govbus.intake.domain.inputs import Unit
from intake.mappings.reading import read

REPORTS: Final = (
    "cyclonedx",
    "canada_aia",
    "deepchecks",
    "evidently",
    "fairlearn",
    "garak",
    "great_expectations",
    "lm_eval",
    "model_cards",
    "model_signing",
    "modelscan",
    "pandera",
    "promptfoo",
)
STATED: Final = ({"subject": "dataset/retail/x"}, {"subject": "model/retail/x", "version": "1"})
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
DAMAGE: Final[tuple[Any, ...]] = (None, 5, "x", [], {}, False, 2**70)
PASSING: Final[dict[str, Any]] = {
    "great_expectations": {
        "success": True,
        "results": [
            {
                "success": True,
                "expectation_config": {"type": "expect_x", "kwargs": {"column": "a"}},
                "result": {"unexpected_percent": 0.0},
                "exception_info": {"raised_exception": False},
            }
        ],
        "statistics": {"success_percent": 100.0},
        "meta": {"run_id": {"run_time": "2026-11-23T03:54:30+00:00"}},
    },
    "deepchecks": {
        "type": "SuiteResult",
        "name": "s",
        "results": [
            {
                "type": "CheckResult",
                "check": {"name": "c"},
                "header": "c",
                "value": {"a": 1},
                "conditions_results": [{"Status": "PASS", "Condition": "x", "More Info": "y"}],
            }
        ],
    },
    "evidently": {
        "metrics": [{"id": "m", "metric_name": "RowCount()", "config": {}, "value": 1.0}],
        "tests": [
            {
                "name": "t",
                "description": "d",
                "status": "SUCCESS",
                "metric_config": {"metric_id": "m", "params": {"column": "a"}},
                "test_config": {"threshold": 1},
            }
        ],
    },
    "modelscan": {
        "summary": {"modelscan_version": "0.8.8", "total_issues": 0, "scanned": {"total_scanned": 1}},
        "issues": [],
        "errors": [],
    },
    "promptfoo": {"results": {"stats": {"successes": 1, "failures": 0, "errors": 0}, "results": []}, "config": {}},
}


def outcomes(unit: Unit) -> set[str]:
    """Return the outcomes in the facts of a unit."""
    return {str(draft.event.json().get("outcome")) for draft in unit.drafts}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a value."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*path, at))


def damaged(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """Return a copy with another value at a path."""
    if not path:
        return by
    found = copy.deepcopy(value)
    inside = found
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = by
    return found


@pytest.mark.parametrize("name", REPORTS)
@settings(max_examples=40, deadline=None)
@given(body=JSON, raw=st.none() | st.binary(max_size=60))
def test_any_body_is_read_or_refused(name: str, body: Any, raw: bytes | None) -> None:
    for stated in STATED:
        unit = read(name, json.dumps(body).encode() if raw is None else raw, stated=stated)
        assert unit.refused is not None or unit.drafts
        assert unit.refused is None or unit.refused.status in {400, 413, 422}


@pytest.mark.parametrize("name", sorted(PASSING))
def test_a_report_that_passes_is_read_or_refused_wherever_it_is_damaged(name: str) -> None:
    assert outcomes(read(name, PASSING[name], stated=STATED[1])) == {"passed"}
    for path in places(PASSING[name]):
        for by in DAMAGE:
            unit = read(name, damaged(PASSING[name], path, by), stated=STATED[1])
            assert unit.refused is not None or outcomes(unit) <= {"passed", "failed", "errored", "nothing_ran"}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("great_expectations", ("success",)),
        ("great_expectations", ("results",)),
        ("great_expectations", ("results", 0, "success")),
        ("deepchecks", ("results",)),
        ("deepchecks", ("results", 0, "conditions_results")),
        ("deepchecks", ("results", 0, "conditions_results", 0, "Status")),
        ("evidently", ("tests",)),
        ("evidently", ("tests", 0, "status")),
        ("modelscan", ("issues",)),
        ("modelscan", ("errors",)),
        ("modelscan", ("summary", "scanned", "total_scanned")),
        ("promptfoo", ("results", "stats", "successes")),
        ("promptfoo", ("results", "stats", "failures")),
    ],
)
@pytest.mark.parametrize("by", [None, "x", {}, False, 2**70])
def test_what_a_verdict_hangs_on_cannot_be_damaged_into_a_pass(name: str, path: tuple[Any, ...], by: Any) -> None:
    unit = read(name, damaged(PASSING[name], path, by), stated=STATED[1])
    assert "passed" not in outcomes(unit)
