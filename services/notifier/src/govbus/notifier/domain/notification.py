"""One alert for one receiver, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a notification stands; `failed` is the dead letter that a person may send again."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What of the causing event is needed to name it, trace it and conclude from it."""

    source: str
    type: str
    id: str
    subject: str
    happened_at: datetime
    known_at: datetime
    correlation_id: str
    traceparent: str | None = None
    tracestate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a receiver is told; `id` is computed from cause and receiver, so a replay makes the same one.

    `round` counts how often a person had it sent again; attempts are counted anew in each round.
    """

    id: str
    receiver: str
    channel: str
    route_path: str
    alert_type: str
    about: tuple[str, ...]
    severity: str | None
    title: str
    summary: str
    details: Mapping[str, str]
    fingerprint: bytes
    cause: Cause
    created_at: datetime
    state: State = State.PENDING
    reason: str | None = None
    round: int = 0
    attempts_count: int = 0
    next_attempt_at: datetime | None = None
    settled_at: datetime | None = None
    resent_by: str | None = None

    @property
    def subject(self) -> str:
        """The subject of the causing event, and of what is said of this notification."""
        return self.cause.subject

    def suppressed(self, reason: str) -> "Notification":
        """Return it as one that is not sent, settled as soon as it was made."""
        return replace(self, state=State.SUPPRESSED, reason=reason, next_attempt_at=None, settled_at=self.created_at)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: `outcome` is `delivered` or the word why not."""

    round: int
    number: int
    started_at: datetime
    finished_at: datetime
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class StillPending:
    """It cannot be sent again: it has not been given up yet."""


def may_resend(notification: Notification) -> StillPending | None:
    """Return why a person may not have it sent again, None when they may."""
    return StillPending() if notification.state is State.PENDING else None
