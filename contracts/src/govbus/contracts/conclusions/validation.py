"""What the bounds say of a validation. Subject: the model."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Number, Part, Text, Word

BoundKind = Literal["min", "max"]


class JudgedMeasurement(Part):
    """A measured figure against its bound; without a bound it is held."""

    metric: Name
    subgroup: Name | None = None
    value: Number
    bound: Number | None = None
    bound_kind: BoundKind | None = None
    held: bool


class _Judged(Payload):
    version: Name
    kind: Word = Field(description="Of the validation: see validation.completed.")
    validation_id: Name = Field(description="Id of the fact that was judged.")
    measurements: tuple[JudgedMeasurement, ...] = Field(default=(), max_length=1000)
    worst_gap: Number | None = Field(default=None, description="Largest difference of one metric between subgroups.")
    bounds_source: Name = Field(description="Digest or name of the data the bounds come from.")


@event_type("validation.passed", topics.RISK)
class ValidationPassed(_Judged):
    """Something ran, the platform calls it passed, and every bound held."""


@event_type("validation.failed", topics.RISK)
class ValidationFailed(_Judged):
    """It failed, did not finish, did not run, or broke a bound; `reasons` says which."""

    reasons: tuple[Text, ...] = Field(min_length=1, max_length=200)
