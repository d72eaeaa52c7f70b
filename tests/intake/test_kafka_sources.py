"""Platforms that emit over Kafka come while intake runs: their topic is read at once, and only they write it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from backends.running import RunningKafka
from govbus.contracts import topics
from govbus.local.kafka_sources import KafkaSources
from govbus.sdk.failures import NotProvisioned
from govbus.sdk.provisioning import KafkaLogin
from intake.desk import Desk, open_desk
from intake.test_kafka import STRUCTURED, Sent, binary, structured

DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.1


def client(login: KafkaLogin) -> dict[str, Any]:
    """Return what plain aiokafka needs of a login, as a platform's team would write it."""
    return {
        "bootstrap_servers": login.bootstrap_servers,
        "security_protocol": login.security_protocol,
        "sasl_mechanism": login.sasl_mechanism,
        "sasl_plain_username": login.username,
        "sasl_plain_password": login.password,
    }


async def write(login: KafkaLogin, topic: str, *records: Sent) -> None:
    """Write records with plain aiokafka."""
    producer = AIOKafkaProducer(**client(login))
    try:
        await producer.start()
        for value, headers in records:
            await producer.send_and_wait(topic, value, headers=headers)
    finally:
        await producer.stop()


async def facts_of(kafka: RunningKafka, count: int, source: str) -> set[str]:
    """Return the ids of `count` facts of one source; a relay that was stopped may have sent one twice."""
    consumer = AIOKafkaConsumer(
        topics.FACTS, **kafka.aiokafka(), auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        found: set[str] = set()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(found) < count:
                headers = dict((await consumer.getone()).headers)
                if headers["ce_source"] == source.encode():
                    found.add(headers["ce_id"].decode())
        return found
    finally:
        await consumer.stop()


async def until(true: Callable[[], bool]) -> None:
    """Return when something is true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def live_intake(kafka: RunningKafka, dsn: str, folder: Path) -> AsyncIterator[Desk]:
    """Run an intake on Kafka, its background side included."""
    user, password = kafka.credentials("intake")
    settings = {
        "kafka_bootstrap_servers": kafka.bootstrap_servers,
        "kafka_security_protocol": kafka.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
        "topics_poll_seconds": 0.2,
    }
    async with open_desk(dsn, folder, **settings) as desk, desk.app.router.lifespan_context(desk.app):
        yield desk


@pytest.fixture
def name() -> str:
    """A platform nobody has registered on this Kafka."""
    return f"p-{uuid4().hex[:8]}"


async def test_a_platform_that_comes_while_intake_runs_is_read_at_once_and_after_a_restart(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    kafka, dsn, source = govbus_topics, service_database("intake"), f"//{name}"
    said = {"source": source, "subject": f"model/{name}/m"}
    sources = KafkaSources(kafka.access, kafka.manifest)
    async with live_intake(kafka, dsn, tmp_path) as desk:
        await desk.register("demo", source="//demo/platform", namespace="demo", types=["*"])
        await until(lambda: not desk.app.state.service.problems())
        await desk.register(name, source=source, namespace=name, types=["*"], kafka=True)
        login = await asyncio.to_thread(sources.add, name)
        opaque = binary(id="3", type="com.example.anything", **said)
        await write(
            login, login.topic, (b'{"purpose":"x"}', binary(id="1", **said)), (structured(id="2", **said), STRUCTURED),
            (b'{"any":"thing"}', opaque),
        )  # fmt: skip
        assert await facts_of(kafka, 3, source) == {"1", "2", "3"}
        await until(lambda: not desk.app.state.service.problems())
    async with live_intake(kafka, dsn, tmp_path):
        await write(login, login.topic, (b'{"purpose":"x"}', binary(id="4", **said)))
        assert await facts_of(kafka, 4, source) == {"1", "2", "3", "4"}


async def test_a_platform_that_came_while_intake_was_away_is_read_after_a_quick_restart(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    kafka, dsn, source = govbus_topics, service_database("intake"), f"//{name}"
    async with live_intake(kafka, dsn, tmp_path) as desk:
        await until(lambda: not desk.app.state.service.problems())
    async with open_desk(dsn, tmp_path) as away:
        await away.register(name, source=source, namespace=name, types=["*"], kafka=True)
    login = await asyncio.to_thread(KafkaSources(kafka.access, kafka.manifest).add, name)
    await write(login, login.topic, (b'{"purpose":"x"}', binary(id="1", source=source, subject=f"model/{name}/m")))
    async with live_intake(kafka, dsn, tmp_path):
        assert await facts_of(kafka, 1, source) == {"1"}


async def test_a_platform_writes_its_own_topic_and_nothing_else(kafka: RunningKafka, name: str) -> None:
    sources = KafkaSources(kafka.access, kafka.manifest)
    login = await asyncio.to_thread(sources.add, name)
    other = await asyncio.to_thread(sources.add, f"{name}-2")
    await write(login, login.topic, (b"{}", []))
    for topic in (topics.FACTS, topics.REJECTED, topics.intake_topic("demo"), other.topic):
        with pytest.raises((TopicAuthorizationFailedError, KafkaError)):
            async with asyncio.timeout(5):
                await write(login, topic, (b"{}", []))
    reader = AIOKafkaConsumer(login.topic, **client(login), group_id="govbus.intake")
    with pytest.raises(KafkaError):
        await reader.start()
    await reader.stop()


async def test_a_new_password_ends_the_old_one_and_removal_ends_both(kafka: RunningKafka, name: str) -> None:
    sources = KafkaSources(kafka.access, kafka.manifest)
    first = await asyncio.to_thread(sources.add, name)
    second = await asyncio.to_thread(sources.add, name)
    assert first.password != second.password
    await write(second, second.topic, (b"{}", []))
    await asyncio.to_thread(sources.remove, name)
    await asyncio.to_thread(sources.remove, name)
    for login in (first, second):
        with pytest.raises(KafkaError):
            await write(login, login.topic, (b"{}", []))


async def test_what_the_manifest_sets_up_is_not_touched(kafka: RunningKafka) -> None:
    sources = KafkaSources(kafka.access, kafka.manifest)
    with pytest.raises(NotProvisioned, match=r"topics\.yaml"):
        await asyncio.to_thread(sources.add, "demo")
    with pytest.raises(NotProvisioned, match=r"topics\.yaml"):
        await asyncio.to_thread(sources.remove, "demo")


async def test_a_topic_that_is_absent_keeps_no_other_from_being_read(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    kafka = govbus_topics
    async with live_intake(kafka, service_database("intake"), tmp_path) as desk:
        await desk.register("demo", source="//demo/platform", namespace="demo", types=["*"])
        await desk.register(name, kafka=True)
        await asyncio.sleep(1)
        producer = AIOKafkaProducer(**kafka.aiokafka("source-demo"))
        await producer.start()
        await producer.send_and_wait(topics.intake_topic("demo"), b'{"purpose":"x"}', headers=binary(id="1"))
        await producer.stop()
        assert await facts_of(kafka, 1, "//demo/platform") == {"1"}
        await until(lambda: not desk.app.state.service.problems())


async def test_a_removed_platform_is_no_longer_read(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path, name: str
) -> None:
    kafka, source = govbus_topics, f"//{name}"
    said = {"source": source, "subject": f"model/{name}/m"}
    sources = KafkaSources(kafka.access, kafka.manifest)
    async with live_intake(kafka, service_database("intake"), tmp_path) as desk:
        await desk.register(name, source=source, namespace=name, types=["*"], kafka=True)
        login = await asyncio.to_thread(sources.add, name)
        await write(login, login.topic, (b'{"purpose":"x"}', binary(id="1", **said)))
        await facts_of(kafka, 1, source)
        await desk.client.delete(f"/v1/sources/{name}", headers=desk.person("admin"))
        live = desk.app.state.service._bus.live
        await until(lambda: login.topic not in {one.topic for one in live.assignment()} and bool(live.assignment()))
        assert login.topic not in live.subscription()
