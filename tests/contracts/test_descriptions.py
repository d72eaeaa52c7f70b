"""Every type, part and field says what it is; every figure says its unit."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import EventType
from govbus.contracts.schemas import schema_of

UNIT_IN_NAME = re.compile(r"_(count|seconds|minutes|hours|days|bytes|ratio)$")
UNIT_IN_WORDS = re.compile(
    r"unit|in points|how many|number of|counted from|seconds|minutes|hours|days|bytes", re.IGNORECASE
)
NUMERIC = {"integer", "number"}


def gaps(schema: dict[str, Any]) -> list[str]:
    """Return the parts and fields of a schema that do not say what they are, and figures without unit."""
    found = [name for name, part in _parts(schema) if part and not part.get("description")]
    for part_name, part in _parts(schema):
        for name, field in part.get("properties", {}).items():
            words = field.get("description", "")
            if not re.fullmatch(r"\S.{2,}[.…]", words, re.DOTALL):
                found.append(f"{part_name}.{name}: no sentence")
            elif _is_figure(field) and not (UNIT_IN_NAME.search(name) or UNIT_IN_WORDS.search(words)):
                found.append(f"{part_name}.{name}: no unit")
    return found


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield schema["x-govbus-type"], schema
    yield from schema.get("$defs", {}).items()  # an empty part stands for any JSON value


def _is_figure(field: dict[str, Any]) -> bool:
    return any(option.get("type") in NUMERIC for option in (field, *field.get("anyOf", ())))


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.name)
def test_every_field_of_a_type_is_described_with_its_unit(declared: EventType) -> None:
    assert gaps(schema_of(declared)) == []


CHECKED = schema_of(next(one for one in TYPES if one.name == "dataset.checked"))


def _with_field(part: str, name: str, field: dict[str, Any]) -> dict[str, Any]:
    schema = copy.deepcopy(CHECKED)
    place = schema["$defs"][part] if part else schema
    place["properties"][name] = field
    return schema


@pytest.mark.parametrize(
    ("part", "field"),
    [
        pytest.param("", {"type": "string"}, id="no words"),
        pytest.param("", {"type": "string", "description": ""}, id="empty words"),
        pytest.param("", {"type": "string", "description": "Planted"}, id="no sentence"),
        pytest.param("Check", {"type": "string"}, id="a part's field"),
        pytest.param(
            "Check", {"anyOf": [{"type": "number"}, {"type": "null"}], "description": "A size."}, id="no unit"
        ),
    ],
)
def test_planted_field_without_words_or_unit_is_seen(part: str, field: dict[str, Any]) -> None:
    assert len(gaps(_with_field(part, "planted", field))) == 1


def test_planted_part_without_words_is_seen() -> None:
    schema = copy.deepcopy(CHECKED)
    del schema["$defs"]["Check"]["description"]
    assert gaps(schema) == ["Check"]
