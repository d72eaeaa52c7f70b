"""Incidents as oversight keeps them. Subject: `incident/<incident id>`; `about` names what they concern."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, Severity, SubjectText, Text, Word


class _Incident(Payload):
    incident_id: Name
    about: tuple[SubjectText, ...] = Field(min_length=1, max_length=50)


@event_type("incident.opened", topics.OVERSIGHT)
class IncidentOpened(_Incident):
    """An incident stands open: from a failed validation, a breach, or a report."""

    kind: Word = Field(description="Known: failed_validation, threshold_breach, drift, reported.")
    severity: Severity
    summary: Text
    version: Name | None = None
    environment: Name | None = None
    evidence_id: Name | None = Field(default=None, description="Id of the event that shows it.")
    near_miss: bool = False
    exercise: bool = False


@event_type("incident.acknowledged", topics.OVERSIGHT)
class IncidentAcknowledged(_Incident):
    """A person took it on."""

    by: Name
    at: Moment
    note: Text | None = None


@event_type("incident.resolved", topics.OVERSIGHT)
class IncidentResolved(_Incident):
    """A person says that it is over, and why."""

    by: Name
    at: Moment
    resolution: Text
