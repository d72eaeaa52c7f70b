"""Bodies that clients send and documents they get; nothing of the tables shows through."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from govbus.contracts.envelope import format_time
from govbus.contracts.fields import NO_NUL, Moment, Name, SubjectText
from govbus.oversight.domain.history import Line
from govbus.oversight.domain.incident import Incident
from govbus.oversight.domain.severity import Severity

Words = Annotated[str, Field(min_length=1, max_length=8192, pattern=NO_NUL)]
"""What a person writes."""


class Body(BaseModel):
    """A request body; an unknown field is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Report(Body):
    """A person reports an incident."""

    about: tuple[SubjectText, ...] = Field(min_length=1, max_length=50, description="Governed subjects concerned.")
    summary: Words = Field(description="What happened; told to everybody who is notified, so it names nobody.")
    severity: Severity
    version: Name | None = None
    environment: Name | None = None
    occurred_at: Moment | None = None
    detected_at: Moment | None = None
    near_miss: bool = False
    exercise: bool = False


class Acknowledgement(Body):
    """A person takes an incident on."""

    note: Words | None = None


class Assignment(Body):
    """Who shall look after it."""

    assignee: Name


class Resolution(Body):
    """Why it is over."""

    resolution: Words = Field(validation_alias=AliasChoices("resolution", "note"))


class Comment(Body):
    """A remark for the history."""

    text: Words


def case_document(incident: Incident) -> dict[str, Any]:
    """Return an incident as a case; what is not known is null."""
    return {
        "id": incident.id,
        "kind": "incident",
        "subject": incident.subject,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "incident_kind": incident.kind.value,
        "about": list(incident.about),
        "summary": incident.summary,
        "version": incident.version,
        "environment": incident.environment,
        "metric": incident.metric,
        "subgroup": incident.subgroup,
        "evidence_id": incident.evidence_id,
        "rule": incident.rule_id,
        "near_miss": incident.near_miss,
        "exercise": incident.exercise,
        "occurred_at": incident.occurred_at and format_time(incident.occurred_at),
        "detected_at": incident.detected_at and format_time(incident.detected_at),
        "due_at": incident.due_at and format_time(incident.due_at),
        "opened_at": format_time(incident.opened.at),
        "opened_by": incident.opened.by,
        "assignee": incident.assignee,
        "acknowledged_at": incident.acknowledged and format_time(incident.acknowledged.at),
        "acknowledged_by": incident.acknowledged and incident.acknowledged.by,
        "resolved_at": incident.resolved and format_time(incident.resolved.at),
        "resolved_by": incident.resolved and incident.resolved.by,
        "resolution": incident.resolution,
        "revision": incident.revision,
    }


def line_document(line: Line) -> dict[str, Any]:
    """Return one line of history."""
    return {
        "at": format_time(line.at),
        "by": line.by,
        "action": line.action.value,
        "note": line.note,
        "event_id": line.event_id,
    }
