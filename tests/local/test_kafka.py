"""One writer per topic, enforced by Kafka's own ACLs; what was acknowledged outlives a killed broker."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from backends.running import CHECKOUT, RunningKafka
from govbus.contracts import topics
from govbus.local.manifest import read_manifest
from govbus.local.provision import MANIFEST_PATH

MANIFEST = read_manifest(CHECKOUT / MANIFEST_PATH)


async def write(kafka: RunningKafka, principal: str, topic: str) -> None:
    """Write one record and wait for its acknowledgement."""
    producer = AIOKafkaProducer(**kafka.aiokafka(principal), acks="all", request_timeout_ms=5000)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"{}", key=b"model/retail/credit-risk")
    finally:
        await producer.stop()


async def read(kafka: RunningKafka, principal: str, topic: str, group: str) -> bytes:
    """Read the first record as a member of `group`."""
    consumer = AIOKafkaConsumer(topic, **kafka.aiokafka(principal), group_id=group, auto_offset_reset="earliest")
    try:
        await consumer.start()
        record = await asyncio.wait_for(consumer.getone(), 20)
        return record.value or b""
    finally:
        await consumer.stop()


def test_the_manifest_names_the_writers_that_the_contracts_name() -> None:
    named = {name: topic.writer for name, topic in MANIFEST.topics.items() if not name.startswith(topics.INTAKE_PREFIX)}
    assert named == topics.WRITERS


@pytest.mark.parametrize(("topic", "writer"), topics.WRITERS.items())
async def test_a_topics_own_service_writes_it(kafka: RunningKafka, topic: str, writer: str) -> None:
    await write(kafka, writer, topic)


@pytest.mark.parametrize(("topic", "writer"), topics.WRITERS.items())
async def test_a_foreign_write_is_refused(kafka: RunningKafka, topic: str, writer: str) -> None:
    foreign = next(service for service in MANIFEST.services if service != writer)
    for principal in (foreign, "local", "source-demo"):
        with pytest.raises(TopicAuthorizationFailedError):
            await write(kafka, principal, topic)


async def test_the_person_at_the_machine_emits_as_demo_and_reads_every_topic(govbus_topics: RunningKafka) -> None:
    await write(govbus_topics, "local", "govbus.intake.demo")
    await write(govbus_topics, "intake", "govbus.facts")
    assert await read(govbus_topics, "local", "govbus.intake.demo", "whatever") == b"{}"
    assert await read(govbus_topics, "local", "govbus.facts", "whatever") == b"{}"


async def test_only_the_service_joins_its_group(govbus_topics: RunningKafka) -> None:
    await write(govbus_topics, "intake", "govbus.facts")
    assert await read(govbus_topics, "risk", "govbus.facts", "govbus.risk") == b"{}"
    for principal in ("local", "inventory"):
        with pytest.raises(GroupAuthorizationFailedError):
            await read(govbus_topics, principal, "govbus.facts", "govbus.risk")


async def test_a_wrong_password_is_refused(kafka: RunningKafka) -> None:
    producer = AIOKafkaProducer(**{**kafka.aiokafka("risk"), "sasl_plain_password": "wrong"})
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_what_was_acknowledged_outlives_a_killed_broker(kafka: RunningKafka) -> None:
    if kafka.server is None:
        pytest.skip("this Kafka is not ours to kill")
    topic = kafka.unique_topic(principals=("risk",))
    await write(kafka, "risk", topic)
    kafka.server.kill()
    kafka.restart()
    assert await read(kafka, "admin", topic, "test.after-kill") == b"{}"


async def test_recreated_topics_are_empty(govbus_topics: RunningKafka) -> None:
    consumer = AIOKafkaConsumer("govbus.facts", **govbus_topics.aiokafka("risk"), group_id="govbus.risk")
    async with consumer:
        ends = await consumer.end_offsets(list(consumer.assignment()))
    assert set(ends.values()) == {0}
