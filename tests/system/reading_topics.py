"""Reads whole topics from their beginning, as an outsider with an account would."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from govbus.eventing.consumer import raw_record
from govbus.eventing.records import RawRecord

Place = tuple[str, int]
_READ_SECONDS: Final = 120.0


async def end_offsets(connection: Mapping[str, Any], topics: Sequence[str]) -> dict[Place, int]:
    """Return where each partition ends now."""
    async with _started(connection) as consumer:
        found = await consumer.end_offsets(await _partitions(consumer, topics))
    return {(part.topic, part.partition): end for part, end in found.items()}


async def read_topics(connection: Mapping[str, Any], topics: Sequence[str]) -> dict[Place, list[RawRecord]]:
    """Return every record of the topics, by partition, in offset order, up to where they end now."""
    async with _started(connection) as consumer:
        partitions = await _partitions(consumer, topics)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: dict[Place, list[RawRecord]] = {(part.topic, part.partition): [] for part in partitions}
        async with asyncio.timeout(_READ_SECONDS):
            while any([await consumer.position(part) < ends[part] for part in partitions]):
                for part, records in (await consumer.getmany(timeout_ms=500)).items():
                    found[part.topic, part.partition].extend(map(raw_record, records))
    return found


@asynccontextmanager
async def _started(connection: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer of no group; it is closed also when it could not start."""
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **connection)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    await consumer._client.force_metadata_update()
    known: list[TopicPartition] = []
    for topic in topics:
        consumer._client.add_topic(topic)
    await consumer._client.force_metadata_update()
    for topic in topics:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise AssertionError(f"no partitions of {topic} are known")
        known += [TopicPartition(topic, number) for number in sorted(numbers)]
    return known
