"""What a platform wrote on its own topic, not sealed yet, is deleted behind what intake took."""

from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from backends.running import RunningKafka
from govbus.contracts import topics
from govbus.eventing.kafka import delete_before
from govbus.intake.trimming import Trimming
from intake.desk import Desk, open_desk, settings
from intake.test_kafka import TOPIC, attributes_of, binary, consume, kafka_settings, publish

PARTITION = TopicPartition(TOPIC, 0)


async def begins_at(kafka: RunningKafka) -> int:
    """Return the first offset that the platform's topic still holds."""
    consumer = AIOKafkaConsumer(**kafka.aiokafka())
    await consumer.start()
    try:
        found: dict[TopicPartition, int] = await consumer.beginning_offsets([PARTITION])
        return found[PARTITION]
    finally:
        await consumer.stop()


def trimming(desk: Desk, kafka: RunningKafka) -> Trimming:
    """Return what the service does every minute, to be done now."""
    configured = settings(desk.dsn, desk.folder, **kafka_settings(kafka))
    return Trimming(configured, desk.reception.transaction)


async def test_taken_records_are_deleted_a_round_later_and_reading_goes_on(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path
) -> None:
    kafka, dsn = govbus_topics, service_database("intake")
    async with open_desk(dsn, tmp_path, **kafka_settings(kafka)) as desk:
        await desk.register("demo", source="//demo/platform", namespace="demo", types=["*"])
        async with desk.app.router.lifespan_context(desk.app):
            await publish(kafka, [(b'{"purpose":"x"}', binary(id="1")), (b"rubbish", [])])
            await consume(kafka, topics.FACTS, 1)
            await consume(kafka, topics.REJECTED, 1)
            rounds = trimming(desk, kafka)
            await rounds.trim()
            assert await begins_at(kafka) == 0
            await rounds.trim()
            assert await begins_at(kafka) == 2
    async with open_desk(dsn, tmp_path, **kafka_settings(kafka)) as again, again.app.router.lifespan_context(again.app):
        await publish(kafka, [(b'{"purpose":"x"}', binary(id="2"))])
        facts = await consume(kafka, topics.FACTS, 2)
        await rounds.trim()
    assert [attributes_of(fact)["ce_id"] for fact in facts] == ["1", "2"]


async def test_what_was_not_taken_is_not_deleted(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_desk(service_database("intake"), tmp_path) as desk:
        await publish(govbus_topics, [(b'{"purpose":"x"}', binary(id="1"))])
        rounds = trimming(desk, govbus_topics)
        await rounds.trim()
        await rounds.trim()
    assert await begins_at(govbus_topics) == 0


@pytest.mark.parametrize("topic", [topics.FACTS, topics.AUDIT, topics.REJECTED])
async def test_intake_can_delete_nothing_from_other_topics(
    govbus_topics: RunningKafka, tmp_path: Path, topic: str
) -> None:
    configured = settings("", tmp_path, **kafka_settings(govbus_topics))
    with pytest.raises(ExceptionGroup) as caught:
        await delete_before(configured, "test", {(topic, 0): 0})
    assert isinstance(caught.value.exceptions[0], TopicAuthorizationFailedError)


async def test_a_topic_that_refuses_or_is_gone_keeps_no_other_from_being_emptied(
    govbus_topics: RunningKafka, tmp_path: Path
) -> None:
    await publish(govbus_topics, [(b"{}", [])])
    configured = settings("", tmp_path, **kafka_settings(govbus_topics))
    offsets = {(topics.intake_topic("gone"), 0): 5, (topics.FACTS, 0): 0, (TOPIC, 0): 1}
    with pytest.raises(ExceptionGroup) as caught:
        await delete_before(configured, "test", offsets)
    assert len(caught.value.exceptions) == 1
    assert await begins_at(govbus_topics) == 1
