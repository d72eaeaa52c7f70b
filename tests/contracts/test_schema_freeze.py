"""Frozen schemas: equal to the models, compatible both ways inside a major, never overwritten."""

import copy
import json
from pathlib import Path
from typing import Any, Literal

import pytest
from jsoncompat import check_compat

from contracts.examples import SCHEMAS
from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import EventType
from govbus.contracts.freezing import FrozenSchemaChanged, freeze, main
from govbus.contracts.schemas import closed, schema_path, schema_text


def is_compatible_both_ways(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    """Return whether readers of either minor accept what writers of the other say (writers closed, readers open)."""
    return _accepts(later, closed(earlier), "deserializer") and _accepts(earlier, closed(later), "serializer")


def _accepts(reader: dict[str, Any], writer: dict[str, Any], role: Literal["serializer", "deserializer"]) -> bool:
    texts = [json.dumps({key: value for key, value in schema.items() if key != "$id"}) for schema in (writer, reader)]
    old, new = texts if role == "deserializer" else reversed(texts)
    return bool(check_compat(old, new, role))


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.name)
def test_frozen_schema_equals_what_the_model_says(declared: EventType) -> None:
    path = schema_path(SCHEMAS, declared)
    assert path.exists(), "run: python -m govbus.contracts.freezing contracts/schemas"
    assert path.read_text(encoding="utf-8") == schema_text(declared)


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.name)
def test_minors_of_a_major_are_compatible_both_ways(declared: EventType) -> None:
    minors = [json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob(f"{declared.name}/{declared.major}.*.json")]
    assert len(minors) == declared.minor + 1
    assert all(is_compatible_both_ways(one, other) for one in minors for other in minors)


def test_no_schema_belongs_to_a_type_nobody_declares() -> None:
    assert {folder.name for folder in SCHEMAS.iterdir()} == {declared.name for declared in TYPES}


VALIDATION = json.loads((SCHEMAS / "validation.completed" / "1.0.json").read_text("utf-8"))


def _changed(*path: str, to: Any) -> dict[str, Any]:
    schema: dict[str, Any] = copy.deepcopy(VALIDATION)
    *above, last = path
    place: dict[str, Any] = schema
    for key in above:
        place = place[key]
    place[last] = to
    return schema


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(
            _changed("required", to=["version", "kind", "outcome", "evaluator"]), id="a field became required"
        ),
        pytest.param(_changed("required", to=["version", "kind"]), id="a required field became optional"),
        pytest.param(_changed("properties", "version", to={"type": "integer"}), id="a type changed"),
        pytest.param(
            _changed("properties", "outcome", "enum", to=["passed", "failed", "errored", "nothing_ran", "skipped"]),
            id="a closed enumeration grew",
        ),
        pytest.param(_changed("properties", "version", "maxLength", to=1024), id="a bound was widened"),
    ],
)
def test_planted_breaking_change_is_seen(later: dict[str, Any]) -> None:
    assert not is_compatible_both_ways(VALIDATION, later)


def test_new_optional_field_is_compatible_both_ways() -> None:
    new_field = {**VALIDATION["properties"], "dataset": {"type": "string"}}
    assert is_compatible_both_ways(VALIDATION, _changed("properties", to=new_field))


def test_freezing_writes_every_type_once_and_nothing_the_second_time(tmp_path: Path) -> None:
    assert len(freeze(tmp_path)) == len(TYPES)
    assert freeze(tmp_path) == ()


def test_freezing_refuses_a_changed_schema_and_leaves_the_frozen_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    freeze(tmp_path)
    frozen = tmp_path / "model.registered" / "1.0.json"
    frozen.write_text("{}", encoding="utf-8")
    with pytest.raises(FrozenSchemaChanged, match=r"model\.registered 1\.0"):
        freeze(tmp_path)
    assert main([str(tmp_path)]) == 1
    assert "declare a new minor" in capsys.readouterr().err
    assert frozen.read_text(encoding="utf-8") == "{}"
