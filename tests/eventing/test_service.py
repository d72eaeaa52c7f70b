"""A service on a real Kafka: consumes, concludes, publishes, and refuses what it must not believe."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from backends.running import RunningKafka
from eventing.live import produce, published, running, settings, until
from eventing.probe import Probe, event
from govbus.contracts import topics
from govbus.eventing.kafka import new_producer, stop_producer
from govbus.eventing.relay import Relay
from govbus.eventing.service import Service


class _NoText(str):
    """A header name that is written as bytes which are not UTF-8."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"ce_\xff"


pytestmark = pytest.mark.timeout(180)


async def test_facts_become_conclusions_on_the_services_own_topic(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    facts = [event(str(number), f"model/a/{number % 7}") for number in range(200)]
    await produce(govbus_topics, *facts)
    async with running(probe, settings(govbus_topics, probe_dsn, tmp_path)) as service:
        await until(lambda: _seen_count(probe, 200), "200 events handled")
        await until(lambda: _outbox_is_empty(probe), "outbox published")
        await until(lambda: _is_ready(service.problems), "ready")
        await until(lambda: _knows_its_lag(service), "every partition was seen read to its end")
    records = await published(govbus_topics, topics.INVENTORY)
    causes: dict[bytes, list[str]] = {}
    for record in records:
        causes.setdefault(record.key, []).append(dict(record.headers)["ce_causationid"].decode())
    assert sum(map(len, causes.values())) == 200
    assert all(ids == sorted(ids, key=int) for ids in causes.values())


async def test_binary_rubbish_does_not_stop_a_partition(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    producer = AIOKafkaProducer(**govbus_topics.aiokafka("intake"))
    await producer.start()
    for number in range(6):
        await producer.send_and_wait(topics.FACTS, b"\xff\x00", partition=number, headers=[("ce_id", b"\xfe")])
        await producer.send_and_wait(topics.FACTS, None, key=b"k", partition=number)
    await producer.stop()
    await produce(govbus_topics, *(event(str(number), f"model/a/{number}") for number in range(30)))
    async with running(probe, settings(govbus_topics, probe_dsn, tmp_path)):
        await until(lambda: _seen_count(probe, 30), "30 good events handled")
    assert len(await probe.parked()) == 12


async def test_a_recreated_topic_is_refused_and_named(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    with_settings = settings(govbus_topics, probe_dsn, tmp_path)
    facts = [event(str(number), "model/a/b") for number in range(5)]
    await produce(govbus_topics, *facts)
    async with running(probe, with_settings):
        await until(lambda: _seen_count(probe, 5), "5 events handled")
    govbus_topics.recreate_govbus_topics()
    await produce(govbus_topics, *(event(f"new {number}", "model/a/b") for number in range(9)))
    async with running(probe, with_settings) as service:
        await until(lambda: _says(service.problems, "recreated"), "the partition is refused")
    assert await probe.seen() == [item.id for item in facts]


async def test_a_truncated_topic_is_refused_and_named(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    with_settings = settings(govbus_topics, probe_dsn, tmp_path)
    await produce(govbus_topics, *(event(str(number), "model/a/b") for number in range(5)))
    async with running(probe, with_settings):
        await until(lambda: _seen_count(probe, 5), "5 events handled")
    govbus_topics.recreate_govbus_topics()
    async with running(probe, with_settings) as service:
        await until(lambda: _says(service.problems, "truncated"), "the partition is refused")


async def test_a_restart_reads_on_where_it_was(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    with_settings = settings(govbus_topics, probe_dsn, tmp_path)
    await produce(govbus_topics, *(event(str(number), f"model/a/{number}") for number in range(10)))
    async with running(probe, with_settings):
        await until(lambda: _seen_count(probe, 10), "10 events handled")
    await produce(govbus_topics, *(event(f"more {number}", f"model/a/{number}") for number in range(10)))
    async with running(probe, with_settings):
        await until(lambda: _seen_count(probe, 20), "20 events handled")
    assert len(set(await probe.seen())) == 20


async def test_nothing_is_published_to_the_topic_a_record_asks_replies_for(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    fact = event("1", extensions={})
    producer = AIOKafkaProducer(**govbus_topics.aiokafka("intake"))
    await producer.start()
    reply = [("reply_to", topics.INVENTORY.encode()), ("correlation_id", b"x")]
    await producer.send_and_wait(topics.FACTS, b"{}", key=b"k", headers=reply)
    await producer.stop()
    await produce(govbus_topics, fact)
    async with running(probe, settings(govbus_topics, probe_dsn, tmp_path)):
        await until(lambda: _seen_count(probe, 1), "the good event handled")
        await until(lambda: _parked_count(probe, 1), "the other one parked")
        await until(lambda: _outbox_is_empty(probe), "outbox published")
    types = [dict(record.headers).get("ce_type") for record in await published(govbus_topics, topics.INVENTORY)]
    assert sorted(types) == [b"dev.govbus.asset.unregistered.v1", b"dev.govbus.record.parked.v1"]


async def test_the_relay_sends_again_what_a_broken_producer_left(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    with_settings = settings(govbus_topics, probe_dsn, tmp_path)
    wrong = with_settings.model_copy(update={"kafka_password": type(with_settings.kafka_password)("wrong")})
    from_probe = [event(str(number), "model/a/b") for number in range(50)]
    await produce(govbus_topics, *from_probe)
    async with running(probe, with_settings) as service:
        await until(lambda: _seen_count(probe, 50), "50 events handled")
        await until(lambda: _outbox_is_empty(probe), "outbox published")
        relay = Relay("inventory", wrong, service.engine, service.metrics)
        async with service.transaction() as (connection, outbox):
            await connection.exec_driver_sql("SELECT 1")
            outbox.append(event("late", "model/a/b"), topics.INVENTORY)
        await until(lambda: _outbox_is_empty(probe), "the last one published")
        assert await relay.publish_once() == 0
    records = [record for record in await published(govbus_topics, topics.INVENTORY) if record.key == b"model/a/b"]
    assert len(records) == 51
    assert dict(records[-1].headers)["ce_id"] == b"late"


async def test_a_producer_that_cannot_be_stopped_sends_nothing_any_more(
    govbus_topics: RunningKafka, probe_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govbus.eventing.kafka.PRODUCER_STOP_SECONDS", 0.2)
    producer = new_producer(settings(govbus_topics, probe_dsn, tmp_path), "test")
    await producer.start()
    monkeypatch.setattr(producer._message_accumulator, "close", asyncio.Event().wait)
    await stop_producer(producer)
    assert producer._sender.sender_task.done()


async def test_a_header_name_that_is_no_text_does_not_stop_a_partition(
    govbus_topics: RunningKafka, probe: Probe, probe_dsn: str, tmp_path: Path
) -> None:
    producer = AIOKafkaProducer(**govbus_topics.aiokafka("intake"))
    await producer.start()
    batch = producer.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 10_000)
    batch.append(key=b"k", value=b"{}", timestamp=None, headers=[(_NoText("ce_x"), b"x")])
    batch.close()
    await (await producer.send_batch(batch, topics.FACTS, partition=0))
    await producer.stop()
    await produce(govbus_topics, *(event(str(number), f"model/a/{number}") for number in range(30)))
    async with running(probe, settings(govbus_topics, probe_dsn, tmp_path)):
        await until(lambda: _seen_count(probe, 30), "30 good events handled")


async def test_readiness_says_what_is_missing(
    probe: Probe, probe_dsn: str, kafka: RunningKafka, tmp_path: Path
) -> None:
    away = settings(kafka, probe_dsn, tmp_path, kafka_bootstrap_servers="127.0.0.1:9")
    async with running(probe, away) as service:
        transport = httpx2.ASGITransport(app=service.app())
        async with httpx2.AsyncClient(transport=transport, base_url="http://probe") as client:
            answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "not subscribed yet" in answer.json()["detail"]


async def _seen_count(probe: Probe, count: int) -> bool:
    return len(await probe.seen()) >= count


async def _outbox_is_empty(probe: Probe) -> bool:
    return await probe.rows("SELECT count(*) FROM eventing_outbox") == [(0,)]


async def _is_ready(problems: Callable[[], list[str]]) -> bool:
    return not problems()


async def _says(problems: Callable[[], list[str]], word: str) -> bool:
    return any(word in item for item in problems())


async def _parked_count(probe: Probe, count: int) -> bool:
    return len(await probe.parked()) >= count


async def _knows_its_lag(service: Service) -> bool:
    age = service.oldest_unread_age_seconds()
    return age is not None and age < 30
