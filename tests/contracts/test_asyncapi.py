"""The AsyncAPI document: made of the catalogue, with the headers that records really have."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.examples import EXAMPLES, read_example
from govbus.contracts import topics
from govbus.contracts.all_events import TYPES
from govbus.contracts.asyncapi.document import asyncapi_document
from govbus.contracts.asyncapi.facts_of_topics import TopicFacts
from govbus.contracts.asyncapi.headers import binary_headers, example_headers, said_headers
from govbus.contracts.asyncapi.messages import message_id
from govbus.contracts.asyncapi.schema_objects import PartsDiffer, SchemaObjects
from govbus.contracts.catalogue import EventType, Payload
from govbus.contracts.envelope import CONTEXT_ATTRIBUTES
from govbus.contracts.fields import Part
from govbus.eventing.records import RawRecord, decode, encode
from govbus.intake.domain import attributes

FACTS = TopicFacts("somebody", ("anybody",), 3, {"cleanup.policy": "delete", "retention.ms": "86400000"})
NAMED = {one.name: [(path.stem, read_example(path)) for path in sorted((EXAMPLES / one.name / "good").glob("*.json"))]
         for one in TYPES}  # fmt: skip
DOCUMENT = asyncapi_document(TYPES, dict.fromkeys(topics.WRITERS, FACTS), FACTS, NAMED, "1.2.3")
CHECKED = next(one for one in TYPES if one.name == "dataset.checked")


def references(value: Any) -> set[str]:
    """Return every reference inside a value."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place is not None


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.name)
def test_a_type_is_a_message_on_exactly_its_topics_with_its_examples(declared: EventType) -> None:
    name = message_id(declared)
    on = {one["address"] for one in DOCUMENT["channels"].values() if name in one["messages"]}
    assert on == set(declared.topics)
    message = DOCUMENT["components"]["messages"][name]
    assert len(message["examples"]) >= 2
    assert message["tags"] == [{"name": "fact" if declared.is_fact else "draft" if declared.draft else "conclusion"}]


@pytest.mark.parametrize("declared", TYPES, ids=lambda declared: declared.name)
def test_the_headers_of_an_example_are_those_of_the_record_and_of_the_schema(declared: EventType) -> None:
    shared = binary_headers()
    own = DOCUMENT["components"]["messages"][message_id(declared)]["headers"]["allOf"][1]["properties"]
    for _, event in NAMED[declared.name]:
        headers = example_headers(event)
        written = {name: (value or b"").decode() for name, value in encode(event)[2]}
        assert {name: value for name, value in written.items() if name != "traceparent"} == headers
        assert set(shared["required"]) <= set(headers) <= set(shared["properties"])
        assert headers["ce_type"] == own["ce_type"]["const"]
        assert headers["ce_dataschema"] in own["ce_dataschema"]["enum"]
        assert headers["content-type"] == own["content-type"]["const"]


def test_every_attribute_of_the_envelope_is_described_as_a_header() -> None:
    described = {name.removeprefix("ce_") for name in binary_headers()["properties"]} - {"content-type"}
    assert described == {"specversion", *CONTEXT_ATTRIBUTES}


@pytest.mark.parametrize("absent", [name for name in binary_headers()["required"] if name != "content-type"])
def test_a_record_without_a_required_header_is_undecodable(absent: str) -> None:
    _, event = NAMED["dataset.checked"][0]
    key, value, headers = encode(event)
    kept = tuple(header for header in headers if header[0] != absent)
    record = RawRecord("govbus.facts", 0, 0, 0, key, value, headers)
    assert decode(record) == event
    with pytest.raises(ValueError, match=absent.removeprefix("ce_")):
        decode(replace(record, headers=kept))


def test_what_a_platform_must_write_is_what_intake_requires() -> None:
    assert said_headers()["required"] == [f"ce_{name}" for name in attributes.REQUIRED]
    assert set(said_headers()["properties"]) < set(binary_headers()["properties"])
    assert DOCUMENT["components"]["messages"]["said.binary"]["headers"] == {"$ref": "#/components/schemas/headers.said"}


def test_a_reference_beside_words_becomes_one_that_draft_7_keeps() -> None:
    schemas = SchemaObjects()
    schemas.add(next(one for one in TYPES if one.name == "fact.withdrawn"))
    field = schemas.components["fact.withdrawn.1.0"]["properties"]["fact"]
    assert field["allOf"] == [{"$ref": "#/components/schemas/EventReference"}]
    assert field["description"]


def test_a_field_called_title_or_description_is_kept() -> None:
    schemas = SchemaObjects()
    schemas.add(next(one for one in TYPES if one.name == "model.registered"))
    assert "description" in schemas.components["model.registered.1.0"]["properties"]
    assert "title" not in schemas.components["model.registered.1.0"]


class Check(Part):
    """A part that has the name of another one and means something else."""

    planted: str


class Planted(Payload):
    """A payload with such a part."""

    check: Check


def test_two_parts_of_one_name_are_refused() -> None:
    schemas = SchemaObjects()
    schemas.add(CHECKED)
    with pytest.raises(PartsDiffer, match="'Check'"):
        schemas.add(EventType("check.planted", Planted, (topics.FACTS,)))


def test_the_document_says_how_outsiders_meet_duplicates_and_security() -> None:
    words = DOCUMENT["info"]["description"]
    assert "**Duplicates**" in words
    assert "(`source`, `type`,\n`id`)" in words
    assert DOCUMENT["components"]["securitySchemes"]["scram"]["type"] == "scramSha256"
    assert DOCUMENT["servers"]["kafka"]["security"] == [{"$ref": "#/components/securitySchemes/scram"}]
