"""Rebuilds a service's state from the topics without saying anything twice: the outbox is muted until it caught up."""

from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.eventing.database import fetch

_LOCK: Final = "SELECT topic, partition, next_offset FROM eventing_offset ORDER BY topic, partition FOR UPDATE"
_RESET: Final = (
    "UPDATE eventing_offset SET muted_below = greatest(muted_below, next_offset), next_offset = $3, "
    "last_fingerprint = NULL WHERE topic = $1 AND partition = $2"
)
_SETTLE_PARKED: Final = (
    "UPDATE eventing_parked SET state = 'discarded', settled_at = now(), settled_by = $1 WHERE state = 'parked'"
)


class CannotRebuild(Exception):
    """The topics no longer reach back to the beginning, or the service keeps state that no topic holds."""


async def rebuild(engine: AsyncEngine, consumer: AIOKafkaConsumer, tables: Sequence[str], by: str) -> int:
    """Empty `tables`, set every offset back to the beginning and return how many records will be handled again.

    One transaction: other processes of the service find the offset rows moved. Conclusions of records below the old
    offsets are dropped by the muted outbox, as they were published then.

    Raises:
        CannotRebuild: records were lost to retention.
    """
    async with engine.begin() as connection:
        rows = await fetch(connection, _LOCK)
        begins = await consumer.beginning_offsets([TopicPartition(topic, number) for topic, number, _ in rows])
        lost = [f"{part.topic}-{part.partition}" for part, begin in begins.items() if begin > 0]
        if lost:
            raise CannotRebuild(f"retention has passed for {', '.join(lost)}; rebuild from the audit log")
        for table in tables:
            await connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names come from the service's code
        await connection.exec_driver_sql("DELETE FROM eventing_inbox")
        await connection.exec_driver_sql(_SETTLE_PARKED, (by,))
        for topic, number, _ in rows:
            await connection.exec_driver_sql(_RESET, (topic, number, 0))
    return sum(next_offset for _, _, next_offset in rows)
