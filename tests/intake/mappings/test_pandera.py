"""pandera: failure cases exist only because something failed; the failing cells stay where they are."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

DATASET = {"subject": "dataset/retail/loans"}
MODEL = {"subject": "model/retail/credit-risk", "version": "7"}


def case(check: str, column: str = "sex", context: str = "Column", failure: Any = "Zoë") -> dict[str, Any]:
    """Return a failure case."""
    return {
        "schema_context": context,
        "column": column,
        "check": check,
        "check_number": 0,
        "failure_case": failure,
        "index": 1,
    }


def test_failing_rows_of_one_check_are_one_failed_check() -> None:
    cases = [case("isin(['F', 'M'])"), case("isin(['F', 'M'])", failure=None), case("not_nullable", "größe")]
    ((kind, subject, data),) = facts("pandera", cases, stated=DATASET)
    assert (kind, subject) == ("dataset.checked", "dataset/retail/loans")
    assert (data["kind"], data["outcome"], data["checks_count"]) == ("quality", "failed", 2)
    assert data["checks"] == [
        {"name": "isin(['F', 'M'])", "outcome": "failed", "column": "sex"},
        {"name": "not_nullable", "outcome": "failed", "column": "größe"},
    ]


def test_the_schemas_name_is_no_column_and_the_surplus_column_is_named() -> None:
    ((_, _, data),) = facts("pandera", [case("column_in_schema", "loans", "DataFrameSchema", "extra")], stated=DATASET)
    assert data["checks"] == [{"name": "column_in_schema", "outcome": "failed", "detail": "extra"}]


@pytest.mark.parametrize(
    "body",
    [
        [case("isin", failure="Zoë Müller")],
        [case("dataframe_check", "loans", "DataFrameSchema", "Zoë Müller")],
        {"DATA": {"DATAFRAME_CHECK": [{"schema": "s", "column": "c", "check": "k", "error": "cases: Zoë Müller"}]}},
    ],
)
def test_cells_of_the_data_are_not_passed_on(body: Any) -> None:
    unit = read("pandera", body, stated=DATASET)
    assert "Zoë" not in unit.drafts[0].event.data.decode()


def test_the_report_of_schema_errors_says_its_reason() -> None:
    errors = {"schema": "loans", "column": "loans", "check": "column_in_schema", "error": "…"}
    ((_, _, data),) = facts("pandera", {"SCHEMA": {"COLUMN_NOT_IN_SCHEMA": [errors]}}, stated=DATASET)
    assert (data["outcome"], data["checks"]) == (
        "failed",
        [{"name": "column_in_schema", "outcome": "failed", "detail": "COLUMN_NOT_IN_SCHEMA"}],
    )


@pytest.mark.parametrize("body", [{"DATA": {}}, {"SCHEMA": {"X": []}}, {"DATA": None}])
def test_a_report_without_a_row_is_nothing_ran(body: Any) -> None:
    ((_, _, data),) = facts("pandera", body, stated=DATASET)
    assert (data["outcome"], data["checks"], data["checks_count"]) == ("nothing_ran", [], 0)


def test_a_report_without_a_row_about_a_model_is_a_validation_of_it() -> None:
    ((kind, _, data),) = facts("pandera", {"DATA": {}}, stated=MODEL)
    assert (kind, data["outcome"]) == ("validation.completed", "nothing_ran")


def test_failure_cases_are_read_by_columns_as_well() -> None:
    rows = [case("a"), case("b", column="größe")]
    columns = {name: {str(at): row[name] for at, row in enumerate(rows)} for name in rows[0]}
    ((_, _, data),) = facts("pandera", columns, stated=DATASET)
    assert (data["outcome"], data["checks"]) == (
        "failed",
        [{"name": "a", "outcome": "failed", "column": "sex"}, {"name": "b", "outcome": "failed", "column": "größe"}],
    )
    ((_, _, counted),) = facts("pandera", columns, stated=MODEL)
    assert counted["measurements"][0]["value"] == 2


def test_very_many_failure_cases_by_columns_are_one_per_check() -> None:
    places = [str(at) for at in range(6000)]
    columns = {"check": dict.fromkeys(places, "ge(0)"), "failure_case": dict.fromkeys(places, -1)}
    ((_, _, data),) = facts("pandera", columns, stated=DATASET)
    assert data["checks"] == [{"name": "ge(0)", "outcome": "failed"}]


def test_a_check_without_a_name_fails_all_the_same() -> None:
    ((_, _, data),) = facts("pandera", [{**case("a"), "check": None}], stated=DATASET)
    assert (data["outcome"], data["checks"][0]["name"]) == ("failed", "check")


def test_about_a_model_the_failures_are_counted() -> None:
    ((kind, _, data),) = facts("pandera", [case("a"), case("a"), case("b")], stated=MODEL)
    assert (kind, data["kind"], data["outcome"]) == ("validation.completed", "data_quality", "failed")
    assert data["measurements"] == [{"metric": "failure_cases_count", "value": 3, "direction": "lower_is_better"}]


def test_more_checks_than_a_fact_holds_are_counted_all() -> None:
    ((_, _, data),) = facts("pandera", [case(f"check {number}") for number in range(1200)], stated=DATASET)
    assert (len(data["checks"]), data["checks_count"]) == (1000, 1200)


def test_of_very_many_failing_cells_those_of_one_check_are_one() -> None:
    cases = [case(f"check {number % 3}", failure=number) for number in range(20_000)]
    ((_, _, data),) = facts("pandera", cases, stated=DATASET)
    assert [one["name"] for one in data["checks"]] == ["check 0", "check 1", "check 2"]


@pytest.mark.parametrize("body", [[], {}, None, "x", [{"check": "a"}], [None]])
def test_an_empty_list_and_anything_else_says_nothing(body: Any) -> None:
    assert refusal("pandera", body, stated=DATASET)[0] == "unmapped"


def test_without_a_stated_subject_it_is_refused_with_the_path() -> None:
    assert refusal("pandera", [case("a")]) == ("mapping_failed", ["/context/subject"])
