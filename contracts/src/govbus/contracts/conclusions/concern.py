"""Concerns as oversight handles them. Subject: what the concern is about.

Source: Regulation (EU) 2024/1689, Art. 87; ISO/IEC 42001:2023, A.3.3.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, Moment, Name, Severity, Text, Word


class _Concern(Payload):
    case_id: Name = Field(description="Id of the case.")


@event_type("concern.opened", topics.OVERSIGHT, draft=True)
class ConcernOpened(_Concern):
    """A concern stands open."""

    about: Word = Field(description="As of concern.raised.")
    severity: Severity = Field(description="How bad, as oversight's rules rate it.")
    anonymous: bool = Field(default=False, description="Whether nobody knows who raised it.")
    answer_due_at: Moment = Field(description="By when it must be answered.")
    concern: EventReference = Field(description="Identity of the fact that raised it.")


@event_type("concern.answered", topics.OVERSIGHT, draft=True)
class ConcernAnswered(_Concern):
    """Whoever raised it can read an answer."""

    outcome: Word = Field(description="Known: substantiated, unsubstantiated, duplicate, out_of_scope.")
    answer: Text = Field(description="The answer; names nobody.")
    answered_by: Name = Field(description="Pseudonym of who answered.")
    answered_at: Moment = Field(description="When.")
