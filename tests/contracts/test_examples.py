"""Every type has examples; the good ones are read and written back, the rejected ones are refused, each otherwise."""

import json
from pathlib import Path

import pytest

from contracts.examples import EXAMPLES, example_files, read_example
from govbus.contracts import catalogue, subjects, topics, types
from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import ContractBroken, EventType


def _named(value: object) -> str:
    return value.name if isinstance(value, EventType) else "/".join(value.parts[-3:]) if isinstance(value, Path) else ""


def addresses_of_minors(declared: EventType) -> list[str]:
    """Return the schema addresses of every minor of a type's present major, oldest first."""
    return [types.schema_address(declared.name, declared.major, minor) for minor in range(declared.minor + 1)]


@pytest.mark.parametrize("declared", TYPES, ids=_named)
def test_type_has_at_least_two_good_and_two_rejected_examples(declared: EventType) -> None:
    folder = EXAMPLES / declared.name
    assert len(list((folder / "good").glob("*.json"))) >= 2
    assert len(list((folder / "rejected").glob("*.json"))) >= 2


@pytest.mark.parametrize("path", example_files("good"), ids=_named)
def test_good_example_is_read_and_written_back_unchanged_in_meaning(path: Path) -> None:
    event = read_example(path)
    payload = catalogue.read(event)
    assert payload is not None
    again = type(payload).model_validate_json(catalogue.dump(payload), strict=True)
    assert again == payload
    declared = catalogue.type_of(type(payload))
    said = event.json()
    assert set(said) <= set(declared.payload.model_fields), "an example says a field that the contract does not have"


@pytest.mark.parametrize("path", [*example_files("good"), *example_files("rejected")], ids=_named)
def test_example_stands_in_the_folder_of_its_type_with_envelope_as_events_have_it(path: Path) -> None:
    event = read_example(path)
    assert types.short_name(event.type) == path.parent.parent.name
    declared = catalogue.find(event.type)
    assert declared is not None
    assert event.dataschema in addresses_of_minors(declared)
    subjects.parse_subject(event.subject)
    if not declared.is_fact:
        assert event.source in {f"//govbus/{topics.WRITERS[topic]}" for topic in declared.topics}
        assert event.correlationid
        assert event.causationid or event.correlationid == event.id, "what no event caused begins a chain of its own"


@pytest.mark.parametrize("declared", TYPES, ids=_named)
def test_every_minor_has_a_good_example_that_says_so(declared: EventType) -> None:
    files = (EXAMPLES / declared.name / "good").glob("*.json")
    assert {read_example(path).dataschema for path in files} == set(addresses_of_minors(declared))


@pytest.mark.parametrize("path", example_files("rejected"), ids=_named)
def test_rejected_example_is_rejected(path: Path) -> None:
    with pytest.raises(ContractBroken) as caught:
        catalogue.read(read_example(path))
    assert caught.value.errors[0][0].startswith("/")


@pytest.mark.parametrize("declared", TYPES, ids=_named)
def test_rejected_examples_of_a_type_have_different_causes(declared: EventType) -> None:
    causes = []
    for path in sorted((EXAMPLES / declared.name / "rejected").glob("*.json")):
        with pytest.raises(ContractBroken) as caught:
            catalogue.read(read_example(path))
        causes.append(caught.value.errors)
    assert len(set(causes)) == len(causes)


def test_no_example_belongs_to_a_type_nobody_declares() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == {declared.name for declared in TYPES}


def test_every_type_stands_on_topics_that_exist_and_every_topic_carries_a_type() -> None:
    carried = {topic for declared in TYPES for topic in declared.topics}
    assert carried == set(topics.WRITERS)


def test_example_files_are_json_of_one_form() -> None:
    for path in [*example_files("good"), *example_files("rejected")]:
        text = path.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", path
