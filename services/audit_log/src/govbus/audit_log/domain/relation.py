"""Which other subjects a subject's entries name: the models of a system, the data sets of a version, the vendor."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import with_config

from govbus.audit_log.domain.matching import STRICT, Match, Schemas
from govbus.audit_log.domain.payload_path import parse_path
from govbus.contracts.subjects import InvalidSubject, Subject, parse_subject

Relation: TypeAlias = Literal["subject", "named", "correlated"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a payload names another subject; `kind` makes one of a bare name: `vendor` → `vendor/<name>`."""

    type: str
    path: str
    kind: Literal["vendor"] | None = None

    def faults(self, schemas: Schemas) -> tuple[str, ...]:
        """Return what is inconsistent with the contracts."""
        return Match(types=(self.type,)).faults(schemas, (self.path,))

    def subjects(self, document: Any) -> Iterable[str]:
        """Yield the governed subjects that the payload names here; what a platform calls otherwise is left out."""
        for value in parse_path(self.path).values(document):
            if isinstance(value, str):
                try:
                    yield str(Subject(self.kind, (value,)) if self.kind else parse_subject(value))
                except InvalidSubject:
                    continue


@dataclass(frozen=True, slots=True)
class Related:
    """The entries that belong to a subject, rising, with why their subjects do; chains too long to be followed."""

    indexes: tuple[int, ...]
    relations: Mapping[str, Relation]
    not_followed: tuple[str, ...]

    @property
    def subjects(self) -> Sequence[str]:
        """The subject first, then those it names, then those of correlated entries; each part by name."""
        place = {"subject": 0, "named": 1, "correlated": 2}
        return sorted(self.relations, key=lambda subject: (place[self.relations[subject]], subject))
