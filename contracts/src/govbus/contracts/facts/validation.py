"""Validations of a model version. Subject: the model."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Number, Part, Sha256, Text, Uri, Word

Direction = Literal["higher_is_better", "lower_is_better"]
ValidationOutcome = Literal["passed", "failed", "errored", "nothing_ran"]
"""*Nothing ran* is an outcome of its own, never a pass."""


class Measurement(Part):
    """One measured figure; `subgroup` is the part of the population it was measured on, absent for all."""

    metric: Name
    value: Number
    unit: Name | None = None
    direction: Direction | None = None
    subgroup: Name | None = None


@event_type("validation.completed", topics.FACTS)
class ValidationCompleted(Payload):
    """A validation of one version came to an end. What the bounds say of it is `validation.passed` or `.failed`."""

    version: Name
    kind: Word = Field(
        description="Known: performance, scenario, fairness, robustness, stress, explainability, red_team, "
        "independent_review."
    )
    outcome: ValidationOutcome
    measurements: tuple[Measurement, ...] = Field(default=(), max_length=1000)
    evaluator: Name | None = None
    independent: bool | None = Field(default=None, description="Absent: not said, which counts as not independent.")
    evidence_uri: Uri | None = None
    evidence_sha256: Sha256 | None = None
    tradeoffs: Text | None = None
