"""Checks a partition before its records are believed: offsets in range, and the same topic as last time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.eventing.offsets import create_offset, read_offset, skip_to
from govbus.eventing.records import RawRecord

_log: Final = logging.getLogger(__name__)

CONFIRMATIONS_COUNT: Final = 3
"""A broker that just restarted may answer with an old end offset: a refusal is believed at the third look."""

CONFIRMATION_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Expecting:
    """The next record must stand at `offset` with this fingerprint; it was handled before."""

    offset: int
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """Records may be handled."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody must look: `reason` says what and what to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Records `first` to `last` of a partition were deleted before they were read; both are among them."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int


Status = Expecting | Verified | Refused

OnLost = Callable[[AsyncConnection, Lost], Awaitable[None]]
"""Puts a loss on record, in the transaction that goes on behind it."""


class Assignment:
    """What this process knows of each assigned partition."""

    def __init__(self, engine: AsyncEngine, on_lost: OnLost | None = None) -> None:
        """Start without any partition; without `on_lost` a partition that lost records is refused."""
        self._engine = engine
        self._on_lost = on_lost
        self._status: dict[TopicPartition, Status] = {}
        self._locks: dict[TopicPartition, asyncio.Lock] = {}

    def forget(self, partitions: set[TopicPartition]) -> None:
        """Believe nothing of these partitions until they are verified again."""
        for partition in partitions:
            self._status.pop(partition, None)

    def refuse(self, partition: TopicPartition, reason: str) -> None:
        """Stop a partition until the process is started again."""
        _log.critical("partition %s-%s stopped: %s", partition.topic, partition.partition, reason)
        self._status[partition] = Refused(reason)

    def status(self, partition: TopicPartition) -> Status | None:
        """Return what is known, None for a partition not verified yet."""
        return self._status.get(partition)

    def refusals(self) -> dict[str, str]:
        """Return partition → why it is stopped."""
        return {
            f"{partition.topic}-{partition.partition}": status.reason
            for partition, status in self._status.items()
            if isinstance(status, Refused)
        }

    async def verify(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        """Compare the offset row with the live partition and seek to where reading goes on.

        The last handled record is read once more, so that `admit` can compare its fingerprint.

        Raises:
            Exception: database or broker away; the partition stays unverified.
        """
        async with self._locks.setdefault(partition, asyncio.Lock()):
            if partition in self._status:
                return
            for look in range(1, CONFIRMATIONS_COUNT + 1):
                status, seek_to = await self._look(consumer, partition)
                if not isinstance(status, Refused | Lost) or look == CONFIRMATIONS_COUNT:
                    break
                await asyncio.sleep(CONFIRMATION_SECONDS)
            if isinstance(status, Lost):
                status = await self._put_on_record(status)
            if isinstance(status, Refused):
                self.refuse(partition, status.reason)
                pause(consumer, partition)
                return
            if seek(consumer, partition, seek_to):
                self._status[partition] = status

    async def _put_on_record(self, lost: Lost) -> Status:
        """Let the owner record a loss and go on behind it, in one transaction; without an owner refuse."""
        if self._on_lost is None:
            return Refused(
                f"records {lost.first_offset} to {lost.last_offset} were lost to retention before they were read; "
                "rebuild the service from the audit log"
            )
        async with self._engine.begin() as connection:
            row = await read_offset(connection, lost.topic, lost.partition, lock=True)
            if row is None or row.next_offset != lost.first_offset:
                raise LookupError("another process went on meanwhile")
            await self._on_lost(connection, lost)
            await skip_to(connection, lost.topic, lost.partition, lost.last_offset + 1)
        _log.critical(
            "records %d to %d of %s-%d were deleted before they were read", lost.first_offset, lost.last_offset,
            lost.topic, lost.partition,
        )  # fmt: skip
        return Verified()

    async def _look(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> tuple[Status | Lost, int]:
        begin = (await consumer.beginning_offsets([partition]))[partition]
        end = (await consumer.end_offsets([partition]))[partition]
        async with self._engine.begin() as connection:
            await create_offset(connection, partition.topic, partition.partition, begin)
            row = await read_offset(connection, partition.topic, partition.partition)
        if row is None:
            raise LookupError("the offset row was not created")
        next_offset = row.next_offset
        if begin > next_offset:
            return Lost(partition.topic, partition.partition, next_offset, begin - 1), begin
        if end < next_offset:
            return Refused(
                f"the topic ends at {end}, but {next_offset} was to be read next: it was truncated or recreated; "
                "restore it or rebuild the service"
            ), end
        if row.last_fingerprint is not None and next_offset - 1 >= begin:
            return Expecting(next_offset - 1, row.last_fingerprint), next_offset - 1
        return Verified(), next_offset

    def admit(self, partition: TopicPartition, expected: Expecting, first: RawRecord) -> bool:
        """Return whether reading may go on: `first` is the record that was handled last time."""
        if first.offset != expected.offset:
            self.forget({partition})
            return False
        if first.fingerprint() != expected.fingerprint:
            self.refuse(
                partition,
                f"record {first.offset} is not the one that was handled: the topic was recreated; "
                "restore it or rebuild the service",
            )
            return False
        self._status[partition] = Verified()
        return True


def seek(consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int) -> bool:
    """Move the reading position; return False when the partition is no longer ours."""
    try:
        consumer.seek(partition, offset)
    except IllegalStateError:
        return False
    return True


def pause(consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
    """Stop fetching a partition, if it is still ours."""
    if partition in consumer.assignment():
        consumer.pause(partition)


def resume(consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
    """Fetch a partition again, if it is still ours."""
    if partition in consumer.assignment():
        consumer.resume(partition)
