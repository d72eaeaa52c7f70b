"""Facts as intake writes them to `govbus.facts`: binary mode, every attribute that intake sets, over 300 subjects."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.said import events
from govbus.contracts.envelope import Event
from govbus.eventing.records import encode

_BEGAN_AT: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
_TICK_SECONDS: Final = 0.01

Offsets = dict[tuple[str, int], int]


def facts(run: str) -> Iterator[Event]:
    """Yield events without end; `run` makes their ids new."""
    for number, body in enumerate(events(run)):
        said = json.loads(body)
        moment = _BEGAN_AT + timedelta(milliseconds=number)
        yield Event(
            id=said["id"],
            source=said["source"],
            type=said["type"],
            subject=said["subject"],
            time=moment,
            recordedtime=moment + timedelta(microseconds=1500),
            data=json.dumps(said["data"], separators=(",", ":")).encode(),
            dataschema="https://govbus.dev/schemas/monitor.observed/1.0.json",
            sequence=f"{number:020d}",
            correlationid=said["id"],
            authtype="service_account",
            authid="//demo/platform",
            actorassurance="authenticated",
            traceparent=f"00-{number:032x}-{number:016x}-01",
            dataclassification="internal",
        )


async def write(kafka: Mapping[str, Any], topic: str, run: str, count: int, partition: int | None = None) -> None:
    """Write so many facts as fast as they go."""
    async with _producing(kafka) as producer:
        sent = []
        for event in islice(facts(run), count):
            key, value, headers = encode(event)
            sent.append(await producer.send(topic, value, key=key, headers=list(headers), partition=partition))
        await asyncio.gather(*sent)


async def write_at_rate(kafka: Mapping[str, Any], topic: str, run: str, rate: float, seconds: float) -> int:
    """Write `rate` facts a second in small steps; return how many."""
    waiting = [encode(event) for event in islice(facts(run), int(rate * seconds))]
    sent: list[Any] = []
    async with _producing(kafka) as producer:
        begun = time.perf_counter()
        while len(sent) < len(waiting):
            due_count = min(len(waiting), int((time.perf_counter() - begun) * rate) + 1)
            for key, value, headers in waiting[len(sent) : due_count]:
                sent.append(await producer.send(topic, value, key=key, headers=list(headers)))
            await asyncio.sleep(_TICK_SECONDS)
        await asyncio.gather(*sent)
    return len(waiting)


def _producing(kafka: Mapping[str, Any]) -> AIOKafkaProducer:
    return AIOKafkaProducer(linger_ms=5, max_batch_size=128 * 1024, **kafka)


async def ends(kafka: Mapping[str, Any], topic: str) -> Offsets:
    """Return where each partition of a topic ends."""
    consumer = AIOKafkaConsumer(topic, enable_auto_commit=False, **kafka)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return {(partition.topic, partition.partition): offset for partition, offset in ends.items()}
