"""What the bounds say of a validation. Subject: the model."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Number, Part, Text, Word

BoundKind = Literal["min", "max"]


class JudgedMeasurement(Part):
    """A measured figure against its bound; without a bound it is held."""

    metric: Name = Field(description="What was measured.")
    subgroup: Name | None = Field(default=None, description="Part of the population it is of. Absent: all.")
    value: Number = Field(description="The figure, in the metric's own unit.")
    bound: Number | None = Field(default=None, description="What it was held against, in the same unit.")
    bound_kind: BoundKind | None = Field(default=None, description="Whether the bound is a least or a most.")
    held: bool = Field(description="Whether the figure keeps to the bound.")


class _Judged(Payload):
    version: Name = Field(description="Version that was validated.")
    kind: Word = Field(description="Of the validation: see validation.completed.")
    validation_id: Name = Field(description="Id of the fact that was judged.")
    measurements: tuple[JudgedMeasurement, ...] = Field(
        default=(), max_length=1000, description="Figures against their bounds."
    )
    worst_gap: Number | None = Field(
        default=None, description="Largest difference of one metric between subgroups, in its own unit."
    )
    bounds_source: Name = Field(description="Digest or name of the data the bounds come from.")


@event_type("validation.passed", topics.RISK)
class ValidationPassed(_Judged):
    """Something ran, the platform calls it passed, and every bound held."""


@event_type("validation.failed", topics.RISK)
class ValidationFailed(_Judged):
    """It failed, did not finish, did not run, or broke a bound; `reasons` says which."""

    reasons: tuple[Text, ...] = Field(min_length=1, max_length=200, description="What failed, one sentence each.")
