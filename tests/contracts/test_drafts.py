"""Drafts: conclusions that no service draws yet. They may change, and nobody may write one."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from architecture.checkout import CHECKOUT, SERVICES, Source, planted, sources_of
from contracts.examples import read_example
from govbus.contracts import catalogue
from govbus.contracts.all_events import TYPES
from govbus.contracts.catalogue import EventType, StillADraft
from govbus.contracts.freezing import freeze
from govbus.contracts.making import Actor, clock_concluded, conclude, person_did
from govbus.contracts.schemas import schema_path, schema_text

DRAFTS = [declared for declared in TYPES if declared.draft]
NAMES = {declared.payload.__name__ for declared in DRAFTS}
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def namings(source: Source) -> list[str]:
    """Return where a file names the payload class of a draft."""
    return [f"{source.at(node)}: {NAMES & _named_by(node)} is a draft" for node in ast.walk(source.tree)
            if NAMES & _named_by(node)]  # fmt: skip


def _named_by(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
            return {name}
        case _:
            return set()


@pytest.mark.parametrize("declared", DRAFTS, ids=lambda declared: declared.name)
def test_a_draft_is_a_conclusion_and_cannot_be_said(declared: EventType) -> None:
    assert not declared.is_fact
    path = next((CHECKOUT / "contracts/examples" / declared.name / "good").glob("*.json"))
    event = read_example(path)
    payload = catalogue.read(event)
    assert payload is not None
    with pytest.raises(StillADraft, match=declared.name):
        conclude("risk", event.subject, payload, event)
    with pytest.raises(StillADraft, match="freeze its schema"):
        clock_concluded("risk", event.subject, payload, "rule", "2026-11-23", NOW)
    with pytest.raises(StillADraft):
        person_did("risk", event.subject, payload, Actor("person-12"), NOW)


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_names_a_draft(service: str) -> None:
    found = [line for source in sources_of(SERVICES[service]) for line in namings(source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "from govbus.contracts.conclusions.report import ReportDue",
        "payload = report.ReportDue(incident_id='1')",
    ],
)
def test_planted_draft_is_seen(text: str) -> None:
    assert len(namings(planted(text))) == 1


def test_the_schema_of_a_draft_may_be_overwritten(tmp_path: Path) -> None:
    declared = DRAFTS[0]
    freeze(tmp_path)
    path = schema_path(tmp_path, declared)
    path.write_text("{}", encoding="utf-8")
    assert freeze(tmp_path) == (path,)
    assert path.read_text("utf-8") == schema_text(declared)
