"""Risk as it runs: facts from Kafka, conclusions back to Kafka, and a gate that waits for what it must know."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI

from backends.running import CHECKOUT, RunningKafka
from govbus.contracts import topics, types
from govbus.contracts.envelope import Event
from govbus.contracts.facts.deployment import DeploymentRequested
from govbus.contracts.facts.model import ModelRegistered, ModelVersionCreated
from govbus.contracts.identity import position_of
from govbus.eventing.records import encode
from govbus.eventing.service import Service
from govbus.risk.app import build_app
from govbus.risk.settings import Settings
from risk.delivering import MODEL, fact, fairness

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def running(govbus_topics: RunningKafka, settings: Settings) -> AsyncIterator[FastAPI]:
    """Risk on a real broker."""
    user, password = govbus_topics.credentials("risk")
    changes: dict[str, object] = {
        "kafka_bootstrap_servers": govbus_topics.bootstrap_servers,
        "kafka_security_protocol": govbus_topics.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
        "topics_file": CHECKOUT / "infra" / "kafka" / "topics.yaml",
        "progress_poll_seconds": 0.2,
        "gate_wait_seconds": 20,
    }
    app = build_app(Settings(**{**settings.model_dump(), **changes}))
    async with app.router.lifespan_context(app):
        yield app


async def produce(kafka: RunningKafka, *events: Event) -> None:
    producer = AIOKafkaProducer(**kafka.aiokafka("intake"))
    await producer.start()
    try:
        for event in events:
            key, value, headers = encode(event)
            await producer.send_and_wait(topics.FACTS, value, key=key, headers=list(headers))
    finally:
        await producer.stop()


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within 60 s: {what}")


async def said_by_risk(kafka: RunningKafka, count: int) -> list[str | None]:
    consumer = AIOKafkaConsumer(topics.RISK, auto_offset_reset="earliest", **kafka.aiokafka("local"))
    await consumer.start()
    found: list[str | None] = []
    try:
        while len(found) < count:
            record = await asyncio.wait_for(consumer.getone(), 60)
            found.append(types.short_name(dict(record.headers)["ce_type"].decode()))
    finally:
        await consumer.stop()
    return found


async def test_the_gate_knows_a_fact_whose_position_it_was_given(
    running: FastAPI, govbus_topics: RunningKafka, bearer: Callable[..., dict[str, str]]
) -> None:
    service: Service = running.state.service

    async def is_ready() -> bool:
        return not service.problems() and service.oldest_unread_age_seconds() is not None

    await until(is_ready, "ready")
    now = datetime.now(UTC)
    facts = [
        fact(payload, f"f{number}", at=now)
        for number, payload in enumerate(
            (ModelRegistered(), ModelVersionCreated(version="1"), fairness("1", 0.5, 0.52))
        )
    ]
    request = DeploymentRequested(version="1", environment="production", requested_by="//ci")
    asked = {"subject": MODEL, "version": "1", "environment": "production", "requested_by": "//ci"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(running), base_url="http://risk", timeout=30) as http:
        answering = asyncio.create_task(
            http.post("/v1/gate", json=asked | {"after": position_of(facts[-1])}, headers=bearer("ci", "operator"))
        )
        await produce(govbus_topics, *facts)
        answer = (await answering).json()
        assert answer["decision"] == "allow", answer
        await produce(govbus_topics, fact(request, "request", at=now))
        types_said = await said_by_risk(govbus_topics, 6)
    assert sorted(str(name) for name in types_said) == [
        "policy.activated",
        "release.allowed",
        "release.allowed",
        "risk.scored",
        "risk.scored",
        "validation.passed",
    ]
