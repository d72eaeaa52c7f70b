"""The consumer of one service: FastStream fetches, the runner decides, PostgreSQL remembers."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from typing_extensions import override

from govbus.eventing.assignment import Assignment, Expecting, Refused, pause, resume, seek
from govbus.eventing.error_words import describe
from govbus.eventing.failures import is_transient
from govbus.eventing.metrics import Metrics
from govbus.eventing.partition import Handled, Hole, Outcome, PartitionRunner, Poisoned
from govbus.eventing.records import RawRecord
from govbus.eventing.sequencing import Place, SequencingRunner

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failed:
    """Everything was rolled back; the same records will be tried again."""

    error: Exception


Run = Callable[[Mapping[Place, Sequence[RawRecord]], Mapping[Place, int]], Awaitable[Mapping[Place, Outcome | Failed]]]
"""Records by partition, believed holes by partition → what became of each partition."""


def each_partition(runner: PartitionRunner) -> Run:
    """Return a run in which every partition has a transaction of its own; one that fails disturbs no other."""

    async def run_one(records: Sequence[RawRecord], believed: int | None) -> Outcome | Failed:
        try:
            return await runner.run(records, believe_hole_at=believed)
        except Exception as error:  # noqa: BLE001 - the class decides in `Consumer`, nothing is swallowed
            return Failed(error)

    async def run(
        parts: Mapping[Place, Sequence[RawRecord]], believed: Mapping[Place, int]
    ) -> Mapping[Place, Outcome | Failed]:
        places = list(parts)
        outcomes = await asyncio.gather(*(run_one(parts[place], believed.get(place)) for place in places))
        return dict(zip(places, outcomes, strict=True))

    return run


def all_partitions(runner: SequencingRunner) -> Run:
    """Return a run in which all partitions of a fetch share one transaction."""

    async def run(
        parts: Mapping[Place, Sequence[RawRecord]], believed: Mapping[Place, int]
    ) -> Mapping[Place, Outcome | Failed]:
        try:
            return await runner.run(parts, believed)
        except Exception as error:  # noqa: BLE001 - the class decides in `Consumer`, nothing is swallowed
            return dict.fromkeys(parts, Failed(error))

    return run


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failing partition rests: doubling from `initial_seconds` to `max_seconds`, with full jitter."""

    initial_seconds: float
    max_seconds: float

    def delay_seconds(self, tries_count: int) -> float:
        """Return the pause after so many failures in a row."""
        longest = min(self.initial_seconds * 2 ** min(tries_count, 16), self.max_seconds)
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads retries, guards nothing


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Turns fetched batches into runs and outcomes into seeks and pauses.

    Nothing here is needed for correctness after a crash: the offset rows are.
    """

    def __init__(self, run: Run, assignment: Assignment, backoff: Backoff, metrics: Metrics) -> None:
        """Start without partitions; `attach` gives the live Kafka consumer."""
        self._run = run
        self._assignment = assignment
        self._backoff = backoff
        self._metrics = metrics
        self._kafka: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self._suspected_holes: dict[Place, int] = {}
        self._tries: dict[Place, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.next_offsets: dict[Place, int] = {}

    def attach(self, kafka: Callable[[], AIOKafkaConsumer | None]) -> None:
        """Use the Kafka consumer that `kafka` returns once the subscription starts, for seeks and pauses."""
        self._kafka = kafka

    @override
    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._assignment.forget(set(revoked))
        for partition in revoked:
            self.next_offsets.pop((partition.topic, partition.partition), None)

    @override
    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        # aiokafka swallows what a listener raises and waits for it, so the check runs beside it and may retry.
        self._metrics.assigned()
        self._assignment.forget(set(assigned))
        for partition in assigned:
            self._in_background(self._verify_until_done(partition))

    async def on_batch(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Handle one fetch, which may span partitions. Never raises."""
        parts: dict[Place, list[RawRecord]] = {}
        for record in records:
            parts.setdefault((record.topic, record.partition), []).append(raw_record(record))
        ready = {place: await self._admitted(place, part) for place, part in parts.items()}
        work = {place: part for place, part in ready.items() if part}
        if not work:
            return
        believed = {place: offset for place, offset in self._suspected_holes.items() if place in work}
        outcomes = await self._run(work, believed)
        for place, outcome in outcomes.items():
            self._settle(place, work[place], outcome)

    def follow(self, handled: Mapping[Place, int], stored: Mapping[Place, int]) -> None:
        """Read again from where the offset rows say, when they went back behind what was `handled` here.

        A rebuild does that, perhaps in another process; a partition without new records would never find out.
        `handled` was noted before `stored` was read, so a commit in between is no step back.
        """
        for place, next_offset in handled.items():
            if stored.get(place, next_offset) < next_offset:
                self.verify_anew({TopicPartition(*place)})

    def verify_anew(self, partitions: Collection[TopicPartition]) -> None:
        """Believe nothing of these partitions, not even a refusal, and verify them again."""
        self._assignment.forget(set(partitions))
        for partition in partitions:
            self.next_offsets.pop((partition.topic, partition.partition), None)
            self._in_background(self._verify_until_done(partition))

    async def _admitted(self, place: Place, records: list[RawRecord]) -> list[RawRecord]:
        """Return the records that may be handled; verify the partition first when nothing is known of it."""
        partition = TopicPartition(*place)
        status = self._assignment.status(partition)
        if status is None:
            self._in_background(self._verify_until_done(partition))
            return []
        if isinstance(status, Refused):
            pause(self._live(), partition)
            return []
        if isinstance(status, Expecting):
            if not self._assignment.admit(partition, status, records[0]):
                pause(self._live(), partition)
                self._metrics.stopped(len(self._assignment.refusals()))
                self._in_background(self._verify_until_done(partition))
                return []
            self.next_offsets[place] = status.offset + 1
            return records[1:]
        return records

    def _settle(self, place: Place, records: Sequence[RawRecord], outcome: Outcome | Failed) -> None:
        partition = TopicPartition(*place)
        if not isinstance(outcome, Hole):
            self._suspected_holes.pop(place, None)
        match outcome:
            case Handled(next_offset):
                self._tries.pop(place, None)
                self.next_offsets[place] = next_offset
                if next_offset != records[-1].offset + 1:
                    seek(self._live(), partition, next_offset)
            case Hole(next_offset, first_offset):
                self._metrics.hole(place[0])
                pause(self._live(), partition)
                self._in_background(self._look_into_hole(partition, next_offset, first_offset))
            case Poisoned(parked_count):
                self._assignment.refuse(
                    partition,
                    f"{parked_count} records in a row could not be handled: mend the handler, start the service again",
                )
                pause(self._live(), partition)
                self._metrics.stopped(len(self._assignment.refusals()))
            case Failed(error):
                self._rest(partition, records[0].offset, error)

    def _rest(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        """Pause only this partition, and read the same records again later."""
        place = (partition.topic, partition.partition)
        tries_count = self._tries[place] = self._tries.get(place, 0) + 1
        delay_seconds = self._backoff.delay_seconds(tries_count)
        log = _log.warning if is_transient(error) else _log.error
        log("%s-%s@%s rolled back, again in %.1f s: %s", *place, offset, delay_seconds, describe(error))
        self._metrics.retried(partition.topic)
        pause(self._live(), partition)
        seek(self._live(), partition, offset)
        self._in_background(self._resume_after(partition, delay_seconds))

    async def _look_into_hole(self, partition: TopicPartition, next_offset: int, first_offset: int) -> None:
        """Read again from the hole; where the partition begins behind it, records were deleted before they were read.

        Markers of transactions leave holes, too, and are none: what a hole is says the partition's first offset.
        """
        tries_count = 0
        while partition in self._live().assignment():
            try:
                begin = (await self._live().beginning_offsets([partition]))[partition]
            except Exception as error:  # noqa: BLE001 - broker away: say so and try again
                tries_count += 1
                _log.warning("%s-%s: hole not looked into yet: %s", *partition, describe(error))
                await asyncio.sleep(self._backoff.delay_seconds(tries_count))
                continue
            if begin > next_offset:
                self.verify_anew({partition})
                return
            self._suspected_holes[(partition.topic, partition.partition)] = first_offset
            seek(self._live(), partition, next_offset)
            resume(self._live(), partition)
            return

    async def _resume_after(self, partition: TopicPartition, delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        resume(self._live(), partition)

    async def _verify_until_done(self, partition: TopicPartition) -> None:
        tries_count = 0
        while partition in self._live().assignment():
            try:
                await self._assignment.verify(self._live(), partition)
            except Exception as error:  # noqa: BLE001 - database or broker away: say so and try again
                tries_count += 1
                _log.warning("%s-%s not verified yet: %s", partition.topic, partition.partition, describe(error))
                await asyncio.sleep(self._backoff.delay_seconds(tries_count))
            else:
                status = self._assignment.status(partition)
                self._metrics.stopped(len(self._assignment.refusals()))
                if status is not None and not isinstance(status, Refused):
                    resume(self._live(), partition)
                return

    def _live(self) -> AIOKafkaConsumer:
        kafka = self._kafka()
        if kafka is None:
            raise RuntimeError("the subscription has not started")
        return kafka

    def _in_background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End background checks and pauses."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def raw_record(record: ConsumerRecord[bytes, bytes]) -> RawRecord:
    """Return aiokafka's record as ours, bytes untouched."""
    return RawRecord(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        tuple(record.headers),
    )
