"""Answers of the gate. Subject: the model."""

from typing import Literal

from pydantic import Field, JsonValue

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Part, Text


class Reason(Part):
    """One rule that spoke: what it says, what to do about it, and where it comes from."""

    rule: Name = Field(description="Name of the rule in the bundle.")
    message: Text = Field(description="What is wrong.")
    remedy: Text = Field(default="", description="What to do about it.")
    sources: tuple[Text, ...] = Field(
        default=(), max_length=50, description="Where the rule comes from: law, standard, policy."
    )


class _Decision(Payload):
    decision_id: Name = Field(description="Id of the decision, to look it up with its receipt.")
    version: Name = Field(description="Version that was asked for.")
    environment: Name = Field(description="Where it was to go.")
    requested_by: Name = Field(description="Who asked: a person's pseudonym, a pipeline.")
    reasons: tuple[Reason, ...] = Field(default=(), max_length=500, description="Rules that spoke.")
    policy_digest: Name = Field(description="Digest of the bundle that decided.")
    inputs: dict[str, JsonValue] = Field(default_factory=dict, description="The document the rules saw.")
    via: Literal["http", "event"] = Field(description="Whether it was asked over HTTP or by an event.")


@event_type("release.allowed", topics.RISK)
class ReleaseAllowed(_Decision):
    """The version may go there; `reasons` holds warnings only."""

    decision: Literal["allow"] = Field(default="allow", description="Always allow.")


@event_type("release.blocked", topics.RISK)
class ReleaseBlocked(_Decision):
    """The version may not go there, or not before people reviewed it."""

    decision: Literal["deny", "review"] = Field(description="Never, or not before people reviewed it.")
