"""Who there is, in which team, who answers for what. Subject: `person/<id>`, `team/<name>`, or what is owned.

The id of a person must not identify anybody: it is a pseudonym, and what it stands for is sealed under their key.
"""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Day, Name, PersonId, Text, Uri, Word
from govbus.contracts.personal import Personal


@event_type("person.recorded", topics.FACTS)
class PersonRecorded(Payload):
    """A person came to be known, or what is known of them changed. Subject: `person/<id>`, whose key seals."""

    display_name: Annotated[Text, Personal()] | None = Field(default=None, description="What people call them: sealed.")
    mail: Annotated[Text, Personal()] | None = Field(default=None, description="Mail address: sealed.")
    teams: tuple[Name, ...] = Field(default=(), max_length=50, description="Names of the teams they are in.")
    roles: tuple[Word, ...] = Field(
        default=(), max_length=50, description="Known: viewer, operator, owner, reviewer, auditor, admin."
    )
    manager: PersonId | None = Field(default=None, description="Pseudonym of whom they report to.")
    joined_on: Day | None = Field(default=None, description="First day.")


@event_type("person.left", topics.FACTS)
class PersonLeft(Payload):
    """A person no longer acts; what they answered for needs somebody else. Subject: `person/<id>`."""

    left_on: Day | None = Field(default=None, description="Last day, where it is not that of the event.")
    successor: PersonId | None = Field(default=None, description="Pseudonym of who takes over.")


@event_type("team.recorded", topics.FACTS)
class TeamRecorded(Payload):
    """A team came to be known, or what is known of it changed. Subject: `team/<name>`."""

    name: Name | None = Field(default=None, description="What people call it.")
    description: Text | None = Field(default=None, description="What it does.")
    parent: Name | None = Field(default=None, description="Name of the team it is part of.")
    lead: PersonId | None = Field(default=None, description="Pseudonym of who leads it.")
    members: tuple[PersonId, ...] = Field(default=(), max_length=1000, description="Pseudonyms of who is in it.")
    homepage: Uri | None = Field(default=None, description="Page of the team.")


@event_type("ownership.assigned", topics.FACTS)
class OwnershipAssigned(Payload):
    """Somebody answers for a stage of what the subject names, instead of who did before."""

    stage: Word = Field(
        default="overall",
        description="Known: sourcing, training, validation, deployment, monitoring, overall.",
    )
    owner: Name = Field(description="`person/<id>` or `team/<name>`, or what the platform calls them.")
    assigned_by: Name | None = Field(default=None, description="Who assigned it.")
    until: Day | None = Field(default=None, description="Last day. Absent: until somebody else is assigned.")
