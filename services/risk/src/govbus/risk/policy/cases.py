"""Tests that policies carry: facts in, decision out. Run by `govbus policy test` and by our own suite."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from govbus.contracts import all_events, catalogue, strict_json, types
from govbus.contracts.envelope import Event
from govbus.risk.domain.decision import Decision, decide, guarded
from govbus.risk.domain.document import IncidentPart, Question, document
from govbus.risk.domain.folding import RuleData, fold
from govbus.risk.domain.subject import SubjectState
from govbus.risk.policy.bundle import Bundle

__all__ = ["Case", "Result", "all_events", "read_cases", "run_case"]

_SUBJECT: Final = "model/test/case"
_KNOWN_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When a case's facts became known, unless it says otherwise: cases read no clock."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(_Strict):
    """One fact of a case: short type name and data."""

    type: str
    data: dict[str, Any]
    at: datetime = _KNOWN_AT


class OpenIncident(_Strict):
    """An incident that is open while the case is decided."""

    severity: str
    kind: str = "reported"
    version: str | None = None
    environment: str | None = None
    exercise: bool = False
    near_miss: bool = False


class Asked(_Strict):
    """What the gate is asked."""

    version: str
    environment: str = "production"
    requested_by: str = "//ci/pipeline"
    at: datetime = _KNOWN_AT


class Expected(_Strict):
    """What it must answer: `rules` are exactly those that deny or ask for review, `warnings` are among its warnings."""

    decision: Literal["allow", "deny", "review"]
    rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Case(_Strict):
    """One test of a bundle."""

    name: str
    facts: tuple[Said, ...] = ()
    incidents: tuple[OpenIncident, ...] = ()
    ask: Asked
    expect: Expected
    file: str = Field(default="", exclude=True)


@dataclass(frozen=True, slots=True)
class Result:
    """How a case went; `differences` is empty when as expected."""

    case: Case
    decision: Decision
    differences: tuple[str, ...] = field(default=())


class CasesRefused(ValueError):
    """A file that holds no cases; the message names it."""


def read_cases(folder: Path) -> tuple[Case, ...]:
    """Return the cases of every file in the folder.

    Raises:
        CasesRefused: a file is not a list of cases.
    """
    found: list[Case] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            cases = TypeAdapter(tuple[Case, ...]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (yaml.YAMLError, ValidationError) as error:
            raise CasesRefused(f"{path.name}: {error}") from None
        found += [case.model_copy(update={"file": path.name}) for case in cases]
    return tuple(found)


def run_case(case: Case, bundle: Bundle, data: RuleData) -> Result:
    """Fold the case's facts, decide, and compare. Pure but for compiling."""
    state = SubjectState()
    for number, said in enumerate(case.facts, 1):
        event = _event(said, number)
        payload = catalogue.read(event)
        if payload is not None:
            state = fold(state, payload, event.id, event.known_at, data).state
    asked = case.ask
    question = Question(_SUBJECT, asked.version, asked.environment, asked.requested_by, asked.at)
    incidents = [IncidentPart(id=str(number), **item.model_dump()) for number, item in enumerate(case.incidents, 1)]
    seen = document(question, state, incidents, data)
    decision = decide(guarded(bundle.reasons(seen), version_registered=seen.version.registered))
    return Result(case, decision, tuple(_differences(case.expect, decision)))


def _event(said: Said, number: int) -> Event:
    return Event(
        id=f"fact-{number}",
        source="//test/platform",
        type=types.full_name(said.type),
        subject=_SUBJECT,
        time=said.at,
        recordedtime=said.at,
        data=strict_json.dump(said.data),
    )


def _differences(expected: Expected, decision: Decision) -> Sequence[str]:
    found = []
    if decision.outcome != expected.decision:
        found.append(f"decision is {decision.outcome}, expected {expected.decision}")
    stopping = {reason.rule for reason in decision.reasons if reason.effect != "warn"}
    if stopping != set(expected.rules):
        found.append(f"stopped by {sorted(stopping)}, expected {sorted(expected.rules)}")
    missing = set(expected.warnings) - {reason.rule for reason in decision.reasons if reason.effect == "warn"}
    if missing:
        found.append(f"no warning from {sorted(missing)}")
    return found
