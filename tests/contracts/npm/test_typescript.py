"""TypeScript types made by a standard generator: good events compile under `--strict`, wrong ones do not."""

import json
import re
from pathlib import Path

import pytest

from contracts.examples import EXAMPLES, SCHEMAS
from contracts.npm.node_programs import HERE, compile_strictly, installed, node, why_not
from govbus.contracts.all_events import TYPES
from govbus.contracts.schemas import schema_path

pytestmark = [pytest.mark.npm, pytest.mark.skipif(bool(why_not()), reason=why_not())]

_PLACE = re.compile(r"\((\d+),\d+\): error")

WRONG = {
    "an unknown outcome": ("DatasetChecked", {"kind": "quality", "outcome": "fine"}),
    "a missing outcome": ("DatasetChecked", {"kind": "quality"}),
    "a count as text": ("DatasetVersionCreated", {"version": "1", "rows_count": "7"}),
    "a version as number": ("ModelVersionCreated", {"version": 3}),
    "a field nobody declares": (
        "DeploymentRequested",
        {"version": "1", "environment": "p", "requested_by": "x", "by": 1},
    ),
    "a part without its field": ("FactWithdrawn", {"reason": "wrong", "fact": {"source": "//a", "type": "t"}}),
    "an unknown severity": ("IncidentReported", {"summary": "x", "severity": "urgent"}),
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one file of types per event type."""
    folder = tmp_path_factory.mktemp("typescript")
    named = {one.payload.__name__: str(schema_path(SCHEMAS, one)) for one in TYPES}
    assert node(installed(), HERE / "generate.mjs", str(folder), json.dumps(named)) == list(named)
    return folder


def use(folder: Path, file: str, values: list[tuple[str, object]]) -> Path:
    """Write a file that gives each value the type it should have, on a line of its own."""
    names = sorted({name for name, _ in values})
    imports = [f'import type {{ {name} }} from "./{name}";' for name in names]
    lines = [f"export const value{n}: {name} = {json.dumps(value)};" for n, (name, value) in enumerate(values)]
    path = folder / file
    path.write_text("\n".join([*imports, *lines]) + "\n", encoding="utf-8")
    return path


def test_every_good_example_has_the_type_of_its_event(generated: Path) -> None:
    values = [
        (one.payload.__name__, json.loads(path.read_text("utf-8"))["data"])
        for one in TYPES
        for path in sorted((EXAMPLES / one.name / "good").glob("*.json"))
    ]
    assert len(values) >= 2 * len(TYPES)
    assert compile_strictly(installed(), use(generated, "good.ts", values)) == []


def test_every_wrong_value_is_refused_by_the_compiler(generated: Path) -> None:
    values: list[tuple[str, object]] = list(WRONG.values())
    path = use(generated, "wrong.ts", values)
    wanted = {n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line.startswith("export")}
    refused = {int(found[1]) for line in compile_strictly(installed(), path) if (found := _PLACE.search(line))}
    assert refused == wanted
    assert len(wanted) == len(WRONG)


def test_generated_types_keep_the_words_of_the_contract(generated: Path) -> None:
    text = (generated / "DatasetChecked.ts").read_text("utf-8")
    assert "Of all checks together; no checks: `nothing_ran`." in text
    assert '"passed" | "failed" | "errored" | "nothing_ran"' in text
