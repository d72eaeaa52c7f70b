"""Oversight as it runs: a risk score from Kafka, an incident back to Kafka, a person who resolves it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI

from backends.running import CHECKOUT, RunningKafka
from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.eventing.records import RawRecord, decode, encode
from govbus.oversight.app import build_app
from govbus.oversight.settings import Settings
from oversight.delivering import deployed_failure, said, scored

pytestmark = pytest.mark.timeout(180)
DEADLINE_SECONDS = 60


@pytest.fixture
async def running(govbus_topics: RunningKafka, new_settings: Callable[[], Settings]) -> AsyncIterator[FastAPI]:
    """Oversight on a real broker."""
    user, password = govbus_topics.credentials("oversight")
    changes: dict[str, object] = {
        "kafka_bootstrap_servers": govbus_topics.bootstrap_servers,
        "kafka_security_protocol": govbus_topics.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
        "topics_file": CHECKOUT / "infra" / "kafka" / "topics.yaml",
    }
    app = build_app(Settings(**{**new_settings().model_dump(), **changes}))
    async with app.router.lifespan_context(app):
        yield app


async def produce(kafka: RunningKafka, event: Event, times: int) -> None:
    producer = AIOKafkaProducer(**kafka.aiokafka("risk"))
    await producer.start()
    try:
        for _ in range(times):
            key, value, headers = encode(event)
            await producer.send_and_wait(topics.RISK, value, key=key, headers=list(headers))
    finally:
        await producer.stop()


async def heard(kafka: RunningKafka, count: int) -> list[Event]:
    consumer = AIOKafkaConsumer(topics.OVERSIGHT, auto_offset_reset="earliest", **kafka.aiokafka("local"))
    await consumer.start()
    found: list[Event] = []
    try:
        while len(found) < count:
            record = await asyncio.wait_for(consumer.getone(), DEADLINE_SECONDS)
            found.append(decode(RawRecord(record.topic, 0, 0, 0, record.key, record.value, tuple(record.headers))))
    finally:
        await consumer.stop()
    return found


async def test_a_score_said_twice_on_kafka_is_one_incident_that_a_person_resolves(
    running: FastAPI, govbus_topics: RunningKafka, bearer: Callable[..., dict[str, str]]
) -> None:
    await produce(govbus_topics, said(scored(deployed_failure()), id_="score-1"), times=2)
    olga = bearer("olga", "operator")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(running), base_url="http://o") as http:
        until = time.monotonic() + DEADLINE_SECONDS
        while not (items := (await http.get("/v1/cases", headers=olga)).json()["items"]):
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        base = f"/v1/incidents/{items[0]['id']}"
        assert (await http.post(f"{base}/acknowledge", headers=olga)).status_code == 200
        assert (await http.post(f"{base}/resolve", json={"resolution": "done"}, headers=olga)).status_code == 200
    events = await heard(govbus_topics, 3)
    assert [event.type.split(".")[3] for event in events] == ["opened", "acknowledged", "resolved"]
    assert {event.subject for event in events} == {items[0]["subject"]}
    assert {event.correlationid for event in events} == {"score-1"}
    assert [event.causationid for event in events] == ["score-1", events[0].id, events[0].id]
