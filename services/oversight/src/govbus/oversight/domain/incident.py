"""The incident and its life: open → acknowledged → resolved, who and when."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from govbus.oversight.domain.rules import Opens
from govbus.oversight.domain.severity import Severity
from govbus.oversight.domain.signal import Kind, Signal


class State(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who did it and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. `revision` counts what happened to it; `opened.by` is a service or a person.

    `opened_event_id` and `correlation_id` tie later acts to the event that opened it (empty until that is made).
    """

    id: str
    kind: Kind
    severity: Severity
    about: tuple[str, ...]
    summary: str
    fingerprint: bytes
    opened: Stamp
    opened_event_id: str = ""
    correlation_id: str = ""
    rule_id: str | None = None
    evidence_id: str | None = None
    version: str | None = None
    environment: str | None = None
    metric: str | None = None
    subgroup: str | None = None
    occurred_at: datetime | None = None
    detected_at: datetime | None = None
    near_miss: bool = False
    exercise: bool = False
    due_at: datetime | None = None
    assignee: str | None = None
    acknowledged: Stamp | None = None
    resolved: Stamp | None = None
    resolution: str | None = None
    revision: int = 1

    @property
    def state(self) -> State:
        """Follows from the stamps."""
        if self.resolved:
            return State.RESOLVED
        return State.ACKNOWLEDGED if self.acknowledged else State.OPEN

    @property
    def subject(self) -> str:
        """The governed subject of its events."""
        return f"incident/{self.id}"


@dataclass(frozen=True, slots=True)
class Refused:
    """The step is not allowed now; `reason` is stable, `detail` says what to do."""

    reason: str
    detail: str


def open_incident(id_: str, signal: Signal, ruling: Opens, by: str) -> Incident:
    """Return the incident that a signal becomes by a rule."""
    return Incident(
        id=id_,
        kind=signal.kind,
        severity=ruling.severity,
        about=signal.about,
        summary=signal.summary,
        fingerprint=signal.fingerprint,
        opened=Stamp(by, signal.said_at),
        rule_id=ruling.rule_id,
        evidence_id=signal.evidence_id,
        version=signal.version,
        environment=signal.environment,
        metric=signal.metric,
        subgroup=signal.subgroup,
        occurred_at=signal.occurred_at,
        detected_at=signal.detected_at,
        near_miss=signal.near_miss,
        exercise=signal.exercise,
        due_at=ruling.due_at,
    )


def announced(incident: Incident, event_id: str, correlation_id: str | None) -> Incident:
    """Return the new incident tied to the event that opened it."""
    return replace(incident, opened_event_id=event_id, correlation_id=correlation_id or event_id)


def acknowledge(incident: Incident, stamp: Stamp) -> Incident | Refused:
    """Return the incident taken on by a person, who is then its assignee unless it has one."""
    match incident.state:
        case State.OPEN:
            assignee = incident.assignee or stamp.by
            return _moved(replace(incident, acknowledged=stamp, assignee=assignee))
        case State.ACKNOWLEDGED:
            return Refused("already_acknowledged", "Somebody has taken it on already; assign it to hand it over.")
        case State.RESOLVED:
            return Refused("already_resolved", "It is over; report a new incident if it is not.")
    assert_never(incident.state)


def assign(incident: Incident, assignee: str) -> Incident | Refused:
    """Return the incident with another person to look after it."""
    if incident.state is State.RESOLVED:
        return Refused("already_resolved", "It is over; there is nothing left to assign.")
    return _moved(replace(incident, assignee=assignee))


def resolve(incident: Incident, stamp: Stamp, resolution: str) -> Incident | Refused:
    """Return the incident closed with the reason why it is over; somebody must have acknowledged it before."""
    match incident.state:
        case State.OPEN:
            return Refused("not_acknowledged", "Acknowledge it first: nobody resolves what nobody has taken on.")
        case State.ACKNOWLEDGED:
            return _moved(replace(incident, resolved=stamp, resolution=resolution))
        case State.RESOLVED:
            return Refused("already_resolved", "It is resolved already.")
    assert_never(incident.state)


def noted(incident: Incident) -> Incident:
    """Return the incident after a comment or a further signal: only its history grows."""
    return _moved(incident)


def _moved(incident: Incident) -> Incident:
    return replace(incident, revision=incident.revision + 1)
