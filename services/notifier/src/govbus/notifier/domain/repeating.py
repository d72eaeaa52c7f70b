"""When the same thing is said again: told once per repeat interval, and the rest is on record as suppressed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from govbus.notifier.domain.alert import Alert

REPEAT_INTERVAL: Final = "repeat_interval"
NOT_CONFIGURED: Final = "receiver_not_configured"


@dataclass(frozen=True, slots=True)
class Send:
    """Tell the receiver."""


@dataclass(frozen=True, slots=True)
class Suppress:
    """Do not tell; `reason` is a word, `detail` a sentence."""

    reason: str
    detail: str


def fingerprint(alert: Alert, receiver: str) -> bytes:
    """Return 32 bytes equal for alerts that say the same thing to the same receiver."""
    parts = [receiver, alert.type, alert.subject, *alert.same_when]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode("ascii")).digest()


def decide(
    known_at: datetime, last_told_at: datetime | None, interval: timedelta, *, is_configured: bool
) -> Send | Suppress:
    """Return whether to tell, given when the receiver was last told the same (or is about to be).

    Times are those of the events, so that a replay decides alike. An event older than the last one is not suppressed:
    in doubt, twice rather than never.
    """
    if not is_configured:
        return Suppress(NOT_CONFIGURED, "The routes file names this receiver, but its address is not set.")
    if last_told_at is not None and timedelta(0) <= known_at - last_told_at < interval:
        return Suppress(REPEAT_INTERVAL, f"The same was told less than {interval} before.")
    return Send()
