"""Silence: a platform that was expected, and not heard for longer than its registration says. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from govbus.contracts.conclusions.source import SourceSilent
from govbus.contracts.envelope import Event
from govbus.contracts.making import clock_concluded
from govbus.contracts.subjects import Subject

_RULE: Final = "source_silent"
_END_RULE: Final = "source_silent_ended"


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence that was reported: when the platform should have been heard, and what was expected of it then."""

    since: datetime
    expected_interval_seconds: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of one platform: `expected_since` is when its interval was last set, None is no interval.

    `heard_at` is its last delivery, refused ones too; `silence` the one that was reported and has not ended.
    """

    source_name: str
    expected_interval_seconds: int | None
    expected_since: datetime
    heard_at: datetime | None
    silence: Silence | None = None

    @property
    def due_at(self) -> datetime | None:
        """When it should be heard at the latest; None when nobody waits for it."""
        if self.expected_interval_seconds is None:
            return None
        heard_at = self.heard_at or self.expected_since
        return max(heard_at, self.expected_since) + timedelta(seconds=self.expected_interval_seconds)


def begun(watched: Watched, now: datetime) -> Silence | None:
    """Return the silence that has begun and was not reported, None when there is none."""
    due_at = watched.due_at
    if watched.silence is not None or due_at is None or now < due_at:
        return None
    return Silence(due_at, watched.expected_interval_seconds or 0)


def has_ended(watched: Watched) -> bool:
    """Return whether a reported silence is over: it was heard again, or what is expected of it has changed."""
    return watched.silence is not None and watched.due_at != watched.silence.since


def silent(watched: Watched, silence: Silence, at: datetime) -> Event:
    """Return `source.silent` about a silence that has begun."""
    return _event(watched, silence, _RULE, at, ended=False)


def heard_again(watched: Watched, silence: Silence, at: datetime) -> Event:
    """Return `source.silent` about a silence that has ended."""
    return _event(watched, silence, _END_RULE, at, ended=True)


def _event(watched: Watched, silence: Silence, rule: str, at: datetime, *, ended: bool) -> Event:
    payload = SourceSilent(
        source_name=watched.source_name,
        expected_interval_seconds=silence.expected_interval_seconds,
        silent_since=silence.since,
        last_heard_at=watched.heard_at,
        ended=ended,
    )
    subject = str(Subject("source", (watched.source_name,)))
    return clock_concluded("intake", subject, payload, rule, silence.since.isoformat(), at)
