"""Incidents as oversight keeps them. Subject: `incident/<incident id>`; `about` names what they concern."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, Severity, SubjectText, Text, Word


class _Incident(Payload):
    incident_id: Name = Field(description="Id of the incident, as in its subject.")
    about: tuple[SubjectText, ...] = Field(min_length=1, max_length=50, description="Subjects that it concerns.")


@event_type("incident.opened", topics.OVERSIGHT)
class IncidentOpened(_Incident):
    """An incident stands open: from a failed validation, a breach, or a report."""

    kind: Word = Field(description="Known: failed_validation, threshold_breach, drift, reported.")
    severity: Severity = Field(description="How bad, as oversight's rules rate it.")
    summary: Text = Field(description="What happened, in a sentence; names nobody.")
    version: Name | None = Field(default=None, description="Version of the model concerned.")
    environment: Name | None = Field(default=None, description="Where it happened.")
    evidence_id: Name | None = Field(default=None, description="Id of the event that shows it.")
    near_miss: bool = Field(default=False, description="Whether nothing came of it, by luck.")
    exercise: bool = Field(default=False, description="Whether it is only played.")


@event_type("incident.acknowledged", topics.OVERSIGHT)
class IncidentAcknowledged(_Incident):
    """A person took it on."""

    by: Name = Field(description="Pseudonym of the person.")
    at: Moment = Field(description="When.")
    note: Text | None = Field(default=None, description="What they said; names nobody.")


@event_type("incident.resolved", topics.OVERSIGHT)
class IncidentResolved(_Incident):
    """A person says that it is over, and why."""

    by: Name = Field(description="Pseudonym of the person.")
    at: Moment = Field(description="When.")
    resolution: Text = Field(description="What ended it; names nobody.")
