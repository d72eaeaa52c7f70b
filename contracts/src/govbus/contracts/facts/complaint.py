"""Complaints and requests for redress of people whom an AI decision concerns. Subject: the model or system.

Source: Regulation (EU) 2024/1689, Art. 85 and 86; NIST AI RMF 1.0, MEASURE 3.3.
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, PersonId, Text, Uri, Word
from govbus.contracts.personal import DataSubject, Personal


class _FromPerson(Payload):
    person: Annotated[PersonId, DataSubject()] | None = Field(
        default=None, description="Pseudonym of whoever it concerns; their key seals the sealed fields."
    )
    channel: Word | None = Field(default=None, description="Known: web, mail, phone, letter, in_person, authority.")
    decision: Name | None = Field(default=None, description="Id of the AI decision concerned, on its platform.")
    decided_at: Moment | None = Field(default=None, description="When that decision was taken.")
    version: Name | None = Field(default=None, description="Version of the model that took it.")
    environment: Name | None = Field(default=None, description="Where it was taken.")
    account: Annotated[Text, Personal()] | None = Field(default=None, description="In the person's own words: sealed.")
    contact: Annotated[Text, Personal()] | None = Field(default=None, description="How to answer: sealed.")
    external_reference: Uri | None = Field(default=None, description="The ticket in the tool it came by.")


@event_type("complaint.received", topics.FACTS)
class ComplaintReceived(_FromPerson):
    """Somebody complains about what an AI system did."""

    topic: Word | None = Field(
        default=None, description="Known: wrong_output, discrimination, privacy, safety, no_explanation, no_human."
    )


@event_type("redress.requested", topics.FACTS)
class RedressRequested(_FromPerson):
    """Somebody asks for a decision to be explained, reviewed by a person, or put right."""

    asks_for: Word = Field(description="Known: explanation, human_review, correction, reversal, compensation.")
    grounds: Annotated[Text, Personal()] | None = Field(default=None, description="Why, in their words: sealed.")
