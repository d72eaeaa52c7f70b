"""Every minor of a major takes what every other one says; whatever breaks that is seen."""

import copy
import itertools
from typing import Any

import pytest

from contracts.compatibility import frozen_minors, is_compatible_both_ways
from govbus.contracts.all_events import TYPES

HISTORY = frozen_minors()
FROZEN = {(one.name, one.major): one for one in TYPES if not one.draft}
PAIRS = [
    pytest.param(minors[earlier], minors[later], id=f"{name} {major}.{earlier} and {major}.{later}")
    for (name, major), minors in HISTORY.items()
    for earlier, later in itertools.combinations_with_replacement(sorted(minors), 2)
]
FIRST = HISTORY["validation.completed", 1][0]


@pytest.mark.parametrize(("earlier", "later"), PAIRS)
def test_two_minors_of_a_major_are_compatible_both_ways(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    assert is_compatible_both_ways(earlier, later)


def test_the_history_holds_every_minor_up_to_the_present_one() -> None:
    assert {key: sorted(minors) for key, minors in HISTORY.items()} == {
        key: list(range(declared.minor + 1)) for key, declared in FROZEN.items()
    }


def test_the_history_holds_real_steps_from_one_minor_to_the_next() -> None:
    steps = {name for (name, _), minors in HISTORY.items() if len(minors) > 1}
    assert {"incident.reported", "model.version_created", "monitor.observed", "validation.completed"} <= steps


def changed(schema: dict[str, Any], *path: str, to: Any) -> dict[str, Any]:
    """Return a schema with the value at `path` replaced, or taken out when `to` is None."""
    found = copy.deepcopy(schema)
    *above, last = path
    place: dict[str, Any] = found
    for key in above:
        place = place[key]
    place[last] = to
    if to is None:
        del place[last]
    return found


BREAKING = {
    "a field became required": (("required",), ["version", "kind", "outcome", "evaluator"]),
    "a required field became optional": (("required",), ["version", "kind"]),
    "a type changed": (("properties", "version"), {"type": "integer"}),
    "a closed enumeration grew": (
        ("properties", "outcome", "enum"),
        ["passed", "failed", "errored", "nothing_ran", "skipped"],
    ),
    "a closed enumeration shrank": (("properties", "outcome", "enum"), ["passed", "failed"]),
    "a bound was widened": (("properties", "version", "maxLength"), 1024),
    "a bound was narrowed": (("properties", "version", "maxLength"), 16),
    "a list may be longer": (("properties", "measurements", "maxItems"), 5000),
    "a part lost its field": (("$defs", "Measurement", "properties", "value"), None),
}


@pytest.mark.parametrize(("path", "to"), BREAKING.values(), ids=BREAKING)
def test_planted_breaking_change_is_seen(path: tuple[str, ...], to: object) -> None:
    assert not is_compatible_both_ways(FIRST, changed(FIRST, *path, to=to))


@pytest.mark.parametrize(("path", "to"), BREAKING.values(), ids=BREAKING)
def test_planted_breaking_change_of_the_next_minor_is_seen_against_the_first(path: tuple[str, ...], to: object) -> None:
    assert not is_compatible_both_ways(FIRST, changed(HISTORY["validation.completed", 1][1], *path, to=to))


def test_new_optional_field_is_compatible_both_ways() -> None:
    new_field = {**FIRST["properties"], "added": {"type": "string"}}
    assert is_compatible_both_ways(FIRST, changed(FIRST, "properties", to=new_field))
