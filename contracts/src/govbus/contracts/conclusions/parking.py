"""Records a service could not process, set aside with everything of their subject. On each service's own topic."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, EventReference, Name, Text, Word


@event_type("record.parked", *topics.SERVICE_TOPIC.values())
class RecordParked(Payload):
    """A record was set aside; what follows it under the same key waits behind it."""

    service: Word = Field(description="Which service set it aside.")
    reason: Word = Field(description="Known: contract_broken, those of event.rejected, and each handler's own.")
    detail: Text = Field(description="What was wrong, in prose.")
    topic: Name = Field(description="Where the record stands.")
    partition: Count = Field(description="Number of its partition.")
    offset: Count = Field(description="Number of its place in the partition.")
    identity: EventReference | None = Field(default=None, description="Absent when the record could not be decoded.")


@event_type("record.resumed", *topics.SERVICE_TOPIC.values())
class RecordResumed(Payload):
    """A parked record was processed after all, or given up by a person."""

    service: Word = Field(description="Which service had set it aside.")
    how: Literal["replayed", "discarded"] = Field(description="Processed after all, or given up.")
    topic: Name = Field(description="Where the record stands.")
    partition: Count = Field(description="Number of its partition.")
    offset: Count = Field(description="Number of its place in the partition.")
    identity: EventReference | None = Field(default=None, description="Absent when the record could not be decoded.")
    by: Name | None = Field(default=None, description="The person who did it.")
    detail: Text | None = Field(default=None, description="What the person said; names nobody.")
