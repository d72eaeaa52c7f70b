"""Evidence that must not change. Subject: what the evidence is about.

Source: Regulation (EU) 2024/1689, Art. 73(6).
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, Moment, Name, PersonId, Text


@event_type("evidence.held", topics.OVERSIGHT)
class EvidenceHeld(Payload):
    """Nothing of a subject may be deleted or altered until the hold is released."""

    hold_id: Name = Field(description="Id of the hold.")
    incident_id: Name | None = Field(default=None, description="The incident that it is for.")
    reason: Text = Field(description="Why; names nobody.")
    held_by: tuple[PersonId, ...] = Field(min_length=1, max_length=10, description="Pseudonyms of who ordered it.")
    since: Moment = Field(description="Since when.")
    released_at: Moment | None = Field(default=None, description="When it was released. Absent: it holds.")
    events: tuple[EventReference, ...] = Field(
        default=(), max_length=1000, description="Identities of the events held. Absent: all of the subject."
    )
