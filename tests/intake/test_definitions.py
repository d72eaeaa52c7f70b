"""Named expressions of a mapping: computed where they are mentioned, once, and per element where they are of one."""

from typing import Any

import pytest

from govbus.intake.domain.expressions import ExpressionFailed, Scope, compiled

DEFINITIONS = {
    name: compiled(text)
    for name, text in {
        "count": "body.items.size()",
        "share": "my.weight / double(my.count)",
        "weight": "double(item)",
        "missing": "body.nothing + 1",
    }.items()
}


def scope() -> Scope:
    """Return the scope of a payload with four items."""
    return Scope({"body": {"items": [1, 2, 3, 4]}}, DEFINITIONS)


def computed(text: str, within: Scope) -> Any:
    """Return what an expression yields."""
    return compiled(text).value(within)


def test_a_definition_that_nothing_mentions_is_not_computed() -> None:
    around = scope()
    assert computed("my.count", around) == 4
    assert around.variables["my"] == {"count": 4}


def test_what_is_not_of_an_element_is_computed_once_for_all_of_them() -> None:
    around = scope()
    first, second = (around.with_item(item, item, f"/items/{item}") for item in (1, 2))
    assert computed("my.share", first) == 0.25
    assert around.variables["my"] == {"count": 4}
    assert computed("my.share", second) == 0.5


def test_what_is_of_an_element_however_far_round_is_computed_for_each() -> None:
    around = scope()
    shares = [computed("my.share", around.with_item(item, item, "")) for item in (1, 2, 3, 4)]
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_a_definition_that_fails_fails_for_every_element_with_its_path() -> None:
    with pytest.raises(ExpressionFailed) as failed:
        computed("my.missing", scope().with_item(1, 0, ""))
    assert failed.value.pointer == "/nothing"


def test_an_expression_sees_integers_of_any_size_as_text_also_in_a_definition() -> None:
    found = Scope({"body": {"big": 2**70}}, {"big": compiled("body.big")})
    assert computed("my.big + '!'", found) == f"{2**70}!"
    assert computed("my.big", found) == 2**70
