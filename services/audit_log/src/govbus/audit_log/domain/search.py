"""What entries are asked for; None is no condition."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Conditions that all hold. Times compare with when Govbus came to know, `since` included and `until` not.

    `subject` is one subject, or all below it (`model/bank/*`); in `type`, `*` is any characters. `text` is found in
    payloads that every reader may see, and in no other, whoever asks; `actor` in the others, too, if `sees_closed`.
    """

    id: str | None = None
    subject: str | None = None
    type: str | None = None
    source: str | None = None
    kind: str | None = None
    actor: str | None = None
    correlation: str | None = None
    causation: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    from_index: int = 0
    below_index: int | None = None
    sees_closed: bool = False
