"""Which fields of a fact hold personal data, whose they are, and how they are replaced by their sealed form.

Source: shared design, events.md, "Personal data".
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from govbus.contracts import catalogue, strict_json
from govbus.contracts.envelope import Event
from govbus.contracts.identity import event_identity
from govbus.contracts.limits import ATTRIBUTE_BYTES
from govbus.contracts.personal import data_subject_path, personal_paths
from govbus.contracts.subjects import InvalidSubject, Subject, parse_subject
from govbus.intake.domain.refusals import Place, Refused

PLAIN_BYTES: Final = 12_000
"""Sealed, a text grows by a third and 200 bytes, and must still fit the 16 KiB its contract allows."""

_OF_A_FACT: Final = re.compile(r"fact-[0-9a-f]{32}")


def personal_texts(event: Event) -> list[str]:
    """Return every personal text in the data of a fact; none for types that Govbus does not understand."""
    found: list[str] = []
    if not _paths(event.type):
        return found

    def collect(text: str) -> str:
        found.append(text)
        return text

    _replaced(event, collect)
    return found


def with_sealed(event: Event, seal: Callable[[str], str]) -> Event:
    """Return the event with each personal text replaced by `seal` of it; other data keep their values."""
    return replace(event, data=strict_json.dump(_replaced(event, seal)))


def person_of(event: Event) -> str:
    """Return whose personal texts a fact holds: the data subject it names, or the fact itself where it names nobody.

    A person is one person in every namespace, so that one erasure reaches what every platform said of them.
    """
    return _stated_person(event) or f"fact-{event_identity(event).hex()}"


def stated_person(event: Event) -> str | None:
    """Return the data subject that a fact with personal texts names; None for one without texts or without a name."""
    return _stated_person(event) if personal_texts(event) else None


def subject_of_person(person: str) -> str:
    """Return the governed subject of a person."""
    return str(Subject("person", (person,)))


def has_place(person: str) -> bool:
    """Return whether a pseudonym can stand in a path and as a subject."""
    return len(subject_of_person(person)) <= ATTRIBUTE_BYTES and person not in {"", ".", ".."}


def check_personal(event: Event) -> None:
    """Refuse what cannot be sealed, `too_large`, or not under the name that is stated, `contract_broken`."""
    texts = personal_texts(event)
    if any(len(text.encode()) > PLAIN_BYTES for text in texts):
        raise Refused("too_large", f"a personal text is sealed, so it may have {PLAIN_BYTES} bytes at most")
    person = _stated_person(event) if texts else None
    if person is not None and (not has_place(person) or _OF_A_FACT.fullmatch(person)):
        pointer = "".join(f"/{step}" for step in _subject_path(event.type) or ())
        raise Refused(
            "contract_broken",
            "the person is named by a pseudonym that stands in a path; fact-<32 hex digits> is Govbus's own",
            (Place(pointer, f"a pseudonym of at most {ATTRIBUTE_BYTES} bytes percent-encoded"),),
        )


def _stated_person(event: Event) -> str | None:
    """Return the field marked so, or the person that the fact as a whole is about."""
    path = _subject_path(event.type)
    value = event.json() if path else None
    for step in path or ():
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str) and value:
        return value
    try:
        subject = parse_subject(event.subject)
    except InvalidSubject:
        return None
    return "/".join(subject.segments) if subject.kind == "person" else None


@lru_cache(maxsize=1024)
def _paths(type_: str) -> tuple[tuple[str, ...], ...]:
    declared = catalogue.find(type_)
    return personal_paths(declared.payload) if declared else ()


@lru_cache(maxsize=1024)
def _subject_path(type_: str) -> tuple[str, ...] | None:
    declared = catalogue.find(type_)
    return data_subject_path(declared.payload) if declared else None


def _replaced(event: Event, change: Callable[[str], str]) -> Any:
    paths = _paths(event.type)
    if not paths:
        return None
    value = event.json()
    for path in paths:
        value = _replace_at(value, path, change)
    return value


def _replace_at(value: Any, path: tuple[str, ...], change: Callable[[str], str]) -> Any:
    if not path:
        return change(value) if isinstance(value, str) else value
    step, below = path[0], path[1:]
    if isinstance(value, list):
        return [_replace_at(item, below, change) for item in value] if step == "*" else value
    if not isinstance(value, dict):
        return value
    return {key: _replace_at(item, below, change) if step in {"*", key} else item for key, item in value.items()}
