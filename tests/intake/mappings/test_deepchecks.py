"""Deepchecks: conditions decide; a check without one says nothing, a check that could not run is no pass."""

import json
from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

DATASET = {"subject": "dataset/retail/applications"}
MODEL = {"subject": "model/retail/credit-risk", "version": "7"}


def check(header: str, value: Any = None, *statuses: str) -> dict[str, Any]:
    """Return a check with a condition per status."""
    conditions = [{"Status": status, "Condition": f"c{at}", "More Info": "why"} for at, status in enumerate(statuses)]
    return {
        "type": "CheckResult",
        "check": {"name": header, "params": {}},
        "header": header,
        "value": value,
        "conditions_results": conditions,
        "display": None,
    }


def failure(header: str) -> dict[str, Any]:
    """Return a check that could not run."""
    return {"type": "CheckFailure", "header": header, "check": {"name": header}, "exception": "no datetime"}


def suite(*results: Any, name: str = "Model Evaluation Suite") -> dict[str, Any]:
    """Return a suite's result."""
    return {"type": "SuiteResult", "name": name, "results": list(results)}


def outcome(*results: Any) -> str:
    """Return the outcome for the data set."""
    ((_, _, data),) = facts("deepchecks", suite(*results), stated=DATASET)
    return str(data["outcome"])


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([check("a", 1, "PASS")], "passed"),
        ([check("a", 1, "PASS", "FAIL")], "failed"),
        ([check("a", 1, "PASS"), check("b", 1, "WARN")], "failed"),
        ([check("a", 1, "PASS"), check("b", 1, "ERROR")], "errored"),
        ([check("a", 1, "PASS"), failure("b")], "errored"),
        ([failure("b"), check("a", 1, "FAIL")], "failed"),
        ([check("a", 1)], "nothing_ran"),
        ([], "nothing_ran"),
        ([check("a", 1, "PASS"), check("b", 1, "A NEW STATUS")], "errored"),
    ],
)
def test_nothing_but_held_conditions_is_a_pass(results: list[Any], expected: str) -> None:
    assert outcome(*results) == expected


def test_conditions_written_as_json_in_a_text_count_as_well() -> None:
    conditions = json.dumps(check("a", 1, "PASS", "FAIL")["conditions_results"])
    assert outcome({**check("a", 1), "conditions_results": conditions}) == "failed"


def test_a_check_without_conditions_is_neither_pass_nor_fail() -> None:
    ((_, _, data),) = facts("deepchecks", suite(check("Größe", 3), check("b", 1, "PASS")), stated=DATASET)
    assert data["checks"] == [
        {"name": "Größe", "outcome": "no_verdict"},
        {"name": "b: c0", "outcome": "passed", "detail": "why"},
    ]
    assert (data["outcome"], data["checks_count"]) == ("passed", 2)


def test_a_check_that_could_not_run_says_why() -> None:
    ((_, _, data),) = facts("deepchecks", suite(failure("Leakage")), stated=DATASET)
    assert data["checks"] == [{"name": "Leakage", "outcome": "errored", "detail": "no datetime"}]


def test_figures_are_found_in_every_shape_also_json_in_a_text() -> None:
    rows = [{"Dataset": "Test", "Class": 0, "Metric": "F1", "Value": 0.9, "Number of samples": 66}]
    ((kind, _, data),) = facts(
        "deepchecks",
        suite(
            check("Train Test Performance", json.dumps(rows)),
            check("Prediction Drift", {"Drift score": {"dtype": "float64", "value": 0.2}, "Method": "KS"}),
            check("Inference Time", 1e-6),
            check("Feature Drift", {"age": {"Drift score": 0.1, "Method": "KS"}}),
            check("Confusion", '[{"0": 140, "1": 6}]'),
            check("Text", "no figure"),
            check("Nothing"),
        ),
        stated=MODEL,
    )
    assert (kind, data["kind"], data["outcome"]) == ("validation.completed", "performance", "nothing_ran")
    assert data["measurements"] == [
        {"metric": "F1", "value": 0.9, "subgroup": "Test, class 0"},
        {"metric": "Prediction Drift: Drift score", "value": 0.2},
        {"metric": "Inference Time", "value": 1e-6},
        {"metric": "Feature Drift: age", "value": 0.1},
    ]


@pytest.mark.parametrize("value", ["[not json", "[0.1, NaN]", "[array([1])]", "{1: 2}"])
def test_a_value_that_is_a_text_and_no_json_yields_no_figure(value: str) -> None:
    ((_, _, data),) = facts("deepchecks", suite(check("a", value, "PASS")), stated=MODEL)
    assert (data["outcome"], data["measurements"]) == ("passed", [])


def test_suites_about_data_alone_are_called_so() -> None:
    for name in ("Data Integrity Suite", "Train Test Validation Suite"):
        ((_, _, data),) = facts("deepchecks", suite(check("a", 1, "PASS"), name=name), stated=MODEL)
        assert data["kind"] == "data_quality"


def test_a_check_on_its_own_is_read_too() -> None:
    ((_, _, data),) = facts("deepchecks", check("a", 2**60, "PASS"), stated=DATASET)
    assert data["outcome"] == "passed"


def test_without_a_stated_subject_it_is_refused_with_the_path() -> None:
    assert refusal("deepchecks", suite(check("a", 1, "PASS"))) == ("mapping_failed", ["/context/subject"])


@pytest.mark.parametrize("body", [{}, [], None, "x", {"type": "Other"}])
def test_anything_else_is_not_of_this_platform(body: Any) -> None:
    assert refusal("deepchecks", body, stated=DATASET)[0] == "unmapped"


@pytest.mark.parametrize("results", [None, {}, [None], [5], "text"])
def test_hostile_results_never_pass(results: Any) -> None:
    unit = read("deepchecks", {**suite(), "results": results}, stated=DATASET)
    assert unit.refused is not None or unit.drafts[0].event.json()["outcome"] == "nothing_ran"
