"""Corrections: two subjects that are one, a fact that was wrong. Nothing is deleted by them."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, SubjectText, Text


@event_type("record.merged", topics.FACTS)
class RecordMerged(Payload):
    """What was known under `merged` is the event's subject. Subject: the one that stays."""

    merged: SubjectText = Field(description="The subject that is no longer used; of the same kind.")
    reason: Text | None = Field(default=None, description="How it was found out.")


@event_type("fact.withdrawn", topics.FACTS)
class FactWithdrawn(Payload):
    """An earlier fact was wrong; it stays on record as withdrawn. Subject: that of the wrong fact."""

    fact: EventReference = Field(description="Identity of the fact that is withdrawn.")
    reason: Text = Field(min_length=1, description="Why; it must name nobody.")
    replaced_by: EventReference | None = Field(default=None, description="Identity of the fact that holds instead.")
