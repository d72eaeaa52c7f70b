"""Data sets, their versions with lineage, and checks of them. Subject: `dataset/<namespace>/<name>`.

Source: Regulation (EU) 2024/1689, Art. 10(2); ISO/IEC 42001:2023, A.7.2 to A.7.6.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import (
    Count,
    Name,
    Number,
    Owners,
    Part,
    Sha256,
    Tags,
    Text,
    Uri,
    Window,
    Word,
)

Epsilon = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Privacy loss of differential privacy."""

CheckedOutcome = Literal["passed", "failed", "errored", "nothing_ran"]
"""As of a validation: *nothing ran* is an outcome of its own, never a pass."""


@event_type("dataset.registered", topics.FACTS)
class DatasetRegistered(Payload):
    """A data set came to be known, or its description changed: the newest statement of each field holds."""

    name: Name | None = Field(default=None, description="What people call it.")
    description: Text | None = Field(default=None, description="What it holds, in prose.")
    provenance: Text | None = Field(default=None, description="Where the data come from.")
    collection_method: Text | None = Field(default=None, description="How they were collected and prepared.")
    legal_basis: Word | None = Field(
        default=None,
        description="Known: consent, contract, legal_obligation, vital_interests, public_task, legitimate_interests.",
    )
    consent: Text | None = Field(default=None, description="How consent was obtained, and for what.")
    classification: Word | None = Field(
        default=None, description="Who may see it. Known: public, internal, confidential, personal."
    )
    contains_personal_data: bool | None = Field(
        default=None, description="Whether it holds personal data. Absent: not said."
    )
    personal_data_categories: tuple[Name, ...] = Field(
        default=(), max_length=100, description="Categories of personal data: income, health, location."
    )
    retention_days: Count | None = Field(default=None, description="How long it is kept, in days.")
    access_policy: Text | None = Field(default=None, description="Who may use it, and how access is granted.")
    known_biases: tuple[Text, ...] = Field(default=(), max_length=100, description="Biases and gaps known of it.")
    privacy_technique: Word | None = Field(
        default=None,
        description="Known: none, pseudonymised, anonymised, differential_privacy, synthetic.",
    )
    privacy_epsilon: Epsilon | None = Field(
        default=None, description="Privacy loss ε of differential privacy, without unit."
    )
    licence: Name | None = Field(default=None, description="SPDX expression, or the platform's word for the licence.")
    languages: tuple[Name, ...] = Field(default=(), max_length=500, description="Languages of its texts: BCP 47 tags.")
    homepage: Uri | None = Field(default=None, description="Page that describes it.")
    owners: Owners = Field(default_factory=dict, description="Lifecycle stage → the person or team who answers for it.")
    external_id: Name | None = Field(default=None, description="Its id in the catalogue it comes from.")
    tags: Tags = Field(default_factory=dict, description="Free labels as the platform wrote them.")


class DatasetInput(Part):
    """A data set that another was made from."""

    dataset: Uri = Field(description="Subject of the data set, or what the platform calls it.")
    version: Name | None = Field(default=None, description="Its version. Absent: not said.")


class Transformation(Part):
    """The job whose run made a version."""

    job: Name | None = Field(default=None, description="Name of the job, with the platform's namespace.")
    run_id: Name | None = Field(default=None, description="Id of the run on its platform.")
    producer: Uri | None = Field(default=None, description="The software that reported the run.")
    description: Text | None = Field(default=None, description="What was done to the data: prose or code.")


class Column(Part):
    """One column or field of a data set."""

    name: Name = Field(description="Name of the column.")
    type: Name | None = Field(default=None, description="Its type in the platform's words.")
    description: Text | None = Field(default=None, description="What it means.")
    nullable: bool | None = Field(default=None, description="Whether values may be missing. Absent: not said.")


@event_type("dataset.version_created", topics.FACTS)
class DatasetVersionCreated(Payload):
    """A version of a data set exists; `inputs` and `transformation` say how it came to be."""

    version: Name = Field(description="The version as its platform counts; a run's id where it counts none.")
    description: Text | None = Field(default=None, description="What is new in it.")
    artifact_uri: Uri | None = Field(default=None, description="Where its bytes lie.")
    artifact_sha256: Sha256 | None = Field(default=None, description="SHA-256 of its bytes.")
    digest: Name | None = Field(default=None, description="Another digest, with its algorithm: `md5:…`.")
    inputs: tuple[DatasetInput, ...] = Field(default=(), max_length=1000, description="What it was made from.")
    transformation: Transformation | None = Field(default=None, description="How it was made.")
    columns: tuple[Column, ...] = Field(default=(), max_length=2000, description="Its columns, in order.")
    rows_count: Count | None = Field(default=None, description="How many rows it has.")
    size_bytes: Count | None = Field(default=None, description="How large it is, in bytes.")
    change_rationale: Text | None = Field(default=None, description="Why it was made.")
    tags: Tags = Field(default_factory=dict, description="Free labels as the platform wrote them.")


class Check(Part):
    """One check of a data set and what came of it."""

    name: Name = Field(description="Name of the check in its tool.")
    outcome: Word = Field(description="Known: passed, failed, warned, errored, skipped, no_verdict.")
    value: Number | None = Field(default=None, description="The figure found, in `unit`.")
    threshold: Number | None = Field(default=None, description="The bound it was held against, in `unit`.")
    unit: Name | None = Field(default=None, description="Unit of `value` and `threshold`. Absent: none, or not said.")
    column: Name | None = Field(default=None, description="The column it concerns. Absent: the whole.")
    subgroup: Name | None = Field(default=None, description="Part of the rows it concerns. Absent: all.")
    detail: Text | None = Field(default=None, description="What the tool says of it, in prose.")


@event_type("dataset.checked", topics.FACTS)
class DatasetChecked(Payload):
    """Checks of a data set came to an end."""

    version: Name | None = Field(default=None, description="Version that was checked. Absent: not said.")
    kind: Word = Field(description="Known: quality, bias, representativeness, drift.")
    outcome: CheckedOutcome = Field(description="Of all checks together; no checks: `nothing_ran`.")
    checks: tuple[Check, ...] = Field(default=(), max_length=1000, description="Result per check.")
    checks_count: Count | None = Field(default=None, description="How many there were, also those not listed.")
    tool: Name | None = Field(default=None, description="What checked.")
    tool_version: Name | None = Field(default=None, description="Its version.")
    run_id: Name | None = Field(default=None, description="Id of the run on its platform.")
    reference: Uri | None = Field(default=None, description="What was compared with, of drift: a data set or version.")
    window: Window | None = Field(default=None, description="Span of time the data are of.")
    evidence_uri: Uri | None = Field(default=None, description="Where the whole report lies.")
    evidence_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the report.")

    @model_validator(mode="after")
    def _no_checks_are_no_pass(self) -> Self:
        if self.checks_count is not None and self.checks_count < len(self.checks):
            raise ValueError("checks_count is at least the number of checks listed")
        if self.checks_count == 0 and self.outcome == "passed":
            raise ValueError("no check ran, which is the outcome nothing_ran and never a pass")
        return self
