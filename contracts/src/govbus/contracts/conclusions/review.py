"""Reviews by people: a release, a waiver, a change of risk. Subject: what is reviewed."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, PersonId, Text, Word


class _Review(Payload):
    case_id: Name = Field(description="Id of the case.")
    kind: Word = Field(description="Known: release, waiver, risk, incident, policy, erasure.")


@event_type("review.requested", topics.OVERSIGHT, draft=True)
class ReviewRequested(_Review):
    """People must decide."""

    question: Text = Field(description="What is to be decided.")
    version: Name | None = Field(default=None, description="Version it is about.")
    environment: Name | None = Field(default=None, description="Where it is to run.")
    functions: tuple[Word, ...] = Field(
        min_length=1, max_length=20, description="Functions that must decide, each by its own person: risk, legal."
    )
    requested_by: Name = Field(description="Who asks; must not decide.")
    due_at: Moment = Field(description="By when.")
    decision_id: Name | None = Field(default=None, description="The gate's decision that led here.")


@event_type("review.decided", topics.OVERSIGHT, draft=True)
class ReviewDecided(_Review):
    """People decided."""

    decision: Word = Field(description="Known: approved, approved_with_conditions, rejected, withdrawn.")
    decided_by: tuple[PersonId, ...] = Field(min_length=1, max_length=20, description="Pseudonyms of who decided.")
    decided_at: Moment = Field(description="When the last of them did.")
    rationale: Text = Field(description="Why; names nobody.")
    conditions: tuple[Text, ...] = Field(default=(), max_length=50, description="What must hold for it.")
    valid_until: Moment | None = Field(
        default=None, description="Until when it counts. Absent: until something changes."
    )


@event_type("review.overdue", topics.OVERSIGHT, draft=True)
class ReviewOverdue(_Review):
    """Nobody decided in time."""

    due_at: Moment = Field(description="When it was due.")
    missing_functions: tuple[Word, ...] = Field(
        min_length=1, max_length=20, description="Functions that did not decide."
    )
    assignees: tuple[PersonId, ...] = Field(default=(), max_length=50, description="Pseudonyms of who was asked.")
