"""Incidents as oversight keeps them. Subject: `incident/<incident id>`; `about` names what they concern."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, PersonId, Severity, SubjectText, Text, Word


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


@event_type("incident.escalated", topics.OVERSIGHT, draft=True)
class IncidentEscalated(_Incident):
    """It went to more or higher people."""

    severity: Severity = Field(description="How bad it is rated now.")
    to: tuple[Name, ...] = Field(min_length=1, max_length=50, description="Functions or teams that are to act.")
    by: Name | None = Field(default=None, description="Pseudonym of the person. Absent: the clock did it.")
    at: Moment = Field(description="When.")
    reason: Text = Field(description="Why; names nobody.")


@event_type("incident.mitigated", topics.OVERSIGHT, draft=True)
class IncidentMitigated(_Incident):
    """The harm is stopped; what caused it is not mended yet."""

    by: Name = Field(description="Pseudonym of the person.")
    at: Moment = Field(description="When.")
    measures: tuple[Text, ...] = Field(min_length=1, max_length=50, description="What was done; names nobody.")


@event_type("incident.reviewed", topics.OVERSIGHT, draft=True)
class IncidentReviewed(_Incident):
    """People looked back at a resolved incident."""

    by: tuple[PersonId, ...] = Field(min_length=1, max_length=50, description="Pseudonyms of who took part.")
    at: Moment = Field(description="When.")
    root_cause: Text = Field(description="What led to it; names nobody.")
    lessons: tuple[Text, ...] = Field(default=(), max_length=50, description="What was learnt.")
    actions: tuple[Text, ...] = Field(default=(), max_length=50, description="What is to be done, and by when.")
