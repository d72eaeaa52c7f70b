"""Humans who overrode an output. Subject: the model or system.

Source: Regulation (EU) 2024/1689, Art. 14(4)(d).
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, PersonId, Text, Word
from govbus.contracts.personal import DataSubject, Personal


@event_type("override.recorded", topics.FACTS)
class OverrideRecorded(Payload):
    """A person decided otherwise than the model put out."""

    reviewer: PersonId | None = Field(default=None, description="Pseudonym of whoever overrode.")
    direction: Word = Field(
        description="Which way. Known: approved_instead, refused_instead, raised, lowered, discarded, corrected."
    )
    decision: Name | None = Field(default=None, description="Id of the overridden output, on its platform.")
    version: Name | None = Field(default=None, description="Version of the model that put it out.")
    environment: Name | None = Field(default=None, description="Where it was put out.")
    reason: Word | None = Field(
        default=None, description="Known: wrong_data, wrong_output, unfair, unsafe, outside_scope, policy, other."
    )
    rationale: Annotated[Text, Personal()] | None = Field(default=None, description="Why, in prose: sealed.")
    person: Annotated[PersonId, DataSubject()] | None = Field(
        default=None, description="Pseudonym of whoever the output was about; their key seals the sealed fields."
    )
    subgroup: Name | None = Field(default=None, description="Part of the population the case belongs to.")
