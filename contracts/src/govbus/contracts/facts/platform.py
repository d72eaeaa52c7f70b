"""What a platform said that has no governance meaning: kept, logged, shown."""

from pydantic import Field, JsonValue

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Name, Sha256, Word


@event_type("platform.reported", topics.FACTS)
class PlatformReported(Payload):
    """An understood but ungoverned message of a platform: an alias moved, a prompt was tagged."""

    platform: Word = Field(description="Known: mlflow, cdevents.")
    kind: Name = Field(description="The platform's own word: `model_version_alias.created`.")
    payload_sha256: Sha256 = Field(description="Of the raw body as received.")
    payload: JsonValue = Field(default=None, description="The message itself, or the part worth keeping.")
