"""The frozen schemas in the eyes of another implementation (Ajv): what an outsider who validates will see."""

import json
from pathlib import Path

import pytest

from contracts.examples import EXAMPLES, SCHEMAS, read_example
from contracts.npm.node_programs import HERE, installed, node, why_not
from govbus.contracts.all_events import TYPES
from govbus.contracts.schemas import schema_path

WEAKER = ["model.registered 1.0: stage-not-a-word"]
"""What a schema takes and intake refuses: `patternProperties` says nothing of keys that match no pattern."""

pytestmark = [pytest.mark.npm, pytest.mark.skipif(bool(why_not()), reason=why_not())]


def verdicts(folder: Path, pairs: list[tuple[Path, Path]]) -> dict[str, str | None]:
    """Return what Ajv says against each (schema, example), None where it is right."""
    asked = folder / "asked.json"
    asked.write_text(json.dumps([{"schema": str(schema), "data": str(data)} for schema, data in pairs]))
    said = node(installed(), HERE / "validate.mjs", str(asked))
    names = [f"{data.parent.parent.name} {schema.stem}: {data.stem}" for schema, data in pairs]
    return dict(zip(names, said, strict=True))


def test_every_good_example_fits_every_minor_of_its_major(tmp_path: Path) -> None:
    pairs = [
        (schema, data)
        for one in TYPES
        for schema in sorted(schema_path(SCHEMAS, one).parent.glob(f"{one.major}.*.json"))
        for data in sorted((EXAMPLES / one.name / "good").glob("*.json"))
    ]
    assert len(pairs) > 2 * len(TYPES)
    assert {name: said for name, said in verdicts(tmp_path, pairs).items() if said} == {}


def test_every_rejected_example_is_refused_by_the_schema_too_but_for_keys_of_mappings(tmp_path: Path) -> None:
    pairs = [
        (schema_path(SCHEMAS, one), data)
        for one in TYPES
        for data in sorted((EXAMPLES / one.name / "rejected").glob("*.json"))
    ]
    assert all(read_example(data).data for _, data in pairs)
    assert [name for name, said in verdicts(tmp_path, pairs).items() if said is None] == WEAKER
