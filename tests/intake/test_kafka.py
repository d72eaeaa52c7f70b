"""A platform's own topic: events are admitted, rubbish is on record, and the partition goes on."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from sqlalchemy import event as engine_events

from backends.running import RunningKafka
from govbus.contracts import topics
from govbus.eventing.delivery import RawDelivery
from govbus.eventing.records import RawRecord
from govbus.intake.handlers import on_platform_records
from intake.desk import Desk, cloud_event, open_desk, reading_processes

TOPIC = topics.intake_topic("demo")
STRUCTURED = [("content-type", b"application/cloudevents+json")]
DEADLINE_SECONDS = 60.0
MANY_COUNT = 1500

Sent = tuple[bytes | None, list[tuple[str, bytes]]]


def binary(**attributes: str) -> list[tuple[str, bytes]]:
    """Return headers of a good event in binary mode, changed by `attributes`."""
    said = cloud_event(**{"source": "//demo/platform", "subject": "model/demo/m", "data": None, **attributes})
    return [(f"ce_{name}", value.encode()) for name, value in said.items()] + [("content-type", b"application/json")]


def structured(**attributes: object) -> bytes:
    """Return a good event in structured mode, changed by `attributes`."""
    return json.dumps(cloud_event(**{"source": "//demo/platform", "subject": "model/demo/m", **attributes})).encode()


RUBBISH: dict[str, Sent] = {
    "undecodable": (b"\x00\xff rubbish", []),
    "bad_headers": (b"{}", [*binary(id="x"), ("ce_id", b"\xff\xfe")]),
    "invalid_json": (b"{", binary(id="x")),
    "invalid_utf8": (b"\xff", STRUCTURED),
    "not_a_number": (b'{"purpose": NaN}', binary(id="x")),
    "invalid_envelope": (b"{}", [("ce_id", b"x"), ("ce_source", b"//demo/platform"), ("ce_specversion", b"1.0")]),
    "contract_broken": (b'{"purpose": 7}', binary(id="x")),
    "foreign_source": (b"{}", binary(id="x", source="//else")),
    "foreign_namespace": (b"{}", binary(id="x", subject="model/else/m")),
}


async def publish(kafka: RunningKafka, records: list[Sent]) -> None:
    """Write records as the platform `demo` does."""
    producer = AIOKafkaProducer(**kafka.aiokafka("source-demo"))
    await producer.start()
    try:
        for value, headers in records:
            await producer.send_and_wait(TOPIC, value, key=b"not trusted", headers=headers, partition=0)
    finally:
        await producer.stop()


async def consume(kafka: RunningKafka, topic: str, count: int) -> list[ConsumerRecord]:
    """Read `count` records of a topic from its beginning."""
    consumer = AIOKafkaConsumer(topic, **kafka.aiokafka(), auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


def attributes_of(record: ConsumerRecord) -> dict[str, str]:
    """Return a record's headers as text."""
    return {name: value.decode() for name, value in record.headers}


def kafka_settings(kafka: RunningKafka) -> dict[str, str]:
    """Return how intake connects."""
    user, password = kafka.credentials("intake")
    return {
        "kafka_bootstrap_servers": kafka.bootstrap_servers,
        "kafka_security_protocol": kafka.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
    }


async def test_events_pass_and_rubbish_is_on_record_while_the_partition_goes_on(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path
) -> None:
    kafka = govbus_topics
    async with open_desk(service_database("intake"), tmp_path, **kafka_settings(kafka)) as desk:
        await desk.register("demo", source="//demo/platform", namespace="demo", types=["*"])
        async with desk.app.router.lifespan_context(desk.app):
            first, last = (b'{"purpose":"x"}', binary(id="first")), (structured(id="last"), STRUCTURED)
            await publish(kafka, [first, *RUBBISH.values(), first, last])
            facts = await consume(kafka, topics.FACTS, 2)
            refusals = await consume(kafka, topics.REJECTED, len(RUBBISH))
    assert sorted(attributes_of(fact)["ce_id"] for fact in facts) == ["first", "last"]
    assert {fact.key for fact in facts} == {b"model/demo/m"}
    assert [json.loads(refusal.value)["reason"] for refusal in refusals] == list(RUBBISH)
    assert {refusal.key for refusal in refusals} == {b"source/demo"}
    async with desk.connection() as connection:
        parked = await connection.exec_driver_sql("SELECT count(*) FROM eventing_parked")
        assert parked.scalar_one() == 0


async def test_events_arrive_once_and_in_order_though_processes_that_read_them_are_killed(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path
) -> None:
    kafka = govbus_topics
    numbered = [
        (structured(id=str(number), subject=f"model/demo/m{number % 3}"), STRUCTURED) for number in range(MANY_COUNT)
    ]
    half = MANY_COUNT // 2
    said: list[Sent] = [*numbered[:half], (b"\xff", STRUCTURED), numbered[0], *numbered[half:]]
    processes = {"intake_reading_processes_count": 2, "batch_count": 300}
    async with open_desk(service_database("intake"), tmp_path, **kafka_settings(kafka), **processes) as desk:
        await desk.register("demo", source="//demo/platform", namespace="demo", types=["*"])
        async with desk.app.router.lifespan_context(desk.app):
            killing = asyncio.create_task(kill_one())
            for begin in range(0, len(said), half):
                await publish_at_once(kafka, said[begin : begin + half])
            facts = await consume(kafka, topics.FACTS, MANY_COUNT)
            (refusal,) = await consume(kafka, topics.REJECTED, 1)
            await killing
    assert json.loads(refusal.value)["reason"] == "invalid_utf8"
    for place in range(3):
        about_one = [fact for fact in facts if fact.key == f"model/demo/m{place}".encode()]
        assert [int(attributes_of(fact)["ce_id"]) for fact in about_one] == list(range(place, MANY_COUNT, 3))


async def publish_at_once(kafka: RunningKafka, records: list[Sent]) -> None:
    """Write records of one partition without waiting for each."""
    producer = AIOKafkaProducer(linger_ms=20, **kafka.aiokafka("source-demo"))
    await producer.start()
    try:
        sent = [await producer.send(TOPIC, value, headers=headers, partition=0) for value, headers in records]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def kill_one() -> None:
    """Kill the first process that reads, once there is one."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (found := reading_processes()):  # noqa: ASYNC110 - a process tells its parent alone
            await asyncio.sleep(0.01)
    os.kill(found[0], signal.SIGKILL)


async def test_a_batch_of_records_costs_as_many_statements_as_one(
    service_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_desk(service_database("intake"), tmp_path) as desk:
        await desk.register("demo", source="//demo/platform", namespace="demo", types=["*"])
        one = await statements_of(desk, [1])
        many = await statements_of(desk, range(2, 102))
        assert many == one
        assert len(await desk.facts()) == 101


async def statements_of(desk: Desk, numbers: Iterable[int]) -> int:
    """Take records in as the runner does, and return how many statements the database was sent for them."""
    records = [
        RawRecord(TOPIC, 0, number, 0, None, b'{"purpose":"x"}', tuple(binary(id=str(number)))) for number in numbers
    ]
    counted: list[str] = []
    engine = desk.app.state.service.engine.sync_engine

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.append(statement)

    async with desk.reception.transaction() as (connection, outbox):
        engine_events.listen(engine, "before_cursor_execute", count)
        try:
            await on_platform_records(desk.reception, RawDelivery(records, connection, outbox))
        finally:
            engine_events.remove(engine, "before_cursor_execute", count)
    return len(counted)
