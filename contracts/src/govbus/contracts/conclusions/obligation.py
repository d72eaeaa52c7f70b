"""Obligations: what a law, standard or policy demands of a subject. Subject: the model, system or data set.

Source: Regulation (EU) 2024/1689; NIST AI RMF 1.0; ISO/IEC 42001:2023, Annex A.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, EventReference, Moment, Name, Text, Uri


class _Obligation(Payload):
    obligation: Name = Field(description="Code of the obligation in the rule book.")
    provision: Name = Field(description="Where it comes from: Regulation (EU) 2024/1689, Art. 9.")


@event_type("obligation.assigned", topics.RISK, draft=True)
class ObligationAssigned(_Obligation):
    """A subject must do or show something, by a day."""

    requirement: Text = Field(description="What must be done or shown.")
    reason: Text = Field(description="Why it applies to this subject.")
    owner: Name | None = Field(default=None, description="Who answers for it.")
    due_at: Moment | None = Field(default=None, description="By when. Absent: before the next release.")


@event_type("obligation.fulfilled", topics.RISK, draft=True)
class ObligationFulfilled(_Obligation):
    """What was demanded is shown."""

    evidence: EventReference = Field(description="Identity of the event that shows it.")
    evidence_uri: Uri | None = Field(default=None, description="Where the evidence itself lies.")
    valid_until: Moment | None = Field(
        default=None, description="Until when it counts. Absent: until something changes."
    )


@event_type("obligation.overdue", topics.RISK, draft=True)
class ObligationOverdue(_Obligation):
    """What was demanded is not shown, and its time is over."""

    owner: Name | None = Field(default=None, description="Who answers for it.")
    due_at: Moment = Field(description="When it was due.")
    reminders_count: Count = Field(default=0, description="How often it was said before.")
