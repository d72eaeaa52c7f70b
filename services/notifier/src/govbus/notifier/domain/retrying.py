"""What follows an attempt to deliver: sent, another try later, or given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver's server took it."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """It did not; `reason` is a word, `detail` a sentence without secrets.

    `is_permanent`: another try cannot help. `retry_after` is what the receiver asked for, if anything.
    """

    reason: str
    detail: str
    is_permanent: bool = False
    retry_after: timedelta | None = None


Outcome = Delivered | Undelivered


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Exponential delays: `initial`, times `factor` each, at most `longest`; given up after `attempts_count`."""

    initial: timedelta
    factor: float
    longest: timedelta
    attempts_count: int


@dataclass(frozen=True, slots=True)
class Sent:
    """Done."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Dead letter: kept, on record, and a person may send it again."""

    reason: str


Next = Sent | TryAgain | GiveUp


def after(outcome: Outcome, attempts_count: int, schedule: RetrySchedule, now: datetime, jitter_ratio: float) -> Next:
    """Return what comes next; `attempts_count` includes this one, `jitter_ratio` is random in [0, 1).

    The delay is drawn from its upper half, so that receivers that failed together are not asked together again. A
    receiver may ask for a later time, never for one beyond `longest`.
    """
    if isinstance(outcome, Delivered):
        return Sent()
    if outcome.is_permanent or attempts_count >= schedule.attempts_count:
        return GiveUp(outcome.reason)
    delay = min(schedule.longest, _delay(schedule, attempts_count))
    delay = delay / 2 + delay / 2 * jitter_ratio
    if outcome.retry_after is not None:
        delay = max(delay, min(outcome.retry_after, schedule.longest))
    return TryAgain(now + delay)


def _delay(schedule: RetrySchedule, attempts_count: int) -> timedelta:
    """Return the unbounded delay, computed so that no number of attempts overflows."""
    seconds = schedule.initial.total_seconds()
    for _ in range(attempts_count - 1):
        if seconds >= schedule.longest.total_seconds():
            break
        seconds *= schedule.factor
    return timedelta(seconds=min(seconds, schedule.longest.total_seconds()))
