"""Where things come from, as the inventory joins it together. Subject: what was made."""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import EventReference, Name, Part, SubjectText, Word


class Edge(Part):
    """One thing that another was made from or uses."""

    from_subject: SubjectText = Field(description="What it was made from, or uses.")
    from_version: Name | None = Field(default=None, description="Version of that. Absent: not said.")
    relation: Word = Field(description="Known: trained_on, validated_on, derived_from, base_model, uses, supplied_by.")


@event_type("lineage.changed", topics.INVENTORY, draft=True)
class LineageChanged(Payload):
    """What a subject was made from is known otherwise than before."""

    version: Name | None = Field(default=None, description="Version of the subject whose origin changed.")
    added: tuple[Edge, ...] = Field(default=(), max_length=1000, description="What is new.")
    removed: tuple[Edge, ...] = Field(default=(), max_length=1000, description="What no longer holds.")
    caused_by: EventReference = Field(description="Identity of the fact that changed it.")
