"""Models and their versions, as their platforms describe them. Subject: `model/<namespace>/<name>`.

Nothing but the version is required: what a platform does not know is missing, and shown as missing.
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import (
    Count,
    Name,
    Number,
    Owners,
    Part,
    Sha256,
    SubjectText,
    Tags,
    Text,
    Uri,
    Word,
)

TaxonomyAnswers = Annotated[dict[Name, Name], Field(max_length=200)]
"""Question of the risk taxonomy → the answer given; keys and values are the taxonomy's."""


@event_type("model.registered", topics.FACTS)
class ModelRegistered(Payload):
    """A model came to be known, or its description changed: the newest statement of each field holds."""

    description: Text | None = Field(default=None, description="What it is, in prose.")
    purpose: Text | None = Field(default=None, description="What it is for.")
    intended_use: Text | None = Field(default=None, description="Uses it is made for.")
    out_of_scope_use: Text | None = Field(default=None, description="Uses it must not be put to.")
    deployment_context: Text | None = Field(default=None, description="Where and how it is used.")
    provider: Word | None = Field(default=None, description="Who made it. Known: own, vendor.")
    vendor: Name | None = Field(default=None, description="Name of the vendor when the provider is one.")
    owners: Owners = Field(
        default_factory=dict, description="By stage. Known: sourcing, training, validation, deployment, monitoring."
    )
    taxonomy_answers: TaxonomyAnswers = Field(
        default_factory=dict, description="Question of the risk taxonomy → the answer given."
    )
    tags: Tags = Field(default_factory=dict, description="Free labels as the platform wrote them.")


class DatasetUse(Part):
    """A data set in a version of its own, and what it was used for."""

    dataset: Uri = Field(description="Subject of the data set, or what the platform calls it.")
    version: Name | None = Field(default=None, description="Its version. Absent: not said.")
    role: Word = Field(default="training", description="Known: training, validation, test, calibration.")


class Metric(Part):
    """A figure the training run reported."""

    name: Name = Field(description="What was measured, in the platform's words.")
    value: Number = Field(description="The figure, in `unit`.")
    unit: Name | None = Field(default=None, description="Unit of the figure. Absent: none, or not said.")


class Vulnerability(Part):
    """A weakness known of a version or of what it is made from."""

    id: Name = Field(description="CVE, GHSA, AVID or the tool's own id.")
    severity: Word | None = Field(default=None, description="As the tool says. Known: low, medium, high, critical.")
    status: Word | None = Field(
        default=None, description="Known: affected, not_affected, fixed, under_investigation, false_positive."
    )
    component: Name | None = Field(default=None, description="Part that has it: name or package URL.")
    fixed_in: Name | None = Field(default=None, description="Version of the part that no longer has it.")
    description: Text | None = Field(default=None, description="What it is.")
    uri: Uri | None = Field(default=None, description="Page that describes it.")


@event_type("model.version_created", topics.FACTS, minor=1)
class ModelVersionCreated(Payload):
    """A version of a model exists."""

    version: Name = Field(description="The version as its platform counts.")
    description: Text | None = Field(default=None, description="What it is, in prose.")
    artifact_uri: Uri | None = Field(default=None, description="Where its bytes lie.")
    artifact_sha256: Sha256 | None = Field(default=None, description="SHA-256 of its bytes.")
    framework: Name | None = Field(default=None, description="Software it was made with and runs on.")
    datasets: tuple[DatasetUse, ...] = Field(default=(), max_length=200, description="Data sets it was made with.")
    metrics: tuple[Metric, ...] = Field(default=(), max_length=1000, description="Figures of the training run.")
    base_model: Name | None = Field(
        default=None, description="Subject of, or a public name for, what it was made from."
    )
    signature_ref: Uri | None = Field(default=None, description="Where its signature lies.")
    model_card_ref: Uri | None = Field(default=None, description="Where its model card lies.")
    change_rationale: Text | None = Field(default=None, description="Why it was made.")
    run_id: Name | None = Field(default=None, description="Id of the training run on its platform.")
    tags: Tags = Field(default_factory=dict, description="Free labels as the platform wrote them.")
    artifact_digest: Name | None = Field(
        default=None, description="Since 1.1. Another digest, with its algorithm: `sha512:…`, `git:<commit>`."
    )
    licence: Name | None = Field(
        default=None, description="Since 1.1. SPDX expression, or the platform's word for the licence."
    )
    modalities: tuple[Word, ...] = Field(
        default=(), max_length=20, description="Since 1.1. Known: text, image, audio, video, tabular, time_series."
    )
    languages: tuple[Name, ...] = Field(
        default=(), max_length=500, description="Since 1.1. Languages it is for: BCP 47 tags."
    )
    size_parameters_count: Count | None = Field(default=None, description="Since 1.1. How many parameters it has.")
    size_bytes: Count | None = Field(default=None, description="Since 1.1. How large it is, in bytes.")
    bom_ref: Uri | None = Field(default=None, description="Since 1.1. Where its bill of materials (ML-BOM) lies.")
    known_limitations: Text | None = Field(default=None, description="Since 1.1. Limitations and biases stated of it.")
    vulnerabilities: tuple[Vulnerability, ...] = Field(
        default=(), max_length=1000, description="Since 1.1. Weaknesses known of it."
    )


@event_type("model.version_deprecated", topics.FACTS)
class ModelVersionDeprecated(Payload):
    """A version should no longer be deployed; what runs may run on."""

    version: Name = Field(description="The version that is deprecated.")
    reason: Text | None = Field(default=None, description="Why, in prose.")
    successor_version: Name | None = Field(default=None, description="The version to use instead.")


@event_type("model.retired", topics.FACTS)
class ModelRetired(Payload):
    """A model is no longer in use, in none of its versions."""

    reason: Text | None = Field(default=None, description="Why, in prose.")
    successor: SubjectText | None = Field(default=None, description="Subject of the model that takes its place.")
