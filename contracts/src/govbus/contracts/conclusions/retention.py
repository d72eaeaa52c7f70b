"""Data that must be deleted soon. Subject: the data set."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Day, Name


@event_type("retention.expiring", topics.INVENTORY, draft=True)
class RetentionExpiring(Payload):
    """A data set or a version of it reaches the end of its retention."""

    version: Name | None = Field(default=None, description="Version concerned. Absent: all.")
    expires_on: Day = Field(description="Last day on which it may be kept.")
    retention_days: Count = Field(description="How long it may be kept, in days.")
    held: bool = Field(default=False, description="Whether a hold forbids deleting it.")
