"""An evidence report: what the log's entries say to a framework's questions, each statement with its entries.

Version 1 of the document; its JSON Schema is frozen in `rendering/report.schema.json`.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that entries say; `label` is what it is called, `value` the payload's own, `text` for people."""

    label: str
    text: str
    value: Any
    subject: str
    at: str | None
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An entry that would answer, and that this report may not or cannot read: `reason` says why."""

    index: int
    reason: Literal["confidential", "personal", "erased", "pruned", "unreadable"]
    erasure_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """A question with what is on record; `not_shown_count` are older entries left out of a long list."""

    id: str
    clause: str
    title: str
    statements: tuple[Statement, ...]
    unread: tuple[Unread, ...]
    not_shown_count: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on record."""
        return not self.statements and not self.unread


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredSection:
    """A section with its questions."""

    id: str
    clause: str
    title: str
    questions: tuple[AnsweredQuestion, ...]

    @property
    def answered_count(self) -> int:
        """How many questions have something on record."""
        return sum(not question.is_empty for question in self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredFramework:
    """A framework with its sections; `digest` names the data it was rendered by."""

    id: str
    title: str
    source: str
    version: str
    digest: str
    sections: tuple[AnsweredSection, ...]

    @property
    def answered_count(self) -> int:
        """How many questions have something on record."""
        return sum(section.answered_count for section in self.sections)

    @property
    def questions_count(self) -> int:
        """How many questions there are."""
        return sum(len(section.questions) for section in self.sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedLog:
    """The tree that everything in the report is under: `signed_at` by the log's clock, `root` in base64."""

    origin: str
    size: int
    root: str
    checkpoint: str
    signed_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCounts:
    """How much of the record the report rests on; the times are when Govbus came to know."""

    entries_count: int
    withheld_count: int
    erased_count: int
    first_known_at: str | None
    last_known_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectInReport:
    """A subject whose entries are in the report, why it is related, and how many entries it has."""

    subject: str
    relation: Literal["subject", "named", "correlated"]
    entries_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole document; `not_followed` are chains of events too long to be gone along."""

    v: Literal[1] = 1
    subject: str
    confidential: bool
    log: PinnedLog
    counts: EntryCounts
    subjects: tuple[SubjectInReport, ...]
    not_followed: tuple[str, ...]
    frameworks: tuple[AnsweredFramework, ...]
