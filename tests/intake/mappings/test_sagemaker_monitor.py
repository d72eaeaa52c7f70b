"""SageMaker Model Monitor: figures stand in prose, and an empty list of violations is no pass."""

from typing import Any

import pytest

from intake.mappings.reading import facts, refusal

STATED = {"subject": "model/retail/credit-risk", "version": "3"}


def report(*violations: dict[str, Any]) -> dict[str, Any]:
    """Return a file of violations."""
    return {"version": "1.0", "violations": list(violations)}


BIAS = {
    "facet": "Sexe",
    "facet_value": "1",
    "metric_name": "DPPL",
    "constraint_check_type": "bias_drift_check",
    "description": "Value -0.374 does not meet the constraint requirement: équité",
}
QUALITY = {
    "metric_name": "auc",
    "constraint_check_type": "LessThanThreshold",
    "description": "Metric auc with 0.507 +/- 0.013 was LessThanThreshold '0.85'",
}


def test_bias_is_a_failed_fairness_validation_with_its_figure() -> None:
    ((type_, subject, data),) = facts("sagemaker_monitor", report(BIAS), stated=STATED)
    assert (type_, subject) == ("validation.completed", "model/retail/credit-risk")
    assert (data["version"], data["kind"], data["outcome"]) == ("3", "fairness", "failed")
    assert data["measurements"] == [{"metric": "DPPL", "value": -0.374, "subgroup": "Sexe=1"}]
    assert data["detail"] == BIAS["description"]
    assert len(data["evidence_sha256"]) == 64


@pytest.mark.parametrize(
    ("violation", "kind", "values"),
    [
        (QUALITY, "performance", [0.507]),
        ({"label": "y", "metric_name": "shap", "description": "ndcg"}, "explainability", []),
    ],
)
def test_the_kind_of_monitor_is_told_by_what_it_compares(
    violation: dict[str, Any], kind: str, values: list[float]
) -> None:
    ((_, _, data),) = facts("sagemaker_monitor", report(violation), stated=STATED)
    assert (data["kind"], [one["value"] for one in data.get("measurements", [])]) == (kind, values)
    assert data["measurements_count"] == 1


@pytest.mark.parametrize(
    ("checks", "kind"),
    [(["baseline_drift_check"], "drift"), (["data_type_check", "baseline_drift_check"], "quality")],
)
def test_violations_of_features_are_a_failed_check_of_the_data(checks: list[str], kind: str) -> None:
    found = [{"feature_name": "âge", "constraint_check_type": check, "description": "d"} for check in checks]
    stated = {"subject": "dataset/retail/capture"}
    ((type_, subject, data),) = facts("sagemaker_monitor", report(*found), stated=stated)
    assert (type_, subject, data["kind"]) == ("dataset.checked", "dataset/retail/capture", kind)
    assert (data["outcome"], data["checks"][0]["column"]) == ("failed", "âge")


@pytest.mark.parametrize("sent", [report(), {"violations": None}, {"version": 0.0, "features": []}])
def test_a_file_without_violations_is_no_pass(sent: dict[str, Any]) -> None:
    ((type_, _, data),) = facts("sagemaker_monitor", sent, stated=STATED)
    assert (type_, "outcome" in data) == ("platform.reported", False)


@pytest.mark.parametrize(
    ("stated", "pointer"),
    [({"version": "3"}, "/context/subject"), ({"subject": "model/retail/m"}, "/context/version")],
)
def test_a_report_of_nobody_is_refused(stated: dict[str, str], pointer: str) -> None:
    assert refusal("sagemaker_monitor", report(BIAS), stated=stated) == ("mapping_failed", [pointer])


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (report({**QUALITY, "metric_name": 7}), "mapping_failed"),
        (report({**BIAS, "facet": 7}), "mapping_failed"),
        ({"violations": [None]}, "mapping_failed"),
        ({"hello": "world"}, "unmapped"),
        ([], "unmapped"),
    ],
)
def test_hostile_values_are_refused(sent: Any, reason: str) -> None:
    assert refusal("sagemaker_monitor", sent, stated=STATED)[0] == reason


def test_drift_of_the_data_says_how_far_and_what_was_allowed() -> None:
    found = {
        "feature_name": "âge",
        "constraint_check_type": "baseline_drift_check",
        "description": "Baseline drift distance: 0.1747 exceeds threshold: 0.1",
    }
    ((_, _, data),) = facts("sagemaker_monitor", report(found), stated={"subject": "dataset/retail/capture"})
    assert (data["checks"][0]["value"], data["checks"][0]["threshold"]) == (0.1747, 0.1)


def test_the_data_of_a_stated_model_are_a_validation_of_it() -> None:
    found = {"feature_name": "âge", "constraint_check_type": "data_type_check", "description": None}
    ((type_, _, data),) = facts("sagemaker_monitor", report(found), stated=STATED)
    assert (type_, data["kind"], data["outcome"]) == ("validation.completed", "data_quality", "failed")
    assert refusal("sagemaker_monitor", report(found), stated={"subject": "model/retail/m"})[1] == ["/context/version"]


def test_attribution_drift_and_odd_facets_keep_their_figures() -> None:
    drift = {"label": "y", "metric_name": "shap", "description": "Feature attribution drift 0.76 exceeds threshold 0.9"}
    ((_, _, data),) = facts("sagemaker_monitor", report(drift), stated=STATED)
    assert data["measurements"] == [{"metric": "shap", "value": 0.76, "subgroup": "y"}]
    ((_, _, data),) = facts("sagemaker_monitor", report({**BIAS, "facet_value": 40}), stated=STATED)
    assert data["measurements"][0]["subgroup"] == "Sexe=40"


FIGURES = {
    "dataset": {"item_count": 273, "start_time": "2020-12-11T04:00:00Z", "end_time": "2020-12-11T05:00:00Z"},
    "binary_classification_metrics": {
        "confusion_matrix": {"0": {"0": 1}},
        "recall": {"value": 0.25, "standard_deviation": "NaN"},
        "auc": {"value": "NaN"},
    },
}


def test_figures_of_a_model_in_an_environment_are_observed() -> None:
    ((type_, _, data),) = facts("sagemaker_monitor", FIGURES, stated={**STATED, "environment": "production"})
    assert (type_, data["metric"], data["value"], data["sample_size"]) == ("monitor.observed", "recall", 0.25, 273)
    assert data["window"] == {"start": "2020-12-11T04:00:00Z", "end": "2020-12-11T05:00:00Z"}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (FIGURES, "statistics"),
        ({"version": 0.0, "dataset": {"item_count": 1}, "features": []}, "statistics"),
        ({"version": 0.0, "features": []}, "baseline"),
        ({"version": 0.0, "regression_constraints": {}}, "baseline"),
        ({"version": "1.0", "explanations": {"kernel_shap": {}}}, "analysis"),
        ({"version": "1.0", "post_training_bias_metrics": {"facets": {}}}, "analysis"),
    ],
)
def test_figures_without_a_bound_are_no_verdict(sent: dict[str, Any], kind: str) -> None:
    ((type_, _, data),) = facts("sagemaker_monitor", sent, stated=STATED)
    assert (type_, data["kind"]) == ("platform.reported", kind)
