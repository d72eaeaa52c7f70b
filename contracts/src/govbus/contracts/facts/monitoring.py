"""Observations of a model in use. Subject: the model."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Name, Number, Window

MonitorKind = Literal["technical", "business"]


@event_type("monitor.observed", topics.FACTS)
class MonitorObserved(Payload):
    """A figure was observed over a window of time."""

    environment: Name
    deployment: Name | None = Field(default=None, description="Which of several deployments in the environment.")
    version: Name | None = Field(default=None, description="Absent: the version that is deployed there.")
    metric: Name
    kind: MonitorKind
    window: Window
    value: Number
    baseline: Number | None = None
    subgroup: Name | None = None
    sample_size: Count | None = None
