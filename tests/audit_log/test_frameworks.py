"""Frameworks and figures as data: each delivered file is answered by what platforms say, and a mistake is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from govbus.audit_log.domain.framework import Framework
from govbus.audit_log.domain.report import AnsweredFramework, Unread
from govbus.audit_log.domain.reporting import SHOWN_COUNT, FrameworkFold, ReadEntry
from govbus.audit_log.rule_files import RuleFileRefused, load_evidence_rules, load_kpis
from govbus.contracts import types
from govbus.contracts.personal import PersonKey, seal

CHECKOUT = Path(__file__).parents[2]
POLICIES = CHECKOUT / "policies"
EXAMPLES = CHECKOUT / "contracts" / "examples"
RULES = load_evidence_rules(POLICIES / "frameworks")
MODEL = "model/retail/credit-risk"


def examples(name: str) -> list[dict[str, Any]]:
    """Return the good examples of a type."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((EXAMPLES / name / "good").glob("*.json"))]


def entry(index: int, type_: str, document: Any = None, **more: Any) -> ReadEntry:
    """Return an entry as the report reads it."""
    said = {"subject": MODEL, "time": "2026-11-23T10:00:00Z", "document": document, **more}
    return ReadEntry(index=index, type=types.full_name(type_), **said)


def answered(framework: Framework, *entries: ReadEntry) -> AnsweredFramework:
    """Return the framework answered by these entries."""
    fold = FrameworkFold(framework, "digest")
    for one in entries:
        fold.add(one)
    return fold.answered([MODEL])


@pytest.mark.parametrize("name", sorted(RULES.frameworks))
def test_every_question_is_answered_by_what_platforms_can_say(name: str) -> None:
    framework = RULES.frameworks[name]
    mentioned = {
        type_
        for section in framework.sections
        for question in section.questions
        for answer in question.answers
        for type_ in answer.types
    }
    said = [(type_, one) for type_ in sorted(mentioned) for one in examples(type_)]
    said.append(("validation.completed", {"subject": MODEL, "data": {"version": "1", "kind": "performance"}}))
    found = answered(
        framework,
        *(entry(index, type_, one["data"], subject=one["subject"]) for index, (type_, one) in enumerate(said)),
    )
    empty = [
        f"{section.id}/{question.id}"
        for section in found.sections
        for question in section.questions
        if not question.statements
    ]
    assert empty == []
    assert all(s.indexes for section in found.sections for q in section.questions for s in q.statements)


@pytest.mark.parametrize("name", sorted(RULES.frameworks))
def test_without_entries_every_question_is_empty(name: str) -> None:
    found = answered(RULES.frameworks[name])
    assert found.answered_count == 0
    assert found.questions_count >= 20
    assert all(question.is_empty for section in found.sections for question in section.questions)


def framework_of(*answers: dict[str, Any]) -> Framework:
    """Return a framework with one question."""
    return TypeAdapter(Framework).validate_python(written(*answers))


def written(*answers: dict[str, Any]) -> dict[str, Any]:
    """Return a framework with one question, as its file says it."""
    question = {"id": "q", "clause": "1", "title": "Q", "answers": list(answers)}
    section = {"id": "s", "clause": "1", "title": "S", "questions": [question]}
    return {"id": "f", "title": "F", "source": "x", "version": "1", "sections": [section]}


