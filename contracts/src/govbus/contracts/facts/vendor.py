"""Vendors: what they supply, what they disclose and owe, how they were assessed. Subject: `vendor/<name>`.

Source: NIST AI RMF 1.0, GOVERN 6.1 and 6.2; ISO/IEC 42001:2023, A.10.2 to A.10.4.
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Day, Name, Part, Sha256, Tags, Text, Uri, Word
from govbus.contracts.personal import Personal


@event_type("vendor.registered", topics.FACTS)
class VendorRegistered(Payload):
    """A vendor came to be known, or its description changed: the newest statement of each field holds."""

    name: Name | None = Field(default=None, description="The company's name.")
    description: Text | None = Field(default=None, description="Who it is, in prose.")
    supplies: tuple[Name, ...] = Field(
        default=(), max_length=200, description="What it supplies: subjects or names of models, systems, data sets."
    )
    homepage: Uri | None = Field(default=None, description="The company's page.")
    country: Name | None = Field(default=None, description="Seat: ISO 3166-1 alpha-2, or as stated.")
    contact: Annotated[Text, Personal()] | None = Field(default=None, description="Person to turn to: sealed.")
    owner: Name | None = Field(default=None, description="Who answers for the relation on our side.")
    tags: Tags = Field(default_factory=dict, description="Free labels as the platform wrote them.")


@event_type("vendor.disclosed", topics.FACTS)
class VendorDisclosed(Payload):
    """A vendor said something of what it supplies: its own statement, not verified."""

    product: Name | None = Field(default=None, description="What it is about: subject or name. Absent: all.")
    version: Name | None = Field(default=None, description="Version it is about.")
    architecture: Text | None = Field(default=None, description="How the model is built.")
    training_data: Text | None = Field(default=None, description="What it was trained on.")
    claims: tuple[Text, ...] = Field(default=(), max_length=100, description="What it is said to achieve.")
    limitations: tuple[Text, ...] = Field(default=(), max_length=100, description="What it is said not to do.")
    document_uri: Uri | None = Field(default=None, description="Where the disclosure lies.")
    document_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the disclosure.")
    disclosed_on: Day | None = Field(default=None, description="Date of the disclosure.")


class Clause(Part):
    """One clause of a contract."""

    kind: Word = Field(
        description="Known: audit_rights, security, misuse, patching, incident_notice, data_protection, exit."
    )
    agreed: bool = Field(default=True, description="False: asked for and refused.")
    text: Text | None = Field(default=None, description="The clause, or what it says.")
    reference: Name | None = Field(default=None, description="Its number in the contract.")
    deadline_hours: Count | None = Field(default=None, description="Time the vendor has to act, in hours.")


@event_type("vendor.contract_recorded", topics.FACTS)
class VendorContractRecorded(Payload):
    """A contract with the vendor is in place, or was changed; a newer statement of one `contract_id` replaces it."""

    contract_id: Name = Field(description="Its number in the register of contracts.")
    clauses: tuple[Clause, ...] = Field(default=(), max_length=100, description="What was agreed.")
    supplies: tuple[Name, ...] = Field(default=(), max_length=200, description="What it covers: subjects or names.")
    starts_on: Day | None = Field(default=None, description="First day.")
    ends_on: Day | None = Field(default=None, description="Last day. Absent: open-ended, or not said.")
    notice_days: Count | None = Field(default=None, description="Period of notice, in days.")
    document_uri: Uri | None = Field(default=None, description="Where the contract lies.")
    document_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the contract.")


@event_type("vendor.assessed", topics.FACTS)
class VendorAssessed(Payload):
    """An assessment of the vendor came to an end."""

    result: Word = Field(description="Known: passed, passed_with_conditions, failed.")
    kind: Word | None = Field(default=None, description="Known: due_diligence, security, privacy, ai_governance.")
    findings: tuple[Text, ...] = Field(default=(), max_length=200, description="What was found.")
    conditions: tuple[Text, ...] = Field(default=(), max_length=100, description="What must be done, and by when.")
    assessor: Name | None = Field(default=None, description="Who assessed: team, company or pseudonym.")
    assessed_on: Day | None = Field(default=None, description="Date of the assessment.")
    next_review_on: Day | None = Field(default=None, description="Date on which it is due again.")
    evidence_uri: Uri | None = Field(default=None, description="Where the report lies.")
    evidence_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the report.")
