"""What was done with the key that opens a person's data. Subject: `person/<id>`.

Ids of persons are pseudonyms; purposes and reasons are read by auditors and must name nobody.
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Moment, Name, Text, Word


@event_type("person.key_read", topics.REJECTED)
class PersonKeyRead(Payload):
    """Somebody asked for the keys of a person, and got them or not; the event's `authid` says who."""

    person: Name = Field(
        description="The pseudonym as facts state it, or fact-<position> for a fact that names nobody."
    )
    purpose: Text = Field(min_length=1, description="What the reader wants them for, in the reader's words.")
    granted: bool = Field(description="Whether keys were handed out.")
    refusal: Word | None = Field(
        default=None, description="Why not. Known: role_missing, unknown_person, erased; absent when granted."
    )
    key_ids: tuple[Name, ...] = Field(
        default=(), max_length=1000, description="`kid` of every key handed out, as sealed texts name it."
    )


@event_type("person.erased", topics.REJECTED)
class PersonErased(Payload):
    """The keys of a person were deleted: no copy of what they sealed can be read again, anywhere."""

    person: Name = Field(
        description="The pseudonym as facts state it, or fact-<position> for a fact that names nobody."
    )
    reason: Text = Field(min_length=1, description="Why, in the words of who asked; names nobody.")
    erased_at: Moment = Field(description="When the keys were deleted, UTC.")
    key_ids: tuple[Name, ...] = Field(
        min_length=1, max_length=1000, description="`kid` of every key deleted, as sealed texts name it."
    )
