"""Reports that a law demands, with their clocks. Subject: `incident/<incident id>`.

Source: Regulation (EU) 2024/1689, Art. 73 and 26(5).
"""

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Moment, Name, PersonId, Sha256, SubjectText, Uri


class _Report(Payload):
    incident_id: Name = Field(description="Id of the incident, as in the subject.")
    about: tuple[SubjectText, ...] = Field(min_length=1, max_length=50, description="Subjects that it concerns.")
    provision: Name = Field(description="What demands it: Regulation (EU) 2024/1689, Art. 73(2).")
    recipient: Name = Field(description="Who must get it: market surveillance authority, provider.")


@event_type("report.due", topics.OVERSIGHT, draft=True)
class ReportDue(_Report):
    """A report must be with its recipient by a moment."""

    aware_at: Moment = Field(description="When the clock began: awareness.")
    due_at: Moment = Field(description="When it must be there at the latest.")
    remaining_hours: Count = Field(description="Time left when this was said, in hours; 0: none.")


@event_type("report.filed", topics.OVERSIGHT, draft=True)
class ReportFiled(_Report):
    """A report went out."""

    filed_at: Moment = Field(description="When.")
    filed_by: PersonId = Field(description="Pseudonym of who filed it.")
    complete: bool = Field(description="False: a first, incomplete report, as Art. 73(5) allows.")
    in_time: bool = Field(description="Whether it went out before it was due.")
    document_uri: Uri | None = Field(default=None, description="Where it lies.")
    document_sha256: Sha256 | None = Field(default=None, description="SHA-256 of it.")
