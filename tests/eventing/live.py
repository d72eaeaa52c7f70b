"""A whole probe service on a real Kafka, and clients beside it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from fastapi import FastAPI

from backends.running import CHECKOUT, RunningKafka
from eventing.probe import SERVICE, Probe
from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.eventing.records import encode
from govbus.eventing.service import Service
from govbus.eventing.settings import ServiceSettings

DEADLINE_SECONDS = 60.0


def settings(kafka: RunningKafka, dsn: str, folder: Path, **changes: object) -> ServiceSettings:
    """Return the probe's settings with its own credentials."""
    user, password = kafka.credentials(SERVICE)
    values: dict[str, object] = {
        "postgres_url": dsn,
        "kafka_bootstrap_servers": kafka.bootstrap_servers,
        "kafka_security_protocol": kafka.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
        "topics_file": CHECKOUT / "infra" / "kafka" / "topics.yaml",
        "data_directory": folder,
        "progress_poll_seconds": 0.2,
    }
    return ServiceSettings(**{**values, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def running(probe: Probe, with_settings: ServiceSettings) -> AsyncIterator[Service]:
    """Run a service whose handler is the probe's."""
    service = Service(SERVICE, with_settings)
    service.consume(topics.FACTS, handler=probe.handle)
    app: FastAPI = service.app()
    async with app.router.lifespan_context(app):
        yield service


async def produce(kafka: RunningKafka, *events: Event, topic: str = topics.FACTS, principal: str = "intake") -> None:
    """Publish events as intake does."""
    producer = AIOKafkaProducer(**kafka.aiokafka(principal))
    await producer.start()
    try:
        for item in events:
            key, value, headers = encode(item)
            await producer.send_and_wait(topic, value, key=key, headers=list(headers))
    finally:
        await producer.stop()


async def published(kafka: RunningKafka, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
    """Return every record of a topic, in order per partition."""
    consumer = AIOKafkaConsumer(enable_auto_commit=False, **kafka.aiokafka("local"))
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        if not partitions:
            partitions = [TopicPartition(topic, number) for number in range(kafka.manifest.topics[topic].partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[ConsumerRecord[bytes, bytes]] = []
        for partition in partitions:
            consumer.seek(partition, 0)
        while len(found) < sum(ends.values()):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found.extend(records)
        return found
    finally:
        await consumer.stop()


async def until(condition: Callable[[], Awaitable[bool]], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until the condition holds; fail in words when it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")
