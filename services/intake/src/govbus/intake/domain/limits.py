"""How much one source may send: sizes of its bodies and events, and how many events in a second."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """What a registration asks for beside the limits that hold for everybody; None asks for nothing of its own."""

    events_per_second: float | None = None
    body_bytes: int | None = None
    event_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket that may be overdrawn once: a batch passes whole or not at all, and is paid for afterwards.

    `left_count` is what may still come at `at_seconds`; it grows by `per_second` up to `burst_count`.
    """

    per_second: float
    burst_count: float
    at_seconds: float
    left_count: float

    def wait_seconds(self, now_seconds: float) -> float:
        """Return how long nothing may come, 0 when something may."""
        left_count = self._left_count(now_seconds)
        return 0.0 if left_count > 0 else (1.0 - left_count) / self.per_second

    def spent(self, count: int, now_seconds: float) -> "Bucket":
        """Return the bucket without `count`, below zero if need be; a clock that went back fills nothing twice."""
        left_count = self._left_count(now_seconds) - count
        return replace(self, at_seconds=max(self.at_seconds, now_seconds), left_count=left_count)

    def _left_count(self, now_seconds: float) -> float:
        passed_seconds = max(0.0, now_seconds - self.at_seconds)
        return min(self.burst_count, self.left_count + passed_seconds * self.per_second)


def full_bucket(per_second: float, burst_count: float, now_seconds: float) -> Bucket:
    """Return a bucket nobody has taken from; a burst below one event would let nothing pass."""
    burst = max(1.0, burst_count)
    return Bucket(per_second, burst, now_seconds, burst)
