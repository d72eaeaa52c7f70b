"""Great Expectations: what a suite found, what raised, and what never ran."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

DATASET = {"subject": "dataset/retail/loans"}
MODEL = {"subject": "model/retail/credit-risk", "version": "7"}
QUIET = {"raised_exception": False, "exception_message": None, "exception_traceback": None}


def expectation(kind: str, *, success: bool, column: str | None = "age", **others: Any) -> dict[str, Any]:
    """Return the result of one expectation as 1.x writes it."""
    kwargs = {"batch_id": "loans-apps", **({"column": column} if column else {})}
    config = {"type": kind, "kwargs": kwargs, "meta": {}, "id": "e1", "severity": "critical"}
    return {"success": success, "expectation_config": config, "result": {}, "exception_info": QUIET, **others}


def report(*results: Any, success: bool = True, **meta: Any) -> dict[str, Any]:
    """Return a validation result."""
    return {
        "success": success,
        "results": list(results),
        "suite_name": "loans",
        "statistics": {"evaluated_expectations": len(results), "success_percent": None},
        "meta": {"great_expectations_version": "1.24.1", **meta},
        "id": None,
    }


def checked(body: Any) -> dict[str, Any]:
    """Return the data of the one fact about the data set."""
    ((kind, subject, data),) = facts("great_expectations", body, stated=DATASET)
    assert (kind, subject) == ("dataset.checked", "dataset/retail/loans")
    return data


def test_a_suite_that_holds_passes_with_a_check_per_expectation() -> None:
    found = expectation("expect_column_mean_to_be_between", success=True, result={"observed_value": 41.5})
    data = checked(report(found))
    assert (data["outcome"], data["kind"], data["checks_count"]) == ("passed", "quality", 1)
    assert data["checks"] == [
        {"name": "expect_column_mean_to_be_between", "outcome": "passed", "column": "age", "value": 41.5}
    ]
    assert (data["tool"], data["tool_version"]) == ("great_expectations", "1.24.1")


def test_an_empty_suite_is_nothing_ran_though_it_calls_itself_a_success() -> None:
    assert checked(report(success=True))["outcome"] == "nothing_ran"
    assert checked({**report(), "results": None})["outcome"] == "nothing_ran"


def test_statistics_tell_a_result_that_lists_only_failures_from_an_empty_suite() -> None:
    counts = {"evaluated_expectations": 5, "successful_expectations": 5, "unsuccessful_expectations": 0}
    data = checked({**report(), "statistics": counts})
    assert (data["outcome"], data["checks"], data["checks_count"]) == ("passed", [], 5)
    failed = {**report(success=False), "statistics": {**counts, "unsuccessful_expectations": 1}}
    assert checked(failed)["outcome"] == "failed"
    assert checked({**failed, "success": True})["outcome"] == "failed"
    assert checked({**report(), "statistics": counts, "results": None})["outcome"] == "nothing_ran"


def test_a_checkpoint_that_validated_nothing_of_a_model_is_a_validation_of_it() -> None:
    ((kind, subject, data),) = facts("great_expectations", {"success": True, "validation_results": []}, stated=MODEL)
    assert (kind, subject) == ("validation.completed", MODEL["subject"])
    assert (data["outcome"], data["version"]) == ("nothing_ran", "7")


def test_an_expectation_that_raised_is_errored_and_no_stack_trace_is_passed_on() -> None:
    by_metric = {
        "MetricConfigurationID(x)": {
            **QUIET,
            "raised_exception": True,
            "exception_message": "no column",
            "exception_traceback": "Traceback: secret",
        }
    }
    whole = {"raised_exception": True, "exception_message": "no table", "exception_traceback": "Traceback: secret"}
    for info, said in ((by_metric, "no column"), (whole, "no table")):
        data = checked(report(expectation("expect_x", success=False, exception_info=info), success=False))
        assert data["outcome"] == "errored"
        assert data["checks"] == [{"name": "expect_x", "outcome": "errored", "column": "age", "detail": said}]


def test_a_failure_beside_an_exception_is_a_failure() -> None:
    raised = expectation("expect_a", success=False, exception_info={"raised_exception": True})
    data = checked(report(raised, expectation("expect_b", success=False), success=False))
    assert data["outcome"] == "failed"


def test_values_of_cells_are_not_passed_on() -> None:
    cells = {"unexpected_percent": 50.0, "unexpected_list": ["Zoë Müller"], "partial_unexpected_list": ["Zoë Müller"]}
    unit = read(
        "great_expectations",
        report(expectation("expect_x", success=False, result=cells), success=False),
        stated=DATASET,
    )
    assert "Zoë" not in unit.drafts[0].event.data.decode()
    assert unit.drafts[0].event.json()["checks"][0]["value"] == 50.0


@pytest.mark.parametrize(
    ("meta", "time"),
    [
        ({"run_id": {"run_name": None, "run_time": "2026-11-23T03:54:30.073417+00:00"}}, "2026-11-23T03:54:30.073417"),
        ({"batch_markers": {"ge_load_time": "20261123T035430.121175Z"}}, "2026-11-23T03:54:30.121175"),
        ({}, "2026-11-23T12:00:00"),
        ({"run_id": None, "batch_markers": None}, "2026-11-23T12:00:00"),
    ],
)
def test_the_time_is_the_runs_or_the_batchs_or_else_when_it_came_in(meta: dict[str, Any], time: str) -> None:
    unit = read("great_expectations", report(expectation("expect_x", success=True), **meta), stated=DATASET)
    assert unit.drafts[0].event.time.replace(tzinfo=None).isoformat() == time


def test_checkpoints_of_every_version_yield_a_fact_per_validation() -> None:
    one, other = report(expectation("expect_a", success=True)), report(expectation("expect_b", success=False))
    now = {
        "run_id": {"run_time": "2026-11-23T01:00:00+00:00"},
        "run_results": {"id::a": one, "id::b": other},
        "checkpoint_config": {},
        "success": False,
    }
    old = {
        **now,
        "run_results": {
            "id::a": {"validation_result": one, "actions_results": {}},
            "id::b": {"validation_result": other},
        },
    }
    dated = report(expectation("expect_a", success=True), run_id={"run_time": "2026-11-23T01:00:00+00:00"})
    unit = read("great_expectations", {"success": True, "run_results": {"id::a": dated}}, stated=DATASET)
    assert unit.drafts[0].event.time.isoformat() == "2026-11-23T01:00:00+00:00"
    assert unit.drafts[0].event.json()["tool_version"] == "1.24.1"
    for body in (now, old):
        assert [data["outcome"] for _, _, data in facts("great_expectations", body, stated=DATASET)] == [
            "passed",
            "failed",
        ]
    described = {"success": True, "statistics": {}, "validation_results": []}
    assert checked(described)["outcome"] == "nothing_ran"


def test_a_described_validation_is_read_without_its_exceptions() -> None:
    one = {"expectation_type": "expect_a", "success": False, "kwargs": {"column": "nope"}, "result": {}}
    data = checked({"success": False, "statistics": {"success_percent": 0.0}, "expectations": [one]})
    assert data["outcome"] == "failed"
    assert data["checks"] == [{"name": "expect_a", "outcome": "failed", "column": "nope"}]


def test_what_its_notification_posts_is_a_validation_of_a_suite() -> None:
    posted = {"test_suite_name": "loans", "data_asset_name": "apps"}
    good = {**posted, "validation_results": [expectation("expect_a", success=True)]}
    bad = {**posted, "validation_results": [expectation("expect_b", success=False)]}
    empty = {**posted, "validation_results": []}
    assert checked(good)["outcome"] == "passed"
    found = facts("great_expectations", [good, bad, empty], stated=DATASET)
    assert [data["outcome"] for _, _, data in found] == ["passed", "failed", "nothing_ran"]


def test_older_results_name_the_expectation_otherwise() -> None:
    config = {"expectation_type": "expect_column_to_exist", "kwargs": {"column": "größe"}}
    data = checked(report(expectation("unused", success=True, expectation_config=config)))
    assert data["checks"] == [{"name": "expect_column_to_exist", "outcome": "passed", "column": "größe"}]


def test_about_a_model_it_is_a_validation_with_figures() -> None:
    found = expectation("expect_not_null", success=True, result={"unexpected_percent": 0.5, "element_count": 2**60})
    ((kind, subject, data),) = facts("great_expectations", report(found), stated=MODEL)
    assert (kind, subject) == ("validation.completed", "model/retail/credit-risk")
    assert (data["version"], data["kind"], data["outcome"]) == ("7", "data_quality", "passed")
    assert data["evaluator"] == "great_expectations 1.24.1"
    assert data["measurements"] == [
        {
            "metric": "expect_not_null(age).unexpected_percent",
            "value": 0.5,
            "unit": "percent",
            "direction": "lower_is_better",
        }
    ]
    assert "independent" not in data


def test_a_report_about_nothing_stated_is_refused_with_the_path() -> None:
    assert refusal("great_expectations", report()) == ("mapping_failed", ["/context/subject"])
    assert refusal("great_expectations", report(), stated={"subject": MODEL["subject"]}) == (
        "mapping_failed",
        ["/context/version"],
    )


@pytest.mark.parametrize("body", [{}, [], None, 5, {"success": True, "results": []}])
def test_anything_else_is_not_of_this_platform(body: Any) -> None:
    assert refusal("great_expectations", body, stated=DATASET)[0] == "unmapped"


@pytest.mark.parametrize("results", [[None], [5], ["x"], [{"expectation_config": {}}], "text"])
def test_hostile_results_are_refused_or_run_nothing_and_never_pass(results: Any) -> None:
    unit = read("great_expectations", {**report(), "results": results}, stated=DATASET)
    assert unit.refused is not None or unit.drafts[0].event.json()["outcome"] != "passed"
