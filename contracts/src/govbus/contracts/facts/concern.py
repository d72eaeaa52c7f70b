"""Concerns that people raise, under their role or anonymously. Subject: what the concern is about.

Source: Regulation (EU) 2024/1689, Art. 87; ISO/IEC 42001:2023, A.3.3.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, PersonId, Severity, Text, Uri, Word
from govbus.contracts.personal import DataSubject, Personal


@event_type("concern.raised", topics.FACTS)
class ConcernRaised(Payload):
    """Somebody sees something wrong."""

    about: Word = Field(description="Known: safety, fairness, privacy, security, misuse, legality, retaliation, other.")
    text: Annotated[Text, Personal()] = Field(description="In their own words: sealed.")
    role: Word | None = Field(
        default=None, description="In which role. Known: employee, contractor, user, affected_person, vendor, public."
    )
    anonymous: bool = Field(default=False, description="Whether nobody is to know who; `person` is absent then.")
    person: Annotated[PersonId, DataSubject()] | None = Field(
        default=None, description="Pseudonym of whoever raises it; their key seals the sealed fields."
    )
    contact: Annotated[Text, Personal()] | None = Field(default=None, description="How to answer: sealed.")
    claimed_severity: Severity | None = Field(default=None, description="How bad it is, as claimed.")
    version: Name | None = Field(default=None, description="Version of the model concerned.")
    environment: Name | None = Field(default=None, description="Where it was seen.")
    evidence_uri: Uri | None = Field(default=None, description="Where more can be seen.")

    @model_validator(mode="after")
    def _anonymous_is_nobody(self) -> Self:
        if self.anonymous and self.person is not None:
            raise ValueError("an anonymous concern names no person")
        return self
