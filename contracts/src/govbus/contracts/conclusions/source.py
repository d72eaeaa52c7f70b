"""What the clock finds out about a platform: numbers that did not arrive, and silence. Subject: `source/<name>`."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Moment, Name, Uri

Seconds = Annotated[int, Field(ge=1, le=2**31 - 1)]


@event_type("source.gap_detected", topics.REJECTED)
class SourceGapDetected(Payload):
    """A range of a platform's `sequence` numbers that did not arrive; a second one, `closed`, when all of it has.

    Both name the same range and the same `noticed_at`. A gap that arrives before it has settled is never reported.
    """

    source_name: Name = Field(description="Name under which the platform is registered.")
    counted_source: Uri = Field(description="The CloudEvents `source` whose counter it is: each has one of its own.")
    first_missing: Count = Field(description="First number of the range.")
    last_missing: Count = Field(description="Last number of the range, itself missing.")
    missing_count: Count = Field(description="How many of the range are missing now; 0 when it is closed.")
    noticed_at: Moment = Field(description="When a number behind the range arrived.")
    closed: bool = Field(default=False, description="True once the last missing number of the range came late.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.missing_count <= self.last_missing - self.first_missing + 1:
            raise ValueError("missing_count is at most the length of the range first_missing to last_missing")
        if self.closed != (self.missing_count == 0):
            raise ValueError("a gap is closed exactly when nothing of it is missing")
        return self


@event_type("source.silent", topics.REJECTED)
class SourceSilent(Payload):
    """A platform was not heard for longer than its registration expects; a second one, `ended`, when it is again.

    Once per silence each; both name the same `silent_since`.
    """

    source_name: Name = Field(description="Name under which the platform is registered.")
    expected_interval_seconds: Seconds = Field(description="Longest expected pause between two deliveries.")
    silent_since: Moment = Field(description="When it should have been heard at the latest.")
    last_heard_at: Moment | None = Field(
        default=None, description="Its last delivery, refused ones too; absent when it never spoke."
    )
    ended: bool = Field(default=False, description="True once it was heard again, or is no longer waited for.")
