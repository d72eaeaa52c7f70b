"""Functions on lists and members: null is no list, a text is no number, nothing is lost in silence."""

from typing import Any

import pytest

from govbus.intake.domain.expressions import ExpressionFailed, Scope, compiled


def computed(expression: str, value: Any = None) -> Any:
    """Return what an expression yields of `body.it`."""
    return compiled(expression).value(Scope({"body": {"it": value}}))


@pytest.mark.parametrize("value", [None, "x", 5, 1.5, True, [1]])
def test_anything_but_a_map_has_no_members(value: Any) -> None:
    assert computed("members(body.it)", value) == {}
    assert computed("members(body.it)", {"a": None}) == {"a": None}


@pytest.mark.parametrize("value", [None, "x", 5, 1.5, True, {"a": 1}])
def test_anything_but_a_list_has_no_items(value: Any) -> None:
    assert computed("items(body.it)", value) == []
    assert computed("items(body.it)", [None]) == [None]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("é", "é"), (5, "5"), (0.1, "0.1"), (True, "true"), (None, ""), ([1], ""), ({"a": 1}, ""), (2**70, str(2**70))],
)
def test_what_is_written_is_a_text_and_null_is_none(value: Any, expected: str) -> None:
    assert computed("written(body.it)", value) == expected


def test_the_head_of_a_list_is_at_most_the_list() -> None:
    assert computed("head(body.it, 2)", [1, 2, 3]) == [1, 2]
    assert computed("head(body.it, 9)", [1]) == [1]
    assert computed("head(body.it, -1)", [1]) == []


def test_elements_are_numbered_from_zero() -> None:
    assert computed("numbered(body.it)", ["a", None]) == [
        {"position": 0, "value": "a"},
        {"position": 1, "value": None},
    ]


def test_of_equal_elements_the_first_place_is_kept_whatever_their_order_of_keys() -> None:
    found = computed("unique(body.it)", [{"a": 1, "b": 2}, 3, {"b": 2, "a": 1}, "3", 3, None])
    assert found == [{"a": 1, "b": 2}, 3, "3", None]


def test_elements_may_be_reduced_to_members_and_no_budget_is_spent() -> None:
    rows = [{"check": f"c{number % 2}", "cell": number} for number in range(30_000)]
    assert computed("unique(body.it, ['check', 'absent'])", rows) == [{"check": "c0"}, {"check": "c1"}]
    assert computed("unique(body.it, ['check'])", [None, "x", {}]) == [{}]


def test_a_total_is_of_numbers_and_none_is_zero() -> None:
    assert computed("total(body.it)", [1, 0.5]) == 1.5
    assert computed("total(body.it)", []) == 0.0


@pytest.mark.parametrize("values", [["1"], [None], [True], [1e308, 1e308]])
def test_a_total_of_anything_else_is_an_error(values: Any) -> None:
    with pytest.raises(ExpressionFailed, match="total"):
        computed("total(body.it)", values)


def test_an_object_is_made_of_entries_and_the_last_of_equal_keys_holds() -> None:
    assert computed("object(entries(body.it))", {"é": [1], "b": None}) == {"é": [1], "b": None}
    pairs = [{"key": "a", "value": 1}, {"key": "a", "value": 2}]
    assert computed("object(body.it)", pairs) == {"a": 2}


@pytest.mark.parametrize("pairs", [[1], [{"key": 1, "value": 1}], [{"key": "a"}], [None]])
def test_an_object_of_anything_else_is_an_error(pairs: Any) -> None:
    with pytest.raises(ExpressionFailed, match="object"):
        computed("object(body.it)", pairs)
