"""How much one source may send: sizes of its bodies and events, and how many events in a second."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a registration asks for beside the limits that hold for everybody; None asks for nothing of its own."""

    events_per_second: float | None = None
    body_bytes: int | None = None
    event_bytes: int | None = None


@dataclass(slots=True)
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
        self._fill(now_seconds)
        return 0.0 if self.left_count > 0 else (1.0 - self.left_count) / self.per_second

    def spend(self, count: int, now_seconds: float) -> None:
        """Take `count` out, below zero if need be."""
        self._fill(now_seconds)
        self.left_count -= count

    def _fill(self, now_seconds: float) -> None:
        passed_seconds = max(0.0, now_seconds - self.at_seconds)
        self.left_count = min(self.burst_count, self.left_count + passed_seconds * self.per_second)
        self.at_seconds = max(self.at_seconds, now_seconds)


def full_bucket(per_second: float, burst_count: float, now_seconds: float) -> Bucket:
    """Return a bucket nobody has taken from; a burst below one event would let nothing pass."""
    burst = max(1.0, burst_count)
    return Bucket(per_second, burst, now_seconds, burst)
