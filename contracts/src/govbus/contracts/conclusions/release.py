"""Answers of the gate. Subject: the model."""

from typing import Literal

from pydantic import Field, JsonValue

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Part, Text


class Reason(Part):
    """One rule that spoke: what it says, what to do about it, and where it comes from."""

    rule: Name
    message: Text
    remedy: Text = ""
    sources: tuple[Text, ...] = Field(default=(), max_length=50)


class _Decision(Payload):
    decision_id: Name
    version: Name
    environment: Name
    requested_by: Name
    reasons: tuple[Reason, ...] = Field(default=(), max_length=500)
    policy_digest: Name
    inputs: dict[str, JsonValue] = Field(default_factory=dict, description="The document the rules saw.")
    via: Literal["http", "event"]


@event_type("release.allowed", topics.RISK)
class ReleaseAllowed(_Decision):
    """The version may go there; `reasons` holds warnings only."""

    decision: Literal["allow"] = "allow"


@event_type("release.blocked", topics.RISK)
class ReleaseBlocked(_Decision):
    """The version may not go there, or not before people reviewed it."""

    decision: Literal["deny", "review"]
