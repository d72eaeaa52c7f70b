"""Models and their versions, as their platforms describe them. Subject: `model/<namespace>/<name>`.

Nothing but the version is required: what a platform does not know is missing, and shown as missing.
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Number, Part, Sha256, Tags, Text, Uri, Word

Owners = Annotated[dict[Word, Name], Field(max_length=20)]
"""Lifecycle stage → the person or team who answers for it."""

TaxonomyAnswers = Annotated[dict[Name, Name], Field(max_length=200)]
"""Question of the risk taxonomy → the answer given; keys and values are the taxonomy's."""


@event_type("model.registered", topics.FACTS)
class ModelRegistered(Payload):
    """A model came to be known, or its description changed: the newest statement of each field holds."""

    description: Text | None = None
    purpose: Text | None = None
    intended_use: Text | None = None
    out_of_scope_use: Text | None = None
    deployment_context: Text | None = None
    provider: Word | None = Field(default=None, description="Who made it. Known: own, vendor.")
    vendor: Name | None = Field(default=None, description="Name of the vendor when the provider is one.")
    owners: Owners = Field(
        default_factory=dict, description="By stage. Known: sourcing, training, validation, deployment, monitoring."
    )
    taxonomy_answers: TaxonomyAnswers = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)


class DatasetUse(Part):
    """A data set in a version of its own, and what it was used for."""

    dataset: Uri = Field(description="Subject of the data set, or what the platform calls it.")
    version: Name | None = None
    role: Word = Field(default="training", description="Known: training, validation, test, calibration.")


class Metric(Part):
    """A figure the training run reported."""

    name: Name
    value: Number
    unit: Name | None = None


@event_type("model.version_created", topics.FACTS)
class ModelVersionCreated(Payload):
    """A version of a model exists."""

    version: Name
    description: Text | None = None
    artifact_uri: Uri | None = None
    artifact_sha256: Sha256 | None = None
    framework: Name | None = None
    datasets: tuple[DatasetUse, ...] = Field(default=(), max_length=200)
    metrics: tuple[Metric, ...] = Field(default=(), max_length=1000)
    base_model: Name | None = Field(
        default=None, description="Subject of, or a public name for, what it was made from."
    )
    signature_ref: Uri | None = None
    model_card_ref: Uri | None = None
    change_rationale: Text | None = None
    run_id: Name | None = None
    tags: Tags = Field(default_factory=dict)
