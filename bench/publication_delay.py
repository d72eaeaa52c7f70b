"""How long events waited: from the broker's time on their topic to its time of the checkpoint that covers them."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from govbus.contracts import topics

_PARTITION: Final = TopicPartition(topics.AUDIT, 0)
_POLL_MS: Final = 200


async def delays_ms(kafka: Mapping[str, Any], run: str, count: int, most_seconds: float) -> list[int]:
    """Return the delays of the `count` events whose ids begin with `run`, once all of them are published.

    Both clocks are the broker's: the record's append time stands in its entry.
    """
    consumer = AIOKafkaConsumer(enable_auto_commit=False, **kafka)
    await consumer.start()
    try:
        consumer.assign([_PARTITION])
        await consumer.seek_to_beginning(_PARTITION)
        async with asyncio.timeout(most_seconds):
            return await _collected(consumer, run, count)
    finally:
        await consumer.stop()


async def _collected(consumer: AIOKafkaConsumer, run: str, count: int) -> list[int]:
    waiting: list[int] = []
    delays: list[int] = []
    while len(delays) < count:
        for record in (await consumer.getmany(timeout_ms=_POLL_MS)).get(_PARTITION, ()):
            said = json.loads(record.value)
            if "checkpoint" in said:
                delays.extend(record.timestamp - appended_at for appended_at in waiting)
                waiting.clear()
                continue
            entry = json.loads(b64decode(said["entry"]))
            if str(entry["id"]).startswith(run):
                waiting.append(entry["kafka"]["timestamp"])
        await asyncio.sleep(0)
    return delays
