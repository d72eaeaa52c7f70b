"""Observed figures that broke their bound. Subject: the model."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.conclusions.validation import BoundKind
from govbus.contracts.facts.monitoring import MonitorKind
from govbus.contracts.fields import Count, Name, Number, Severity, Window


class _Breach(Payload):
    version: Name | None = Field(default=None, description="Version that was observed.")
    environment: Name = Field(description="Where it was observed.")
    metric: Name = Field(description="What was observed.")
    kind: MonitorKind = Field(description="As of the observation.")
    value: Number = Field(description="The observed figure, in the metric's own unit.")
    bound: Number = Field(description="The figure it broke, in the same unit.")
    bound_kind: BoundKind = Field(description="Whether the bound is a least or a most.")
    subgroup: Name | None = Field(default=None, description="Part of the population it is of. Absent: all.")
    window: Window = Field(description="Newest span of time that was out of bounds.")
    severity: Severity = Field(description="How bad, as the bound's rule says.")
    consecutive_count: Count = Field(description="How many windows in a row were out of bounds.")
    observation_id: Name | None = Field(default=None, description="Id of the newest fact that shows it.")


@event_type("threshold.breached", topics.RISK)
class ThresholdBreached(_Breach):
    """A figure stands outside its bound for long enough to count."""


@event_type("drift.detected", topics.RISK)
class DriftDetected(_Breach):
    """Data or predictions moved away from the baseline by more than the bound."""

    baseline: Number | None = Field(default=None, description="The figure it moved away from, in the same unit.")
