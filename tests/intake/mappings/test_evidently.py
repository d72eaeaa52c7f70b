"""Evidently: no test is no pass, a p-value is no distance, and nobody states what a report is about."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

DATASET = {"subject": "dataset/retail/applications"}
MODEL = {"subject": "model/retail/credit-risk", "version": "7"}
LIVE = {**MODEL, "environment": "production"}


def metric(name: str, value: Any, **config: Any) -> dict[str, Any]:
    """Return a metric as 0.7 writes it."""
    return {"id": name, "metric_name": name, "config": config, "value": value}


def verdict(status: str, of: str = "m", **config: Any) -> dict[str, Any]:
    """Return a test."""
    return {
        "id": "lt",
        "name": f"test of {of}",
        "description": "Actual value",
        "status": status,
        "metric_config": {"metric_id": of, "params": config},
        "test_config": {"threshold": 0.3},
    }


def outcome(*statuses: str) -> str:
    """Return the outcome of a report with such tests."""
    body = {"metrics": [metric("m", 1.0)], "tests": [verdict(status) for status in statuses]}
    ((_, _, data),) = facts("evidently", body, stated=DATASET)
    return str(data["outcome"])


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["SUCCESS"], "passed"),
        (["SUCCESS", "WARNING"], "passed"),
        (["SUCCESS", "FAIL", "ERROR"], "failed"),
        (["SUCCESS", "ERROR"], "errored"),
        (["SKIPPED"], "nothing_ran"),
        (["A NEW STATUS"], "nothing_ran"),
        (["A NEW STATUS", "SUCCESS"], "errored"),
        (["SKIPPED", "SUCCESS"], "passed"),
        ([], "nothing_ran"),
    ],
)
def test_nothing_but_tests_that_held_is_a_pass(statuses: list[str], expected: str) -> None:
    assert outcome(*statuses) == expected


def test_without_tests_the_figures_are_listed_and_nothing_is_said_of_them() -> None:
    for body in ({"metrics": [metric("RowCount()", 269.0)], "tests": []}, {"metrics": [metric("RowCount()", 269.0)]}):
        ((_, _, data),) = facts("evidently", body, stated=DATASET)
        assert data["outcome"] == "nothing_ran"
        assert data["checks"] == [{"name": "RowCount()", "outcome": "no_verdict", "value": 269.0}]


def test_a_test_carries_value_threshold_and_column() -> None:
    name = "ValueDrift(column=größe,method=K-S p_value,threshold=0.05)"
    body = {"metrics": [metric(name, 0.01)], "tests": [verdict("FAIL", name, column="größe", threshold=0.05)]}
    ((_, _, data),) = facts("evidently", body, stated=DATASET)
    assert (data["kind"], data["outcome"]) == ("drift", "failed")
    assert data["checks"] == [
        {
            "name": f"test of {name}",
            "outcome": "failed",
            "value": 0.01,
            "threshold": 0.3,
            "column": "größe",
            "detail": "Actual value",
        }
    ]


def observed(*metrics: Any) -> list[tuple[str, float]]:
    """Return metric and value of what is observed of the live model."""
    found = facts("evidently", {"metrics": list(metrics), "tests": []}, stated=LIVE)
    assert {(kind, data["environment"]) for kind, _, data in found} == {("monitor.observed", "production")}
    return [(data["metric"], data["value"]) for _, _, data in found]


def test_a_p_value_says_so_in_its_name_and_a_distance_does_not() -> None:
    assert observed(
        metric("ValueDrift(column=a,method=K-S p_value,threshold=0.05)", 0.01, method="K-S p_value"),
        metric("ValueDrift(column=b,method=chisquare)", 0.02, method="chisquare"),
        metric("ValueDrift(column=c,method=psi)", 0.3, method="psi"),
    ) == [
        ("ValueDrift(column=a,method=K-S p_value,threshold=0.05)", 0.01),
        ("ValueDrift(column=b,method=chisquare) p_value", 0.02),
        ("ValueDrift(column=c,method=psi)", 0.3),
    ]


@pytest.mark.parametrize("method", ["ks", "Fisher's Exact test", "TVD", "Total-Variation-Distance", "empirical_mmd"])
def test_methods_that_give_a_p_value_without_saying_so_are_known(method: str) -> None:
    ((name, _),) = observed(metric(f"ValueDrift(column=a,method={method})", 0.01, method=method))
    assert name.endswith(" p_value")
    result = {"column_name": "a", "stattest_name": method, "drift_score": 0.01}
    ((name, _),) = observed({"metric": "ColumnDriftMetric", "result": result})
    assert name == f"drift_score(a, {method}) p_value"


@pytest.mark.parametrize("method", ["psi", "PSI", "Wasserstein distance (normed)", "ed", "hellinger", "kl_div"])
def test_distances_are_not_called_p_values(method: str) -> None:
    ((name, _),) = observed(metric(f"ValueDrift(column=a,method={method})", 0.3, method=method))
    assert "p_value" not in name


def test_of_a_count_with_its_share_only_the_share_is_a_figure() -> None:
    assert observed(metric("DriftedColumnsCount(drift_share=0.5)", {"count": 22.0, "share": 0.6875})) == [
        ("DriftedColumnsCount(drift_share=0.5)", 0.6875)
    ]


def test_figures_by_label_keep_their_label_and_null_is_none() -> None:
    body = {
        "metrics": [
            metric("Accuracy(classification_name=default)", 0.95),
            metric("F1ByLabel(classification_name=default)", {"0": 0.9, "1": None}),
            metric("UniqueValueCount(column=sex)", {"counts": {"F": 1.0}, "shares": {"F": 0.25}}),
            metric("MAE(regression_name=default)", {"mean": 3.0, "std": 1.0}),
            metric("MinValue(column=age)", None),
        ]
    }
    ((_, _, data),) = facts("evidently", body, stated=MODEL)
    assert (data["kind"], data["outcome"]) == ("performance", "nothing_ran")
    assert data["measurements"] == [
        {"metric": "Accuracy", "value": 0.95},
        {"metric": "F1ByLabel", "value": 0.9, "subgroup": "0"},
        {"metric": "UniqueValueCount(column=sex)", "value": 0.25, "unit": "ratio", "subgroup": "F"},
        {"metric": "MAE.mean", "value": 3.0},
        {"metric": "MAE.std", "value": 1.0},
    ]


def test_live_tests_are_a_validation_beside_the_observations() -> None:
    body = {"metrics": [metric("m", 1)], "tests": [verdict("SUCCESS")]}
    kinds = [kind for kind, _, _ in facts("evidently", body, stated=LIVE)]
    assert kinds == ["monitor.observed", "validation.completed"]


def test_older_reports_and_suites_are_read_with_their_own_time() -> None:
    drift = {
        "drift_share": 0.5,
        "number_of_columns": 4,
        "share_of_drifted_columns": 0.25,
        "drift_by_columns": {
            "age": {"column_name": "age", "stattest_name": "K-S p_value", "drift_score": 0.01, "drift_detected": True}
        },
    }
    body = {
        "version": "0.4.40",
        "timestamp": "2024-01-24 12:00:00.5",
        "metrics": [
            {"metric": "DataDriftTable", "result": drift},
            {"metric": "ClassificationQualityMetric", "result": {"current": {"accuracy": 0.9, "x": None}}},
        ],
    }
    unit = read("evidently", body, stated=MODEL)
    assert unit.drafts[0].event.time.isoformat() == "2024-01-24T12:00:00.500000+00:00"
    assert unit.drafts[0].event.json()["measurements"] == [
        {"metric": "share_of_drifted_columns", "value": 0.25, "unit": "ratio"},
        {"metric": "drift_score(age, K-S p_value)", "value": 0.01},
        {"metric": "ClassificationQualityMetric.accuracy", "value": 0.9},
    ]
    suite = {
        "version": "0.4.40",
        "summary": {"all_passed": False},
        "tests": [{"name": "Drift", "description": "d", "status": "FAIL", "group": "g", "parameters": {}}],
    }
    ((_, _, data),) = facts("evidently", suite, stated=DATASET)
    assert (data["outcome"], data["tool_version"]) == ("failed", "0.4.40")


def test_an_older_test_says_its_value_and_column_itself() -> None:
    parameters = {"condition": {"lt": 0.3}, "value": 0.5, "column_name": "größe"}
    test = {"name": "Drift", "description": "d", "status": "FAIL", "group": "data_drift", "parameters": parameters}
    ((_, _, data),) = facts("evidently", {"version": "0.4.40", "tests": [test]}, stated=DATASET)
    assert data["checks"] == [{"name": "Drift", "outcome": "failed", "value": 0.5, "column": "größe", "detail": "d"}]


@pytest.mark.parametrize(
    ("name", "kind"), [("RMSE()", "performance"), ("RocAuc(k=1)", "performance"), ("MaxValue()", "data_quality")]
)
def test_figures_of_predictions_are_performance_also_without_the_task_in_their_name(name: str, kind: str) -> None:
    body = {"metrics": [metric(name, 0.5)], "tests": [verdict("SUCCESS", name)]}
    ((_, _, data),) = facts("evidently", body, stated=MODEL)
    assert (data["kind"], data["outcome"]) == (kind, "passed")


def test_without_a_stated_subject_it_is_refused_with_the_path() -> None:
    assert refusal("evidently", {"metrics": [metric("m", 1)]}) == ("mapping_failed", ["/context/subject"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"metrics": {"a": 1}},
        {"metrics": [{"name": "x"}]},
        {"tests": [{"outcome": "passed"}]},
        {"data_type": "AVID", "metrics": []},
        {"metrics": [{"metric": "cpu"}]},
    ],
)
def test_anything_else_is_not_of_this_platform(body: Any) -> None:
    assert refusal("evidently", body, stated=DATASET)[0] == "unmapped"


@pytest.mark.parametrize("metrics", [[], [{}], [metric("m", "text")], [metric("m", [1])]])
def test_hostile_metrics_never_pass(metrics: Any) -> None:
    ((_, _, data),) = facts("evidently", {"metrics": metrics, "tests": None}, stated=DATASET)
    assert (data["outcome"], data["checks"]) == ("nothing_ran", [])
