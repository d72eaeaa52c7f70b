"""Rebuilds a service's state from the topics without saying anything twice: the outbox is muted until it caught up."""

from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.eventing.database import fetch

_LOCK: Final = "SELECT topic, partition, next_offset FROM eventing_offset ORDER BY topic, partition FOR UPDATE"
_RESET: Final = (
    "UPDATE eventing_offset SET muted_below = CASE WHEN next_offset <= $3 THEN greatest(muted_below, next_offset) "
    "ELSE 0 END, next_offset = 0, last_fingerprint = NULL WHERE topic = $1 AND partition = $2"
)
_PARKED_COUNT: Final = "SELECT count(*) FROM eventing_parked WHERE state = 'parked'"
_BEHIND: Final = "SELECT 1 FROM eventing_offset WHERE next_offset < muted_below AND topic = ANY($1::text[]) LIMIT 1"


class CannotRebuild(Exception):
    """Topics no longer reach back to the beginning, records are parked, or the service keeps state no topic holds."""


async def consumes_again(connection: AsyncConnection, *topics: str) -> bool:
    """Return whether a rebuild has not yet come back to where these topics had been read to: state is incomplete."""
    return (await connection.exec_driver_sql(_BEHIND, (list(topics),))).first() is not None


async def rebuild(engine: AsyncEngine, consumer: AIOKafkaConsumer, tables: Sequence[str]) -> int:
    """Empty `tables`, set every offset back to the beginning and return how many records will be handled again.

    One transaction: other processes of the service find the offset rows moved. Conclusions of records below the old
    offsets are dropped by the muted outbox, as they were published then; those of a topic that ends before the old
    offset are not, as it is another topic. What is parked was never published, so it must be settled before.

    Raises:
        CannotRebuild: records were lost to retention, or are parked.
    """
    async with engine.begin() as connection:
        rows = await fetch(connection, _LOCK)
        parked_count = (await connection.exec_driver_sql(_PARKED_COUNT)).scalar_one()
        if parked_count:
            raise CannotRebuild(f"{parked_count} records are parked; replay or discard them first, then ask again")
        partitions = [TopicPartition(topic, number) for topic, number, _ in rows]
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        lost = [f"{part.topic}-{part.partition}" for part, begin in begins.items() if begin > 0]
        if lost:
            raise CannotRebuild(f"retention has passed for {', '.join(lost)}; rebuild from the audit log")
        for table in tables:
            await connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names come from the service's code
        await connection.exec_driver_sql("DELETE FROM eventing_inbox")
        for topic, number, _ in rows:
            await connection.exec_driver_sql(_RESET, (topic, number, ends[TopicPartition(topic, number)]))
    return sum(next_offset for _, _, next_offset in rows)
