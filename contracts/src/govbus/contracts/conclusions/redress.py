"""Redress as oversight handles it. Subject: the model or system whose decision it is about.

Source: Regulation (EU) 2024/1689, Art. 86; NIST AI RMF 1.0, MEASURE 3.3.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, Moment, Name, Text, Word


class _Redress(Payload):
    case_id: Name = Field(description="Id of the case.")
    decision: Name | None = Field(default=None, description="Id of the AI decision concerned, on its platform.")


@event_type("redress.opened", topics.OVERSIGHT, draft=True)
class RedressOpened(_Redress):
    """A request for redress stands open."""

    asks_for: Word = Field(description="As of redress.requested.")
    answer_due_at: Moment = Field(description="By when it must be answered.")
    request: EventReference = Field(description="Identity of the fact that asked.")


@event_type("redress.answered", topics.OVERSIGHT, draft=True)
class RedressAnswered(_Redress):
    """A person decided about it, and the one who asked can read the answer."""

    outcome: Word = Field(description="Known: upheld, overturned, corrected, explained, compensated, out_of_scope.")
    answer: Text = Field(description="The answer; names nobody.")
    answered_by: Name = Field(description="Pseudonym of who decided.")
    answered_at: Moment = Field(description="When.")
