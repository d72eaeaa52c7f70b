"""Things in use that nobody registered. Subject: the unregistered model."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, Name, Word


@event_type("asset.unregistered", topics.INVENTORY)
class AssetUnregistered(Payload):
    """A model, or a version of it, was deployed or used, and the inventory knows nothing of it."""

    missing: Word = Field(description="What nobody registered. Known: model, version.")
    how: Word = Field(description="Known: deployed, used.")
    version: Name | None = Field(default=None, description="Version that was seen, of a missing version.")
    environment: Name | None = Field(default=None, description="Where it was seen.")
    seen_in: EventReference = Field(description="Identity of the event that showed it.")
