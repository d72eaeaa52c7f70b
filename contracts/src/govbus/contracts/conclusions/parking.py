"""Records a service could not process, set aside with everything of their subject. On each service's own topic."""

from typing import Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, EventReference, Name, Text, Word


@event_type("record.parked", *topics.SERVICE_TOPIC.values())
class RecordParked(Payload):
    """A record was set aside; what follows it under the same key waits behind it."""

    service: Word
    reason: Word
    detail: Text
    topic: Name
    partition: Count
    offset: Count
    identity: EventReference | None = Field(default=None, description="Absent when the record could not be decoded.")


@event_type("record.resumed", *topics.SERVICE_TOPIC.values())
class RecordResumed(Payload):
    """A parked record was processed after all, or given up by a person."""

    service: Word
    how: Literal["replayed", "discarded"]
    topic: Name
    partition: Count
    offset: Count
    identity: EventReference | None = None
    by: Name | None = Field(default=None, description="The person who did it.")
    detail: Text | None = None
