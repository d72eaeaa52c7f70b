"""Fairlearn: figures per group in every way pandas writes them; it measures and judges nothing."""

from typing import Any

import pytest

from intake.mappings.reading import facts, refusal

MODEL = {"subject": "model/retail/credit-risk", "version": "7"}
BY_GROUP = {"accuracy": {"F": 0.9, "Müller & Söhne": 0.8}, "count": {"F": 47.0, "Müller & Söhne": None}}


def measured(body: Any) -> list[tuple[str, float, str | None]]:
    """Return metric, value and subgroup of what was measured."""
    ((kind, subject, data),) = facts("fairlearn", body, stated=MODEL)
    assert (kind, subject, data["kind"]) == ("validation.completed", "model/retail/credit-risk", "fairness")
    assert "independent" not in data
    return [(one["metric"], one["value"], one.get("subgroup")) for one in data["measurements"]]


def test_columns_are_metrics_and_a_group_without_a_figure_yields_none() -> None:
    assert measured(BY_GROUP) == [
        ("accuracy", 0.9, "F"),
        ("accuracy", 0.8, "Müller & Söhne"),
        ("count", 47.0, "F"),
    ]


def test_a_split_table_is_read_by_position_also_with_several_features() -> None:
    body = {"columns": ["accuracy", "count"], "index": [["F", 30], ["M", 30]], "data": [[0.9, 4], [None, 2**53 + 1]]}
    assert measured(body) == [("accuracy", 0.9, "F, 30"), ("count", 4, "F, 30"), ("count", 2**53 + 1, "M, 30")]


def test_texts_of_a_record_are_the_group() -> None:
    assert measured([{"sex": "F", "size": "médium", "tpr": 0.5}]) == [("tpr", 0.5, "sex=F, size=médium")]


def test_a_table_names_the_columns_of_its_groups_numbers_among_them() -> None:
    body = {"schema": {"fields": [], "primaryKey": ["sex", "age"]}, "data": [{"sex": "F", "age": 30, "tpr": 0.5}]}
    assert measured(body) == [("tpr", 0.5, "sex=F, age=30")]


def test_a_difference_of_counts_means_nothing_and_is_left_out() -> None:
    body = {
        "by_group": {"count": {"F": 4}},
        "overall": {"accuracy": 0.9, "count": 8},
        "difference": {"accuracy": 0.1, "count": 144.0},
        "ratio": {"count": 0.36},
        "group_min": {"accuracy": 0.8, "count": 2},
    }
    assert measured(body) == [
        ("count", 4, "F"),
        ("accuracy", 0.9, None),
        ("count", 8, None),
        ("accuracy_difference", 0.1, None),
        ("accuracy_group_min", 0.8, None),
    ]


def test_only_its_own_disparity_metrics_have_a_direction() -> None:
    body = {"by_group": {}, "demographic_parity_difference": 0.2, "equalized_odds_ratio": 0.8, "house_metric": 3}
    ((_, _, data),) = facts("fairlearn", body, stated=MODEL)
    assert data["outcome"] == "passed"
    assert data["measurements"] == [
        {"metric": "demographic_parity_difference", "value": 0.2, "direction": "lower_is_better"},
        {"metric": "equalized_odds_ratio", "value": 0.8, "direction": "higher_is_better"},
        {"metric": "house_metric", "value": 3},
    ]


@pytest.mark.parametrize("name", ["demographic_parity_difference", "equalized_odds_ratio"])
def test_disparity_metrics_stand_alone_too(name: str) -> None:
    assert measured({name: 0.2, "house_metric": 3}) == [(name, 0.2, None), ("house_metric", 3, None)]


def test_a_frame_of_one_metric_has_figures_of_its_groups() -> None:
    body = {"by_group": {"F": 0.5, "M": None}, "overall": 0.6, "difference": 0.1}
    assert measured(body) == [("by_group", 0.5, "F"), ("difference", 0.1, None), ("overall", 0.6, None)]


@pytest.mark.parametrize(
    "by_group",
    [
        {"columns": ["tpr"], "index": ["sex=F"], "data": [[0.5]]},
        [{"sex": "F", "tpr": 0.5}],
        {"schema": {"primaryKey": ["sex"]}, "data": [{"sex": "F", "tpr": 0.5}]},
        {"schema": {"primaryKey": ["index"]}, "data": [{"index": 0, "sex": "F", "tpr": 0.5}]},
    ],
)
def test_groups_beside_the_overall_figures_may_have_every_form(by_group: Any) -> None:
    assert measured({"by_group": by_group, "overall": {"tpr": 0.6}}) == [("tpr", 0.5, "sex=F"), ("tpr", 0.6, None)]


def test_rows_of_failing_checks_are_no_groups() -> None:
    row = {"schema_context": "Column", "column": "a", "check": "ge(0)", "check_number": 0, "failure_case": -1}
    assert refusal("fairlearn", [row], stated=MODEL)[0] == "unmapped"


@pytest.mark.parametrize("body", [{"by_group": {}}, {"by_group": None}, {"accuracy": {"F": None}}])
def test_no_figure_is_nothing_ran(body: Any) -> None:
    ((_, _, data),) = facts("fairlearn", body, stated=MODEL)
    assert (data["outcome"], data["measurements"]) == ("nothing_ran", [])


@pytest.mark.parametrize("body", [{}, [], None, 5, {"accuracy": {}}, {"accuracy": {"F": "0.9"}}, [{"age": 30, "x": 1}]])
def test_what_cannot_be_told_for_a_table_of_figures_is_not_read(body: Any) -> None:
    assert refusal("fairlearn", body, stated=MODEL)[0] == "unmapped"


def test_what_nobody_stated_is_refused_with_its_path() -> None:
    assert refusal("fairlearn", BY_GROUP) == ("mapping_failed", ["/context/subject"])
    assert refusal("fairlearn", BY_GROUP, stated={"subject": MODEL["subject"]})[1] == ["/context/version"]
