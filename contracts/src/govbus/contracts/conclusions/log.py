"""The audit log's stream: entries in index order, then the checkpoint that covers them. Subject: `log/<origin>`."""

from typing import Annotated

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Base64, Count, Name, Text

RootHash = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""32 bytes in base64."""


@event_type("entry.published", topics.AUDIT)
class EntryPublished(Payload):
    """One entry, its exact bytes. Payload, attributes and key only where they are public or internal: no way back."""

    index: Count
    entry: Annotated[str, Field(min_length=1, max_length=87_384, pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
    payload: Base64 | None = None
    attributes: Base64 | None = None
    commitment_key: RootHash | None = Field(default=None, description="32 bytes that open both commitments.")


@event_type("checkpoint.published", topics.AUDIT)
class CheckpointPublished(Payload):
    """A signed checkpoint; every entry below `size` was published before it."""

    origin: Name
    size: Count
    root: RootHash
    checkpoint: Text = Field(description="The signed note, byte for byte.")
