"""Observations of a model in use. Subject: the model."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Name, Number, Uri, Window

MonitorKind = Literal["technical", "business"]


@event_type("monitor.observed", topics.FACTS, minor=1)
class MonitorObserved(Payload):
    """A figure was observed over a window of time."""

    environment: Name = Field(description="Where it was observed: production, staging.")
    deployment: Name | None = Field(default=None, description="Which of several deployments in the environment.")
    version: Name | None = Field(default=None, description="Absent: the version that is deployed there.")
    metric: Name = Field(description="What was observed: drift.income.psi, complaint_rate.")
    kind: MonitorKind = Field(description="Of the model's workings, or of what it does to the business and to people.")
    window: Window = Field(description="Span of time that was observed.")
    value: Number = Field(description="The figure, in `unit`.")
    baseline: Number | None = Field(default=None, description="The figure it is compared with, in `unit`.")
    subgroup: Name | None = Field(default=None, description="Part of the population it is of. Absent: all.")
    sample_size: Count | None = Field(default=None, description="How many cases it was computed from.")
    unit: Name | None = Field(default=None, description="Since 1.1. Unit of the figures. Absent: none, or not said.")
    method: Name | None = Field(
        default=None,
        description="Since 1.1. How it was computed: a p-value of K-S says drift when low, a PSI when high.",
    )
    tool: Name | None = Field(default=None, description="Since 1.1. What computed it.")
    evidence_uri: Uri | None = Field(default=None, description="Since 1.1. Where the whole report lies.")
