"""Changes of inventory's records. Subject: the record's."""

from pydantic import Field, JsonValue

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, EventReference, Name, Part, Sha256, Word


class Change(Part):
    """A field's value before and after; an absent one was, or is, not there.

    A value too long to repeat is given by the SHA-256 of its JSON (sorted keys, compact); the record has it whole.
    """

    before: JsonValue = Field(default=None, description="Value before.")
    after: JsonValue = Field(default=None, description="Value after.")
    before_sha256: Sha256 | None = Field(default=None, description="Of a long value before.")
    after_sha256: Sha256 | None = Field(default=None, description="Of a long value after.")


@event_type("record.changed", topics.INVENTORY)
class RecordChanged(Payload):
    """A record went from one state to the next because of one fact; `before_version` 0: it is new.

    `before_version` and `after_version` count states of the record; they are not versions of the model.
    """

    kind: Word = Field(description="Known: model, model_version.")
    version: Name | None = Field(default=None, description="The model version, when the record is of one.")
    before_version: Count = Field(description="Number of the record's state before; 0: it is new.")
    after_version: Count = Field(description="Number of the record's state now.")
    caused_by: EventReference = Field(description="Identity of the fact that changed it.")
    changes: dict[Name, Change] = Field(max_length=100, description="Name of the field → what it was and is.")
