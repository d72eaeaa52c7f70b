"""Incidents that a platform or a person reports. Subject: the model concerned."""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Moment, Name, Severity, Text, Uri, Word
from govbus.contracts.personal import Personal


@event_type("incident.reported", topics.FACTS, minor=1)
class IncidentReported(Payload):
    """Something happened. `summary` goes to everybody who is told, so it must name nobody."""

    summary: Text = Field(min_length=1, description="What happened, in a sentence.")
    severity: Severity = Field(description="As claimed by the reporter.")
    occurred_at: Moment | None = Field(default=None, description="When it began.")
    detected_at: Moment | None = Field(default=None, description="When it was noticed.")
    harms: tuple[Word, ...] = Field(
        default=(),
        max_length=20,
        description="Known: health, safety, fundamental_rights, property, environment, critical_infrastructure.",
    )
    people_affected_count: Count | None = Field(default=None, description="How many people it concerns.")
    people_affected: Annotated[Text, Personal()] | None = Field(default=None, description="Who they are: sealed.")
    account: Annotated[Text, Personal()] | None = Field(default=None, description="The reporter's own words: sealed.")
    version: Name | None = Field(default=None, description="Version of the model concerned.")
    environment: Name | None = Field(default=None, description="Where it happened.")
    near_miss: bool = Field(default=False, description="Whether nothing came of it, by luck.")
    exercise: bool = Field(default=False, description="Whether it was only played.")
    kind: Word | None = Field(
        default=None, description="Since 1.1. Known: alert, incident, vulnerability, outage, misuse."
    )
    status: Word | None = Field(
        default=None, description="Since 1.1, in its tool. Known: open, acknowledged, mitigated, resolved."
    )
    resolved_at: Moment | None = Field(default=None, description="Since 1.1. When it was over, where it is.")
    external_id: Name | None = Field(
        default=None, description="Since 1.1. Its id in the tool it comes from: the same in every report of it."
    )
    external_reference: Uri | None = Field(default=None, description="Since 1.1. Page of it in that tool.")
