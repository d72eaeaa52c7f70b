"""modelscan: what was not looked at is not safe."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

MODEL = {"subject": "model/retail/credit-risk", "version": "7"}
ERROR = {"category": "PICKLE_GENOPS", "description": "Parsing error", "source": "größe.pkl"}
ISSUE = {"description": "unsafe", "operator": "system", "module": "posix", "source": "a.pkl", "severity": "CRITICAL"}


def scan(
    scanned: int = 1, issues: Any = (), errors: Any = (), skipped: int | None = 0, **summary: Any
) -> dict[str, Any]:
    """Return a report."""
    return {
        "summary": {
            "total_issues_by_severity": {"LOW": 0, "CRITICAL": len(issues)},
            "total_issues": len(issues),
            "modelscan_version": "0.8.8",
            "timestamp": "2026-11-23T03:56:47.656987",
            "scanned": {"total_scanned": scanned},
            **({} if skipped is None else {"skipped": {"total_skipped": skipped, "skipped_files": []}}),
            **summary,
        },
        "issues": list(issues),
        "errors": list(errors),
    }


def validation(body: Any) -> dict[str, Any]:
    """Return the data of the one validation."""
    ((kind, subject, data),) = facts("modelscan", body, stated=MODEL)
    assert (kind, subject, data["kind"]) == ("validation.completed", "model/retail/credit-risk", "security_scan")
    assert "independent" not in data
    return data


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (scan(), "passed"),
        (scan(skipped=None), "passed"),
        (scan(issues=[ISSUE], errors=[ERROR], skipped=3), "failed"),
        (scan(errors=[ERROR]), "errored"),
        (scan(skipped=1), "errored"),
        (scan(scanned=0), "nothing_ran"),
        (scan(scanned=0, skipped=4), "nothing_ran"),
        (scan(scanned=0, errors=[ERROR]), "errored"),
        (scan(total_issues=1), "failed"),
        (scan(total_issues=None, total_issues_by_severity={"CRITICAL": 1}), "failed"),
        (scan(timestamp=None), "passed"),
    ],
)
def test_skipped_files_errors_and_nothing_scanned_are_no_pass(body: dict[str, Any], expected: str) -> None:
    assert validation(body)["outcome"] == expected


def test_what_was_counted_is_measured() -> None:
    data = validation(scan(scanned=2, issues=[ISSUE], skipped=3))
    assert data["evaluator"] == "modelscan 0.8.8"
    assert {one["metric"]: one["value"] for one in data["measurements"]} == {
        "issues_count": 1,
        "critical_issues_count": 1,
        "low_issues_count": 0,
        "scanned_files_count": 2,
        "errors_count": 0,
        "skipped_files_count": 3,
    }
    assert "skipped_files_count" not in {one["metric"] for one in validation(scan(skipped=None))["measurements"]}


@pytest.mark.parametrize(
    ("issues", "errors", "expected"), [([ISSUE], [], "failed"), ([], [], "passed"), ([], [ERROR], "errored")]
)
def test_reports_of_before_0_6_have_version_and_counts_at_the_top(issues: Any, errors: Any, expected: str) -> None:
    body = {
        "modelscan_version": "0.5.0",
        "timestamp": "2024-01-22T10:00:00.5",
        "input_path": "a.pkl",
        "total_issues": len(issues),
        "summary": {"total_issues_by_severity": {"CRITICAL": len(issues)}},
        "issues_by_severity": {"CRITICAL": issues} if issues else {},
        "errors": errors,
        "scanned": {"total_scanned": 1, "scanned_files": ["a.pkl"]},
    }
    data = validation(body)
    assert (data["outcome"], data["evaluator"]) == (expected, "modelscan 0.5.0")
    assert data["measurements"][0]["value"] == len(issues)
    assert read("modelscan", body, stated=MODEL).drafts[0].event.time.year == 2024


def test_a_report_that_leaves_skipped_files_out_says_so() -> None:
    assert "--show-skipped" in validation(scan(skipped=None))["tradeoffs"]
    assert "tradeoffs" not in validation(scan())


def test_its_time_without_zone_is_taken_for_utc() -> None:
    unit = read("modelscan", scan(), stated=MODEL)
    assert unit.drafts[0].event.time.isoformat() == "2026-11-23T03:56:47.656987+00:00"


@pytest.mark.parametrize(
    ("missing", "pointer"),
    [("scanned", "/summary/scanned"), ("issues", "/issues"), ("errors", "/errors")],
)
def test_a_missing_field_is_refused_with_its_path(missing: str, pointer: str) -> None:
    body = scan()
    (body if missing in body else body["summary"]).pop(missing)
    assert refusal("modelscan", body, stated=MODEL) == ("mapping_failed", [pointer])


def test_without_a_stated_subject_it_is_refused_with_the_path() -> None:
    assert refusal("modelscan", scan()) == ("mapping_failed", ["/context/subject"])


@pytest.mark.parametrize("body", [{}, [], None, {"summary": None}, {"issues": [], "errors": []}])
def test_anything_else_is_not_of_this_platform(body: Any) -> None:
    assert refusal("modelscan", body, stated=MODEL)[0] == "unmapped"


@pytest.mark.parametrize("scanned", [None, "1", [], 1.5, 2**70])
def test_hostile_figures_never_pass(scanned: Any) -> None:
    unit = read("modelscan", scan(scanned=scanned), stated=MODEL)
    assert unit.refused is not None or unit.drafts[0].event.json()["measurements"][-3]["value"] == scanned
