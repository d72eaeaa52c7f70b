"""Renders frameworks from entries: a fold over the related entries in index order, with bounded memory.

Pure: what an entry says and whether it may be read are arguments.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from govbus.audit_log.domain.framework import Answer, Framework, Question, Section
from govbus.audit_log.domain.payload_path import parse_path
from govbus.audit_log.domain.report import (
    AnsweredFramework,
    AnsweredQuestion,
    AnsweredSection,
    Statement,
    Unread,
)
from govbus.audit_log.domain.report_words import text_of
from govbus.contracts import types

SHOWN_COUNT: Final = 50
"""Entries of one `each` that a report shows; the pack holds all of them."""

_WHOLE: Final = "entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEntry:
    """One entry as the report may read it: its payload, or why there is none."""

    index: int
    type: str | None
    subject: str | None
    time: str | None
    document: Any = None
    unread: Unread | None = None


class FrameworkFold:
    """One framework being answered."""

    def __init__(self, framework: Framework, digest: str) -> None:
        """Begin with nothing on record."""
        self._framework = framework
        self._digest = digest
        self._questions = {id(question): _QuestionFold(question) for question in _questions(framework)}
        self._by_type: dict[str, list[_QuestionFold]] = {}
        for fold in self._questions.values():
            for name in fold.full_types:
                self._by_type.setdefault(name, []).append(fold)

    def add(self, entry: ReadEntry) -> None:
        """Take the next entry, in index order."""
        for fold in self._by_type.get(entry.type or "", ()):
            fold.add(entry)

    def answered(self, subjects: Sequence[str]) -> AnsweredFramework:
        """Return what is on record; statements about one subject stand together, in the order of `subjects`."""
        order = {subject: place for place, subject in enumerate(subjects)}
        framework = self._framework
        return AnsweredFramework(
            id=framework.id,
            title=framework.title,
            source=framework.source,
            version=framework.version,
            digest=self._digest,
            sections=tuple(self._section(section, order) for section in framework.sections),
        )

    def _section(self, section: Section, order: dict[str, int]) -> AnsweredSection:
        return AnsweredSection(
            id=section.id,
            clause=section.clause,
            title=section.title,
            questions=tuple(self._questions[id(question)].answered(order) for question in section.questions),
        )


class _QuestionFold:
    def __init__(self, question: Question) -> None:
        self._question = question
        self._answers = [_fold_of(answer) for answer in question.answers]
        self._unread: dict[int, Unread] = {}
        self.full_types = frozenset(name for answer in question.answers for name in answer.match.full_types)

    def add(self, entry: ReadEntry) -> None:
        for fold in self._answers:
            if entry.type not in fold.full_types:
                continue
            if entry.unread is not None and fold.needs_payload:
                self._unread[entry.index] = entry.unread
            elif fold.accepts(entry.document):
                fold.add(entry)

    def answered(self, order: dict[str, int]) -> AnsweredQuestion:
        return AnsweredQuestion(
            id=self._question.id,
            clause=self._question.clause,
            title=self._question.title,
            statements=tuple(statement for fold in self._answers for statement in fold.statements(order)),
            unread=tuple(self._unread.values()),
            not_shown_count=sum(fold.not_shown_count for fold in self._answers),
        )


class _AnswerFold(ABC):
    """What the three ways of taking have in common: which entries are meant."""

    def __init__(self, answer: Answer) -> None:
        match = answer.match
        self.answer = answer
        self.accepts = match.accepts
        self.full_types = match.full_types
        self.needs_payload = match.needs_payload or bool(answer.fields) or answer.by is not None
        self.not_shown_count = 0

    @abstractmethod
    def add(self, entry: ReadEntry) -> None:
        """Take an entry that is meant."""

    @abstractmethod
    def statements(self, order: dict[str, int]) -> list[Statement]:
        """Return what is on record."""


class _Newest(_AnswerFold):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self._said: dict[tuple[str, str], Statement] = {}

    @override
    def add(self, entry: ReadEntry) -> None:
        for label, value in _fields(self.answer, entry.document).items():
            self._said[entry.subject or "", label] = Statement(
                label=label,
                text=text_of(value),
                value=value,
                subject=entry.subject or "",
                at=entry.time,
                indexes=(entry.index,),
            )

    @override
    def statements(self, order: dict[str, int]) -> list[Statement]:
        labels = list(self.answer.fields)

        def place(statement: Statement) -> tuple[int, str, int]:
            return order.get(statement.subject, len(order)), statement.subject, labels.index(statement.label)

        return sorted(self._said.values(), key=place)


class _Each(_AnswerFold):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self._newest: deque[Statement] = deque(maxlen=SHOWN_COUNT)

    @override
    def add(self, entry: ReadEntry) -> None:
        said = _fields(self.answer, entry.document)
        self.not_shown_count += len(self._newest) == SHOWN_COUNT
        self._newest.append(
            Statement(
                label=types.short_name(entry.type or "") or _WHOLE,
                text=text_of(said),
                value=said,
                subject=entry.subject or "",
                at=entry.time,
                indexes=(entry.index,),
            )
        )

    @override
    def statements(self, order: dict[str, int]) -> list[Statement]:
        return sorted(self._newest, key=lambda said: (order.get(said.subject, len(order)), said.indexes))


class _Count(_AnswerFold):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self._indexes: dict[tuple[str, str], list[int]] = {}

    @override
    def add(self, entry: ReadEntry) -> None:
        found = parse_path(self.answer.by).values(entry.document) if self.answer.by else ()
        group = text_of(found[0]) if found else _WHOLE
        kind = types.short_name(entry.type or "") or _WHOLE
        self._indexes.setdefault((kind, group), []).append(entry.index)

    @override
    def statements(self, order: dict[str, int]) -> list[Statement]:
        _ = order
        return [
            Statement(
                label=kind if group == _WHOLE else f"{kind}: {group}",
                text=str(len(indexes)),
                value=len(indexes),
                subject="",
                at=None,
                indexes=tuple(indexes),
            )
            for (kind, group), indexes in sorted(self._indexes.items())
        ]


def _fold_of(answer: Answer) -> _AnswerFold:
    match answer.take:
        case "newest":
            return _Newest(answer)
        case "each":
            return _Each(answer)
        case "count":
            return _Count(answer)


def _fields(answer: Answer, document: Any) -> dict[str, Any]:
    """Return label → value of what the payload says; a path into lists gives a list, an empty one is not said."""
    found: dict[str, Any] = {}
    for label, text in answer.fields.items():
        path = parse_path(text)
        values = path.values(document)
        said = list(values) if any(each for _, each in path.steps) else next(iter(values), None)
        if said not in (None, [], {}, ""):
            found[label] = said
    return found


def _questions(framework: Framework) -> list[Question]:
    return [question for section in framework.sections for question in section.questions]
