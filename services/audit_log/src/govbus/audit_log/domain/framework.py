"""A framework as data: sections, the questions in them, and which entries of the log answer each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import with_config

from govbus.audit_log.domain.matching import STRICT, Conditions, Match, Schemas

Take = Literal["newest", "each", "count"]
"""`newest`: the newest statement of each field; `each`: every entry, the newest last; `count`: how many, by a field."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Entries that answer a question, and what is shown of them."""

    types: tuple[str, ...]
    take: Take
    fields: Mapping[str, str] = field(default_factory=dict)
    by: str | None = None
    where: Conditions = field(default_factory=dict)
    unless: Conditions = field(default_factory=dict)

    @property
    def match(self) -> Match:
        """Which entries."""
        return Match(types=self.types, where=self.where, unless=self.unless)

    def faults(self, schemas: Schemas) -> tuple[str, ...]:
        """Return what is inconsistent in itself or with the contracts."""
        found = list(self.match.faults(schemas, (*self.fields.values(), *((self.by,) if self.by else ()))))
        if self.take == "count" and self.fields:
            found.append("what is counted has no fields: name one in `by`")
        if self.take != "count" and not self.fields:
            found.append("shows no fields")
        if self.take != "count" and self.by:
            found.append("`by` goes with `take: count`")
        return tuple(found)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that a clause asks for."""

    id: str
    clause: str
    title: str
    answers: tuple[Answer, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a framework."""

    id: str
    clause: str
    title: str
    questions: tuple[Question, ...]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One framework: what it is, and its sections in order."""

    id: str
    title: str
    source: str
    version: str
    sections: tuple[Section, ...]

    def faults(self, schemas: Schemas) -> Iterator[str]:
        """Yield what is inconsistent, each with its place: ids that stand twice, types and paths that do not exist."""
        seen: set[str] = set()
        if not self.sections:
            yield "sections: there are none"
        for section in self.sections:
            if section.id in seen:
                yield f"sections/{section.id}: the id stands twice"
            seen.add(section.id)
            if not section.questions:
                yield f"sections/{section.id}: asks nothing"
            for question in section.questions:
                place = f"sections/{section.id}/questions/{question.id}"
                if f"{section.id}/{question.id}" in seen:
                    yield f"{place}: the id stands twice"
                seen.add(f"{section.id}/{question.id}")
                if not question.answers:
                    yield f"{place}: nothing can answer it"
                for number, answer in enumerate(question.answers):
                    yield from (f"{place}/answers/{number}: {fault}" for fault in answer.faults(schemas))
