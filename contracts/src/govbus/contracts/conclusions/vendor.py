"""Vendors that must be looked at again. Subject: `vendor/<name>`."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Day, EventReference, Name, Word


@event_type("vendor.review_due", topics.INVENTORY, draft=True)
class VendorReviewDue(Payload):
    """The next assessment of a vendor is due."""

    due_on: Day = Field(description="Last day on which it is in time.")
    cause: Word = Field(description="Known: interval, contract_ends, incident, never_assessed.")
    last_assessment: EventReference | None = Field(default=None, description="Identity of the fact of the last one.")
    owner: Name | None = Field(default=None, description="Who answers for the relation.")
