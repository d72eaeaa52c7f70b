"""Stages that nobody answers for. Subject: the model, system or data set."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, Moment, Name, Word


@event_type("ownership.missing", topics.INVENTORY, draft=True)
class OwnershipMissing(Payload):
    """Nobody answers for a stage: nobody was ever named, or whoever was has left."""

    stage: Word = Field(description="Known: sourcing, training, validation, deployment, monitoring, overall.")
    cause: Word = Field(description="Known: never_assigned, person_left, assignment_ended.")
    previous_owner: Name | None = Field(default=None, description="Who answered for it before.")
    since: Moment = Field(description="Since when nobody does.")
    seen_in: EventReference = Field(description="Identity of the fact that showed it.")