def texts(framework: Framework, *entries: ReadEntry) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return label, text and entries of each statement of the one question."""
    return [
        (one.label, one.text, one.indexes) for one in answered(framework, *entries).sections[0].questions[0].statements
    ]


def test_the_newest_statement_of_each_field_holds_per_subject() -> None:
    fields = {"Purpose": "purpose", "Owners": "owners"}
    framework = framework_of({"types": ["model.registered"], "take": "newest", "fields": fields})
    found = texts(
        framework,
        entry(0, "model.registered", {"purpose": "old", "owners": {"training": "ada"}}),
        entry(1, "model.registered", {"purpose": "z"}, subject="model/retail/zeta"),
        entry(2, "model.registered", {"purpose": "new", "owners": {}}),
    )
    assert found == [("Purpose", "new", (2,)), ("Owners", "training: ada", (0,)), ("Purpose", "z", (1,))]


def test_of_a_long_list_the_newest_are_shown_and_the_rest_counted() -> None:
    framework = framework_of({"types": ["override.recorded"], "take": "each", "fields": {"Way": "direction"}})
    said = [entry(index, "override.recorded", {"direction": str(index)}) for index in range(SHOWN_COUNT + 7)]
    question = answered(framework, *said).sections[0].questions[0]
    assert question.not_shown_count == 7
    assert [one.indexes[0] for one in question.statements] == list(range(7, SHOWN_COUNT + 7))


def test_a_count_names_all_its_entries_by_group() -> None:
    framework = framework_of({"types": ["override.recorded"], "take": "count", "by": "direction"})
    said = [entry(index, "override.recorded", {"direction": "ab"[index % 2]}) for index in range(5)]
    assert texts(framework, *said) == [
        ("override.recorded: a", "3", (0, 2, 4)),
        ("override.recorded: b", "2", (1, 3)),
    ]


def test_conditions_tell_true_from_one() -> None:
    answer = {"types": ["validation.completed"], "take": "count", "where": {"independent": [True]}}
    said = [entry(index, "validation.completed", {"independent": value}) for index, value in enumerate([True, 1, None])]
    assert texts(framework_of(answer), *said) == [("validation.completed", "1", (0,))]


def test_what_may_not_be_read_is_named_and_not_quoted() -> None:
    framework = framework_of({"types": ["override.recorded"], "take": "count", "by": "direction"})
    withheld = Unread(index=3, reason="confidential")
    question = answered(framework, entry(3, "override.recorded", unread=withheld)).sections[0].questions[0]
    assert (question.statements, question.unread, question.is_empty) == ((), (withheld,), False)


def test_sealed_texts_are_said_to_be_sealed() -> None:
    sealed = seal("Alice complained", PersonKey("k1", bytes(32)))
    framework = framework_of({"types": ["concern.raised"], "take": "each", "fields": {"Text": "text"}})
    assert texts(framework, entry(0, "concern.raised", {"text": sealed}))[0][1] == "Text: (personal data, sealed)"


GOOD = {"types": ["model.registered"], "take": "newest", "fields": {"Purpose": "purpose"}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({**GOOD, "types": ["model.registred"]}, "questions/q/answers/0: model.registred is no event type"),
        ({**GOOD, "types": []}, "questions/q/answers/0: names no type"),
        ({**GOOD, "fields": {"P": "porpose"}}, "questions/q/answers/0: porpose: the payload has no porpose"),
        ({**GOOD, "fields": {"P": "purpose[]"}}, "purpose is no list"),
        ({**GOOD, "fields": {"P": "a b"}}, "'a b' is not a path"),
        ({**GOOD, "fields": {}}, "shows no fields"),
        ({**GOOD, "take": "count"}, "what is counted has no fields"),
        ({**GOOD, "by": "purpose"}, "`by` goes with `take: count`"),
        ({**GOOD, "where": {"kund": ["x"]}}, "kund: the payload has no kund"),
        ({**GOOD, "take": "oldest"}, "answers/0/take: Input should be"),
        ({**GOOD, "tpyes": []}, "answers/0/tpyes: Unexpected keyword argument"),
    ],
)
def test_a_mistake_in_a_framework_is_refused_with_its_place(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "related.yaml").write_text("[]")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(written(change)))
    with pytest.raises(RuleFileRefused) as refused:
        load_evidence_rules(tmp_path)
    assert "mine.yaml/" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no framework"),
        ({"a.yaml": "{"}, "a.yaml is not YAML"),
        ({"a.yaml": yaml.safe_dump({**written(GOOD), "sections": []})}, "a.yaml/sections: there are none"),
        ({"a.yaml": yaml.safe_dump(written(GOOD)), "b.yaml": yaml.safe_dump(written(GOOD))}, "another file has"),
        ({"a.yaml": yaml.safe_dump(written())}, "a.yaml/sections/s/questions/q: nothing can answer it"),
        (
            {"a.yaml": yaml.safe_dump(written(GOOD)), "related.yaml": "- {type: model.registered, path: vendr}"},
            "0: vendr",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    (tmp_path / "related.yaml").write_text("[]")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(RuleFileRefused) as refused:
        load_evidence_rules(tmp_path)
    assert said in str(refused.value)


MARK = {"types": ["incident.opened"], "key": ["incident_id"]}


@pytest.mark.parametrize(
    ("kpi", "said"),
    [
        ({}, "kpis/k: exactly one of duration, count, coverage"),
        ({"count": {"types": ["x.y"]}}, "kpis/k: x.y is no event type"),
        ({"count": {"types": ["override.recorded"], "by": "entry.id | way"}}, "way: the payload has no way"),
        ({"duration": {"start": MARK, "end": {**MARK, "key": []}}}, "keys of different length"),
        ({"duration": {"start": {**MARK, "at": "whn"}, "end": MARK}}, "whn: the payload has no whn"),
        ({"coverage": {"standing": [], "proof": MARK}}, "every place needs a key of the same length"),
        ({"count": {"types": ["override.recorded"], "per": "x"}}, "kpis/0/count/per: Unexpected keyword argument"),
    ],
)
def test_a_mistake_in_the_figures_is_refused_with_its_place(tmp_path: Path, kpi: dict[str, Any], said: str) -> None:
    file = tmp_path / "kpis.yaml"
    file.write_text(yaml.safe_dump({"kpis": [{"id": "k", "title": "K", "sources": [], **kpi}]}))
    with pytest.raises(RuleFileRefused) as refused:
        load_kpis(file)
    assert "kpis.yaml/" in str(refused.value)
    assert said in str(refused.value)


def test_the_delivered_figures_can_be_used_and_name_frameworks_that_exist() -> None:
    definitions = load_kpis(POLICIES / "kpis.yaml")
    assert {name for kpi in definitions.kpis for name in kpi.frameworks} <= RULES.frameworks.keys()
