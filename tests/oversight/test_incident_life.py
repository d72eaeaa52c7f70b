"""The incident's life as a table, and laws of the rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.oversight.domain.incident import (
    Incident,
    Refused,
    Stamp,
    State,
    acknowledge,
    assign,
    open_incident,
    resolve,
)
from govbus.oversight.domain.rules import NoIncident, Opens, Rule, rule_on
from govbus.oversight.domain.severity import Severity
from govbus.oversight.domain.signal import Kind, Signal

AT = datetime(2026, 3, 1, tzinfo=UTC)
ALICE = Stamp("//govbus/people/alice", AT)


def signal(**changes: object) -> Signal:
    fields: dict[str, object] = {
        "kind": Kind.REPORTED,
        "severity": Severity.HIGH,
        "about": ("model/a/b",),
        "summary": "it happened",
        "evidence_id": "e1",
        "said_at": AT,
    }
    return Signal(**(fields | changes))  # type: ignore[arg-type]


def opened() -> Incident:
    return open_incident("i1", signal(), Opens("reported", Severity.HIGH, None), "//govbus/oversight")


def done(step: Incident | Refused) -> Incident:
    assert isinstance(step, Incident)
    return step


STANDING = {
    State.OPEN: opened(),
    State.ACKNOWLEDGED: done(acknowledge(opened(), ALICE)),
    State.RESOLVED: done(resolve(done(acknowledge(opened(), ALICE)), ALICE, "mended")),
}


@pytest.mark.parametrize(
    ("state", "step", "outcome"),
    [
        (State.OPEN, "acknowledge", State.ACKNOWLEDGED),
        (State.OPEN, "assign", State.OPEN),
        (State.OPEN, "resolve", "not_acknowledged"),
        (State.ACKNOWLEDGED, "acknowledge", "already_acknowledged"),
        (State.ACKNOWLEDGED, "assign", State.ACKNOWLEDGED),
        (State.ACKNOWLEDGED, "resolve", State.RESOLVED),
        (State.RESOLVED, "acknowledge", "already_resolved"),
        (State.RESOLVED, "assign", "already_resolved"),
        (State.RESOLVED, "resolve", "already_resolved"),
    ],
)
def test_every_step_from_every_state_is_allowed_or_refused_with_a_reason(
    state: State, step: str, outcome: State | str
) -> None:
    before = STANDING[state]
    assert before.state is state
    steps = {
        "acknowledge": lambda: acknowledge(before, ALICE),
        "assign": lambda: assign(before, "//govbus/people/bob"),
        "resolve": lambda: resolve(before, ALICE, "mended"),
    }
    after = steps[step]()
    if isinstance(after, Refused):
        assert after.reason == outcome
    else:
        assert after.state is outcome
        assert after.revision == before.revision + 1


def test_who_acknowledges_becomes_the_assignee_unless_there_is_one() -> None:
    assert STANDING[State.ACKNOWLEDGED].assignee == ALICE.by
    handed = done(assign(opened(), "//govbus/people/bob"))
    assert done(acknowledge(handed, ALICE)).assignee == "//govbus/people/bob"


RULES = (
    Rule(
        id="prod",
        kind=Kind.DRIFT,
        minimum_severity=Severity.MEDIUM,
        environments=("prod*",),
        severity=Severity.CRITICAL,
        acknowledge_within=((Severity.CRITICAL, timedelta(minutes=15)),),
    ),
    Rule(id="anywhere", kind=Kind.DRIFT, minimum_severity=Severity.HIGH),
)


@pytest.mark.parametrize(
    ("severity", "environment", "rule"),
    [
        (Severity.LOW, "production", None),
        (Severity.MEDIUM, "production", "prod"),
        (Severity.MEDIUM, None, "prod"),
        (Severity.MEDIUM, "staging", None),
        (Severity.HIGH, "staging", "anywhere"),
    ],
)
def test_the_first_rule_that_fits_decides(severity: Severity, environment: str | None, rule: str | None) -> None:
    ruling = rule_on(signal(kind=Kind.DRIFT, severity=severity, environment=environment), RULES)
    if rule is None:
        assert isinstance(ruling, NoIncident)
        assert "prod" in ruling.reason
    else:
        assert isinstance(ruling, Opens)
        assert ruling.rule_id == rule
        assert (ruling.due_at == AT + timedelta(minutes=15)) == (rule == "prod")


PARTS = st.tuples(st.text(max_size=3), st.text(max_size=3), st.none() | st.text(max_size=3))


@given(PARTS, PARTS)
def test_breaches_share_a_fingerprint_exactly_when_subject_metric_and_subgroup_do(
    one: tuple[str, str, str | None], two: tuple[str, str, str | None]
) -> None:
    prints = [
        signal(kind=Kind.DRIFT, about=(about,), metric=metric, subgroup=subgroup, environment="p").fingerprint
        for about, metric, subgroup in (one, two)
    ]
    assert (prints[0] == prints[1]) == (one == two)
