"""Training of people. Subject: `person/<id>`.

Source: Regulation (EU) 2024/1689, Art. 4 and 26(2); NIST AI RMF 1.0, GOVERN 2.2.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Day, Name, PersonId, Uri, Word


@event_type("training.completed", topics.FACTS)
class TrainingCompleted(Payload):
    """A person completed a course, and may act in a role because of it."""

    course: Name = Field(description="Name or number of the course.")
    person: PersonId | None = Field(default=None, description="Pseudonym, where the subject is not the person's.")
    qualifies_for: tuple[Word, ...] = Field(
        default=(), max_length=50, description="Roles it qualifies for: reviewer, operator, owner, validator."
    )
    completed_on: Day | None = Field(default=None, description="Date of completion.")
    expires_on: Day | None = Field(default=None, description="Last day it counts. Absent: for ever, or not said.")
    provider: Name | None = Field(default=None, description="Who held the course.")
    result: Word | None = Field(default=None, description="Known: passed, attended, failed.")
    certificate_uri: Uri | None = Field(default=None, description="Where the certificate lies.")
