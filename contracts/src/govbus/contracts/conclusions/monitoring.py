"""Observed figures that broke their bound. Subject: the model."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.conclusions.validation import BoundKind
from govbus.contracts.facts.monitoring import MonitorKind
from govbus.contracts.fields import Count, Name, Number, Severity, Window


class _Breach(Payload):
    version: Name | None = None
    environment: Name
    metric: Name
    kind: MonitorKind
    value: Number
    bound: Number
    bound_kind: BoundKind
    subgroup: Name | None = None
    window: Window
    severity: Severity
    consecutive_count: Count = Field(description="How many windows in a row were out of bounds.")
    observation_id: Name | None = Field(default=None, description="Id of the newest fact that shows it.")


@event_type("threshold.breached", topics.RISK)
class ThresholdBreached(_Breach):
    """A figure stands outside its bound for long enough to count."""


@event_type("drift.detected", topics.RISK)
class DriftDetected(_Breach):
    """Data or predictions moved away from the baseline by more than the bound."""

    baseline: Number | None = None
