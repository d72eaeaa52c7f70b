"""Incidents that a platform or a person reports. Subject: the model concerned."""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Moment, Name, Severity, Text, Word
from govbus.contracts.personal import Personal


@event_type("incident.reported", topics.FACTS)
class IncidentReported(Payload):
    """Something happened. `summary` goes to everybody who is told, so it must name nobody."""

    summary: Text = Field(min_length=1)
    severity: Severity = Field(description="As claimed by the reporter.")
    occurred_at: Moment | None = None
    detected_at: Moment | None = None
    harms: tuple[Word, ...] = Field(
        default=(),
        max_length=20,
        description="Known: health, safety, fundamental_rights, property, environment, critical_infrastructure.",
    )
    people_affected_count: Count | None = None
    people_affected: Annotated[Text, Personal()] | None = Field(default=None, description="Who they are: sealed.")
    account: Annotated[Text, Personal()] | None = Field(default=None, description="The reporter's own words: sealed.")
    version: Name | None = None
    environment: Name | None = None
    near_miss: bool = False
    exercise: bool = False
