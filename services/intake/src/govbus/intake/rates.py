"""How fast sources may send, per process: several processes together let that much more through."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from govbus.intake.domain.limits import Bucket, full_bucket
from govbus.intake.domain.source import Source

BURST_SECONDS: Final = 2.0
"""A source that was quiet may send this long's worth at once: schedulers fire on the second."""


class Rates:
    """One bucket per source that has spoken; registered names bound their number."""

    def __init__(self, events_per_second: float, clock: Callable[[], datetime]) -> None:
        """`events_per_second` is the most that any source may send; a registration may ask for less."""
        self._events_per_second = events_per_second
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def wait_seconds(self, source: Source) -> float:
        """Return how long the source has to wait, 0 when it may send."""
        return self._bucket(source).wait_seconds(self._now())

    def spend(self, source: Source, events_count: int) -> None:
        """Note that the source sent so many."""
        self._buckets[source.name] = self._bucket(source).spent(events_count, self._now())

    def per_second(self, source: Source) -> float:
        """Return how much the source may send."""
        return min(self._events_per_second, source.limits.events_per_second or self._events_per_second)

    def _bucket(self, source: Source) -> Bucket:
        """Return the source's bucket; a new one when its registration was changed."""
        per_second = self.per_second(source)
        bucket = self._buckets.get(source.name)
        if bucket is None or bucket.per_second != per_second:
            return full_bucket(per_second, per_second * BURST_SECONDS, self._now())
        return bucket

    def _now(self) -> float:
        return self._clock().timestamp()
