"""Bounded field types that payloads are made of: every text has a length, every list a size, every number is finite.

No text may hold U+0000: PostgreSQL stores it nowhere, so that it would be poison behind intake.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

NO_NUL: Final = r"^[^\x00]*$"


class Part(BaseModel):
    """A value inside a payload: frozen, unknown fields ignored by readers."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, ser_json_temporal="iso8601")


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside of the years 1 to 9999 in UTC") from None


Name = Annotated[str, Field(min_length=1, max_length=512, pattern=NO_NUL)]
"""A name, an identifier of another system, a version: short and never empty."""

Text = Annotated[str, Field(max_length=16_384, pattern=NO_NUL)]
"""Prose, or its sealed form, which is a third longer."""

Uri = Annotated[str, Field(min_length=1, max_length=2048, pattern=NO_NUL)]
"""A URI reference; not resolved by Govbus."""

Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.-]*$")]
"""An open enumeration: known values are documented, readers treat any other as unknown (a new one breaks nobody)."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hex."""

SubjectText = Annotated[str, Field(min_length=3, max_length=1024, pattern=NO_NUL)]
"""A governed subject: `model/retail/credit-risk`."""

Base64 = Annotated[str, Field(max_length=1_500_000, pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
"""Bytes in standard base64 with padding."""

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A whole number that every JSON reader keeps exact."""

Number = Annotated[float, Field(allow_inf_nan=False)]
"""A finite number."""

Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An RFC 3339 time with offset, kept in UTC."""

Day = date
"""A calendar date, where no time of day is known: `2026-06-01`."""

PersonId = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9._~:/-]+$")]
"""A pseudonym for a person; an id must not identify anybody, so the `@` of an address and blanks are refused."""

Severity = Literal["low", "medium", "high", "critical"]
"""How bad: closed, because escalation counts on the order."""

Tags = Annotated[dict[Name, Text], Field(max_length=200)]
"""Free labels as the platform wrote them."""


Owners = Annotated[dict[Word, Name], Field(max_length=20)]
"""Lifecycle stage → the person or team who answers for it.

Known stages: sourcing, training, validation, deployment, monitoring.
"""


class EventReference(Part):
    """The identity of an event: (`source`, `type`, `id`)."""

    source: Uri = Field(description="`source` of the event.")
    type: Name = Field(description="`type` of the event.")
    id: Annotated[str, Field(min_length=1, max_length=1024, pattern=NO_NUL)] = Field(description="`id` of the event.")


class Window(Part):
    """A span of time, `start` included, `end` not."""

    start: Moment = Field(description="First moment, included.")
    end: Moment = Field(description="Last moment, not included.")
