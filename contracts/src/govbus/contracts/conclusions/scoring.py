"""Risk scores. Subject: the model."""

from typing import Annotated, Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Number, Part, Severity, Text, Word

Score = Annotated[float, Field(ge=0, le=4, allow_inf_nan=False)]
Tier = Literal["minimal", "limited", "high", "critical", "prohibited"]


class Contribution(Part):
    """One reason for a score, in points, so that a person can recompute it by hand."""

    code: Name
    points: Number
    detail: Text


class DimensionScore(Part):
    """One dimension from 0 (none) to 4 (worst): before evidence and after it."""

    inherent: Score
    residual: Score
    contributions: tuple[Contribution, ...] = Field(default=(), max_length=200)


class Dimensions(Part):
    """The four dimensions of impact."""

    privacy_sensitivity: DimensionScore
    safety_implications: DimensionScore
    regulatory_exposure: DimensionScore
    reputational_risk: DimensionScore


class Aggravation(Part):
    """What makes it worse than its residual score says: an open breach, a failed validation of a deployed version."""

    code: Word = Field(description="Known: failed_validation_deployed, threshold_breached, unregistered_version.")
    version: Name | None = None
    environment: Name | None = None
    evidence_id: Name | None = Field(default=None, description="Id of the fact that shows it.")
    detail: Text
    severity: Severity


@event_type("risk.scored", topics.RISK)
class RiskScored(Payload):
    """How risky a subject is now, and why; said only when it changed."""

    dimensions: Dimensions
    inherent: Score
    residual: Score
    tier: Tier
    eu_class: Word = Field(description="Known: prohibited, high_risk, transparency, minimal, unknown.")
    eu_class_rule: Text
    aggravations: tuple[Aggravation, ...] = Field(default=(), max_length=200)
    taxonomy_digest: Name
