"""AI systems: what models are used for, by whom, on whom. Subject: `system/<namespace>/<name>`.

Source: Regulation (EU) 2024/1689, Art. 3(1), 26 and 49; OMB M-24-10 (US federal inventories); Canada's AIA.
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Day, Name, Owners, SubjectText, Tags, Text, Uri, Word

Answers = Annotated[dict[Name, Text], Field(max_length=300)]
"""Question of a questionnaire → the answer as given."""

ClaimedClasses = Annotated[dict[Word, Name], Field(max_length=20)]
"""Scheme of classification → the class claimed in it."""


@event_type("system.registered", topics.FACTS)
class SystemRegistered(Payload):
    """An AI system came to be known, or its description changed: the newest statement of each field holds."""

    name: Name | None = Field(default=None, description="What people call it.")
    description: Text | None = Field(default=None, description="What it is, in prose.")
    purpose: Text | None = Field(default=None, description="Intended purpose and expected benefit.")
    outputs: Text | None = Field(default=None, description="What it puts out: decisions, scores, texts.")
    operator_role: Word | None = Field(
        default=None,
        description="Role of whoever registers it. Known: provider, deployer, importer, distributor, "
        "product_manufacturer, authorised_representative.",
    )
    models: tuple[Uri, ...] = Field(
        default=(), max_length=200, description="Subjects of the models it uses, or what the platform calls them."
    )
    sector: Name | None = Field(default=None, description="Field of use: credit, health, law enforcement.")
    affected_groups: tuple[Name, ...] = Field(
        default=(), max_length=100, description="Groups of people whom its output concerns."
    )
    deployment_context: Text | None = Field(default=None, description="Where and how it is used.")
    owners: Owners = Field(default_factory=dict, description="Lifecycle stage → the person or team who answers for it.")
    claimed_eu_class: Word | None = Field(
        default=None, description="As claimed. Known: prohibited, high_risk, transparency, minimal."
    )
    claimed_classes: ClaimedClasses = Field(
        default_factory=dict, description="Other schemes → the class claimed. Known scheme: canada_aia."
    )
    stage: Word | None = Field(
        default=None,
        description="Where it is in its life. Known: initiated, development, implementation, operation, retired.",
    )
    impact_type: Word | None = Field(
        default=None, description="What it can harm, as claimed. Known: rights, safety, both, neither."
    )
    vendors: tuple[Name, ...] = Field(default=(), max_length=50, description="Names of who supplies it or parts of it.")
    organisation: Name | None = Field(default=None, description="Who runs it: company, agency.")
    organisation_unit: Name | None = Field(default=None, description="Bureau or department of the organisation.")
    commercial_product: Text | None = Field(
        default=None, description="The product on the market that it is, where it is one."
    )
    development_method: Text | None = Field(default=None, description="Who developed it: in-house, contracted, both.")
    initiated_on: Day | None = Field(default=None, description="Date on which work on it was begun.")
    development_began_on: Day | None = Field(
        default=None, description="Date on which buying or developing it was begun."
    )
    implemented_on: Day | None = Field(default=None, description="Date on which its use was begun.")
    retired_on: Day | None = Field(default=None, description="Date on which its use was ended.")
    contains_personal_data: bool | None = Field(
        default=None, description="Whether it works on personal data. Absent: not said."
    )
    public_facing: bool | None = Field(default=None, description="Whether the public meets it. Absent: not said.")
    source_code_uri: Uri | None = Field(default=None, description="Where its source code lies.")
    external_id: Name | None = Field(default=None, description="Its id in the register it comes from.")
    answers: Answers = Field(
        default_factory=dict, description="Questions of the register or questionnaire → answers as given."
    )
    tags: Tags = Field(default_factory=dict, description="Free labels as the platform wrote them.")


@event_type("system.retired", topics.FACTS)
class SystemRetired(Payload):
    """An AI system is no longer in use."""

    reason: Text | None = Field(default=None, description="Why, in prose.")
    successor: SubjectText | None = Field(default=None, description="Subject of the system that takes its place.")
    retired_on: Day | None = Field(default=None, description="Date of the end, where it is not that of the event.")
