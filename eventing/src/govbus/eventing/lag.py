"""Measures how far behind the service is: for readiness, metrics, and gates that must not decide on old state."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.eventing.database import fetch
from govbus.eventing.metrics import Metrics
from govbus.eventing.sequencing import Place

_OFFSETS: Final = "SELECT topic, partition, next_offset FROM eventing_offset WHERE topic = ANY($1::text[])"
_ANSWER_SECONDS: Final = 5.0


class Lag:
    """Lag of the whole group, over all partitions, whoever reads them."""

    def __init__(
        self,
        topics: Sequence[str],
        engine: AsyncEngine,
        metrics: Metrics,
        stalled_after_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Know nothing until `measure` was called."""
        self._named = self._topics = tuple(topics)
        self._engine = engine
        self._metrics = metrics
        self._stalled_after_seconds = stalled_after_seconds
        self._clock = clock
        self._caught_up_at: dict[Place, float] = {}
        self._targets: dict[Place, tuple[int, float]] = {}
        self._advanced_at: dict[Place, tuple[int, float]] = {}
        self._measured_at: float | None = None
        self._behind: dict[Place, int] = {}

    def read_also(self, topics: Collection[str]) -> None:
        """Measure these topics beside those named at first, and no others from now on."""
        self._topics = (*self._named, *topics)
        for known in (self._behind, self._caught_up_at, self._targets, self._advanced_at):
            for place in [place for place in known if place[0] not in self._topics]:
                del known[place]

    async def measure(self, consumer: AIOKafkaConsumer) -> dict[Place, int]:
        """Compare end offsets with offset rows, and return what the rows say is to be read next.

        Raises:
            Exception: broker or database away; figures age until the next success.
        """
        partitions = [
            TopicPartition(topic, number)
            for topic in self._topics
            for number in consumer.partitions_for_topic(topic) or ()
        ]
        asked_at = self._clock()
        async with asyncio.timeout(_ANSWER_SECONDS):
            ends = await consumer.end_offsets(partitions)
        async with self._engine.connect() as connection:
            rows = await fetch(connection, _OFFSETS, (list(self._topics),))
            read = {(topic, number): next_offset for topic, number, next_offset in rows}
        self._take({(part.topic, part.partition): end for part, end in ends.items()}, read, asked_at)
        return read

    def _take(self, ends: dict[Place, int], read: dict[Place, int], asked_at: float) -> None:
        for place, end in ends.items():
            next_offset = read.get(place, 0)
            self._behind[place] = max(end - next_offset, 0)
            self._aim(place, next_offset, end, asked_at)
            if self._advanced_at.get(place, (-1, 0.0))[0] != next_offset or next_offset >= end:
                self._advanced_at[place] = (next_offset, asked_at)
        for topic in self._topics:
            self._metrics.lag(topic, sum(count for place, count in self._behind.items() if place[0] == topic))
        self._measured_at = asked_at

    def _aim(self, place: Place, next_offset: int, end: int, asked_at: float) -> None:
        """Note until when the partition was read: an end seen earlier counts once it is reached.

        Under steady load no measurement finds nothing unread, though everything is read within moments.
        """
        target, seen_at = self._targets.setdefault(place, (end, asked_at))
        if next_offset >= target:
            self._caught_up_at[place] = seen_at
            self._targets[place] = (end, asked_at)
        if next_offset >= end:
            self._caught_up_at[place] = asked_at

    def oldest_unread_age_seconds(self, topics: Collection[str] = ()) -> float | None:
        """Return an upper bound of the age of the oldest unread record, None while nothing is known.

        A partition was read to an end seen at some moment; what is unread came later. `topics` narrows the question.
        """
        wanted = set(topics or self._topics)
        places = [place for place in self._behind if place[0] in wanted]
        if self._measured_at is None or {place[0] for place in places} != wanted:
            return None  # also while the broker has not told a topic's partitions: no lag seen is not no lag
        if any(place not in self._caught_up_at for place in places):
            return None
        now = self._clock()
        return max((now - self._caught_up_at[place] for place in places), default=0.0)

    def stalled(self) -> list[str]:
        """Return the partitions with lag and no advance for too long, in words."""
        now = self._clock()
        return [
            f"{topic}-{partition}: {self._behind[topic, partition]} records unread, no advance for {now - since:.0f} s"
            for (topic, partition), (_, since) in self._advanced_at.items()
            if self._behind[topic, partition] and now - since > self._stalled_after_seconds
        ]

    def is_known(self) -> bool:
        """Return whether lag was measured recently enough to be believed."""
        return self._measured_at is not None and self._clock() - self._measured_at < self._stalled_after_seconds
