"""Validations of a model version. Subject: the model."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Name, Number, Part, Sha256, Text, Uri, Word

Direction = Literal["higher_is_better", "lower_is_better"]
ValidationOutcome = Literal["passed", "failed", "errored", "nothing_ran"]
"""*Nothing ran* is an outcome of its own, never a pass."""


class Measurement(Part):
    """One measured figure; `subgroup` is the part of the population it was measured on, absent for all."""

    metric: Name = Field(description="What was measured, in the tool's words.")
    value: Number = Field(description="The figure, in `unit`.")
    unit: Name | None = Field(default=None, description="Unit of the figure. Absent: none, or not said.")
    direction: Direction | None = Field(default=None, description="Which way is better. Absent: not said.")
    subgroup: Name | None = Field(default=None, description="Part of the population it is of. Absent: all.")


@event_type("validation.completed", topics.FACTS, minor=1)
class ValidationCompleted(Payload):
    """A validation of one version came to an end. What the bounds say of it is `validation.passed` or `.failed`."""

    version: Name = Field(description="The version that was validated.")
    kind: Word = Field(
        description="Known: performance, scenario, fairness, robustness, stress, explainability, red_team, "
        "independent_review, security, integrity, data_quality."
    )
    outcome: ValidationOutcome = Field(description="As its tool says; no test ran: `nothing_ran`.")
    measurements: tuple[Measurement, ...] = Field(default=(), max_length=1000, description="Figures it yielded.")
    evaluator: Name | None = Field(default=None, description="Who evaluated: a team, a person's pseudonym, a tool.")
    independent: bool | None = Field(default=None, description="Absent: not said, which counts as not independent.")
    evidence_uri: Uri | None = Field(default=None, description="Where the whole report lies.")
    evidence_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the report.")
    tradeoffs: Text | None = Field(default=None, description="What was weighed against what.")
    measurements_count: Count | None = Field(
        default=None, description="Since 1.1. How many figures there were, also those not listed."
    )
    tool: Name | None = Field(default=None, description="Since 1.1. What validated.")
    tool_version: Name | None = Field(default=None, description="Since 1.1. Its version.")
    dataset: Uri | None = Field(default=None, description="Since 1.1. Subject or name of the data set it ran on.")
    dataset_version: Name | None = Field(default=None, description="Since 1.1. Version of that data set.")
    run_id: Name | None = Field(default=None, description="Since 1.1. Id of the run on its platform.")
    detail: Text | None = Field(
        default=None, description="Since 1.1. What failed or went wrong, in short; it must name nobody."
    )
