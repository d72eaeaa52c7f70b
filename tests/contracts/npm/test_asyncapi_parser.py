"""The document of events in the eyes of the AsyncAPI project's own parser."""

import copy
import json
from typing import Any

import pytest

from contracts.examples import CONTRACTS
from contracts.npm.node_programs import HERE, installed, node, why_not
from govbus.contracts import topics
from govbus.contracts.all_events import TYPES

pytestmark = [pytest.mark.npm, pytest.mark.skipif(bool(why_not()), reason=why_not())]

ERROR = 0
DOCUMENT: dict[str, Any] = json.loads((CONTRACTS.parent / "docs" / "events" / "asyncapi.json").read_text("utf-8"))


def _channel_nowhere(document: dict[str, Any]) -> None:
    document["operations"]["facts.write"]["channel"] = {"$ref": "#/channels/nowhere"}


def _unknown_verb(document: dict[str, Any]) -> None:
    document["operations"]["facts.write"]["action"] = "shout"


def _partitions_in_words(document: dict[str, Any]) -> None:
    document["channels"]["facts"]["bindings"]["kafka"]["partitions"] = "six"


def _message_without_schema(document: dict[str, Any]) -> None:
    del document["components"]["schemas"]["dataset.checked.1.0"]


def _type_unknown(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["dataset.checked.1.0"]["properties"]["tool"] = {"type": "words"}


BREAKS = (_channel_nowhere, _unknown_verb, _partitions_in_words, _message_without_schema, _type_unknown)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the parser says of the document, `whole`, and of each broken one."""
    folder = tmp_path_factory.mktemp("asyncapi")
    documents = {"whole": DOCUMENT}
    for break_it in BREAKS:
        documents[break_it.__name__] = copy.deepcopy(DOCUMENT)
        break_it(documents[break_it.__name__])
    files = {name: folder / f"{name}.json" for name in documents}
    for name, file in files.items():
        file.write_text(json.dumps(documents[name]), encoding="utf-8")
    said = node(installed(), HERE / "parse.mjs", *map(str, files.values()))
    return dict(zip(files, said, strict=True))


def errors(answer: Any) -> list[dict[str, Any]]:
    """Return what the parser refuses."""
    return [one for one in answer["said"] if one["severity"] == ERROR]


def test_the_document_has_no_error_and_holds_every_event_and_topic(answers: dict[str, Any]) -> None:
    assert errors(answers["whole"]) == []
    assert {declared.full_name for declared in TYPES} <= set(answers["whole"]["messages"])
    assert set(answers["whole"]["channels"]) == {*topics.WRITERS, "govbus.intake.{source}"}


@pytest.mark.parametrize("name", [break_it.__name__ for break_it in BREAKS])
def test_a_planted_broken_document_is_refused(answers: dict[str, Any], name: str) -> None:
    assert errors(answers[name])
