"""Risk scores. Subject: the model."""

from typing import Annotated, Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, Name, Number, Part, Severity, Text, Word

Score = Annotated[float, Field(ge=0, le=4, allow_inf_nan=False)]
Tier = Literal["minimal", "limited", "high", "critical", "prohibited"]


class Contribution(Part):
    """One reason for a score, in points, so that a person can recompute it by hand."""

    code: Name = Field(description="Which rule of the taxonomy.")
    points: Number = Field(description="How much it adds, in points of the dimension's scale.")
    detail: Text = Field(description="Why, in prose.")


class DimensionScore(Part):
    """One dimension from 0 (none) to 4 (worst): before evidence and after it."""

    inherent: Score = Field(description="Before evidence, in points from 0 to 4.")
    residual: Score = Field(description="After evidence, in points from 0 to 4.")
    contributions: tuple[Contribution, ...] = Field(
        default=(), max_length=200, description="What the points come from."
    )


class Dimensions(Part):
    """The four dimensions of impact."""

    privacy_sensitivity: DimensionScore = Field(description="Harm to privacy.")
    safety_implications: DimensionScore = Field(description="Harm to health and safety.")
    regulatory_exposure: DimensionScore = Field(description="What the law demands and fines.")
    reputational_risk: DimensionScore = Field(description="Harm to trust.")


class Aggravation(Part):
    """What makes it worse than its residual score says: an open breach, a failed validation of a deployed version."""

    code: Word = Field(description="Known: failed_validation_deployed, threshold_breached, unregistered_version.")
    version: Name | None = Field(default=None, description="Version it concerns.")
    environment: Name | None = Field(default=None, description="Where it holds.")
    evidence_id: Name | None = Field(default=None, description="Id of the fact that shows it.")
    detail: Text = Field(description="What is the matter, in prose.")
    severity: Severity = Field(description="How bad.")


@event_type("risk.scored", topics.RISK)
class RiskScored(Payload):
    """How risky a subject is now, and why; said only when it changed."""

    dimensions: Dimensions = Field(description="Score per dimension.")
    inherent: Score = Field(description="Of all dimensions before evidence, in points from 0 to 4.")
    residual: Score = Field(description="Of all dimensions after evidence, in points from 0 to 4.")
    tier: Tier = Field(description="What obligations and gates go by.")
    eu_class: Word = Field(description="Known: prohibited, high_risk, transparency, minimal, unknown.")
    eu_class_rule: Text = Field(description="Provision that the class comes from.")
    aggravations: tuple[Aggravation, ...] = Field(default=(), max_length=200, description="What raises the tier now.")
    taxonomy_digest: Name = Field(description="Digest of the taxonomy that scored.")


@event_type("risk.tier_changed", topics.RISK, draft=True)
class RiskTierChanged(Payload):
    """A subject stands in another tier than before; `risk.scored` says why."""

    before: Tier | None = Field(default=None, description="Tier before. Absent: it had none.")
    after: Tier = Field(description="Tier now.")
    eu_class: Word = Field(description="As of risk.scored.")
    score: EventReference = Field(description="Identity of the risk.scored that changed it.")
