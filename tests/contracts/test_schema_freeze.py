"""Frozen schemas: equal to the models, and what they mean is never overwritten."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.examples import SCHEMAS
from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import EventType
from govbus.contracts.freezing import FrozenSchemaChanged, freeze, main
from govbus.contracts.schemas import DRAFTS, meaning, schema_of, schema_path, schema_text

DECLARED = {declared.name: declared for declared in TYPES}


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.name)
def test_schema_on_file_equals_what_the_model_says(declared: EventType) -> None:
    path = schema_path(SCHEMAS, declared)
    assert path.exists(), "run: python -m govbus.contracts.freezing contracts/schemas"
    assert path.read_text(encoding="utf-8") == schema_text(declared)


def test_no_schema_belongs_to_a_type_nobody_declares() -> None:
    frozen = {folder.name for folder in SCHEMAS.iterdir()} - {DRAFTS}
    assert frozen == {declared.name for declared in TYPES if not declared.draft}
    assert {folder.name for folder in (SCHEMAS / DRAFTS).iterdir()} == {one.name for one in TYPES if one.draft}


def test_freezing_writes_every_type_once_and_nothing_the_second_time(tmp_path: Path) -> None:
    assert len(freeze(tmp_path)) == len(TYPES)
    assert freeze(tmp_path) == ()


def edit(path: Path, **changes: Any) -> None:
    """Replace top-level members of a schema file."""
    schema = {**json.loads(path.read_text("utf-8")), **changes}
    path.write_text(json.dumps(schema), encoding="utf-8")


def test_freezing_refuses_a_changed_schema_and_leaves_every_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    freeze(tmp_path)
    frozen = tmp_path / "model.registered" / "1.0.json"
    edit(frozen, required=["purpose"])
    edit(tmp_path / "system.retired" / "1.0.json", description="Other words.")
    before = {path: path.read_bytes() for path in tmp_path.glob("**/*.json")}
    with pytest.raises(FrozenSchemaChanged, match=r"model\.registered 1\.0;"):
        freeze(tmp_path)
    assert main([str(tmp_path)]) == 1
    assert "declare a new minor" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.glob("**/*.json")} == before


def test_words_of_a_frozen_schema_follow_the_model(tmp_path: Path) -> None:
    declared = DECLARED["model.registered"]
    freeze(tmp_path)
    frozen = schema_path(tmp_path, declared)
    edit(frozen, description="Other words.")
    assert freeze(tmp_path) == (frozen,)
    assert frozen.read_text("utf-8") == schema_text(declared)


def test_a_field_that_is_called_like_a_word_means_something() -> None:
    schema = schema_of(DECLARED["model.registered"])
    fields = {name: part for name, part in schema["properties"].items() if name != "description"}
    assert meaning({**schema, "properties": fields}) != meaning(schema)
    assert "description" in meaning(schema)["properties"]
    assert "description" not in meaning(schema)["properties"]["purpose"]


def test_the_schemas_of_earlier_minors_are_left_alone(tmp_path: Path) -> None:
    declared = DECLARED["validation.completed"]
    first = schema_path(tmp_path, replace(declared, minor=0))
    first.parent.mkdir(parents=True)
    first.write_text("{}", encoding="utf-8")
    assert freeze(tmp_path, [declared]) == (schema_path(tmp_path, declared),)
    assert first.read_text("utf-8") == "{}"
