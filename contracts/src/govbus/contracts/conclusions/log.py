"""The audit log's stream: entries in index order, then the checkpoint that covers them. Subject: `log/<origin>`."""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Base64, Count, Moment, Name, Text

RootHash = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""32 bytes in base64."""


@event_type("entry.published", topics.AUDIT)
class EntryPublished(Payload):
    """One entry, its exact bytes. Payload, attributes and key only where they are public or internal: no way back."""

    index: Count = Field(description="Place in the log, counted from 0.")
    entry: Annotated[str, Field(min_length=1, max_length=87_384, pattern=r"^[A-Za-z0-9+/]*={0,2}$")] = Field(
        description="The entry's exact bytes, in base64."
    )
    payload: Base64 | None = Field(default=None, description="The event's data, in base64.")
    attributes: Base64 | None = Field(default=None, description="The event's attributes as JSON, in base64.")
    commitment_key: RootHash | None = Field(default=None, description="32 bytes that open both commitments.")


@event_type("checkpoint.published", topics.AUDIT)
class CheckpointPublished(Payload):
    """A signed checkpoint; every entry below `size` was published before it."""

    origin: Name = Field(description="Name of the log.")
    size: Count = Field(description="How many entries it covers.")
    root: RootHash = Field(description="Root hash of the tree: 32 bytes in base64.")
    checkpoint: Text = Field(description="The signed note, byte for byte.")


@event_type("audit.gap_detected", topics.AUDIT)
class AuditGapDetected(Payload):
    """Records of a topic that the log does not hold, and can no longer read."""

    topic: Name = Field(description="Where they stood.")
    partition: Count = Field(description="Number of the partition.")
    first_offset: Count = Field(description="Number of the first missing place.")
    last_offset: Count = Field(description="Number of the last missing place, itself missing.")
    missing_count: Count = Field(description="How many records are missing.")
    noticed_at: Moment = Field(description="When it was noticed.")
