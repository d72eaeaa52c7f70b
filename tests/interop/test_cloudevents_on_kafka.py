"""The CloudEvents project's conformance scenarios for Kafka, sent by a platform's own principal over a real broker."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from backends.running import RunningKafka
from govbus.local.kafka_sources import KafkaSources
from intake.test_kafka import Sent, consume
from intake.test_kafka_sources import live_intake, write
from interop.test_cloudevents import TEXT_BLOCK, scenarios, table

pytestmark = pytest.mark.interop

DEADLINE_SECONDS = 60.0
SOURCE = "/mycontext/subcontext"
FACTS = "govbus.facts"


def record_of(scenario: str) -> Sent:
    """Return value and headers of the record that a scenario gives."""
    given = scenario.partition("And Kafka headers:")[2].partition("When")[0]
    return TEXT_BLOCK.findall(scenario)[0].encode(), [(name, text.encode()) for name, text in table(given).items()]


async def test_the_same_event_in_every_mode_of_every_scenario_is_one_opaque_fact(
    samples: Path, govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path
) -> None:
    kafka, name = govbus_topics, f"ce-{uuid4().hex[:8]}"
    records = [record_of(one) for one in scenarios(samples / "cloudevents" / "kafka-protocol-binding.feature")]
    async with live_intake(kafka, service_database("intake"), tmp_path) as desk:
        mine = await desk.register(name, source=SOURCE, namespace=name, kafka=True)
        login = await asyncio.to_thread(KafkaSources(kafka.access, kafka.manifest).add, name)
        await write(login, login.topic, *records)
        counts: dict[str, int] = {}
        async with asyncio.timeout(DEADLINE_SECONDS):
            while sum(counts.values()) < len(records):
                await asyncio.sleep(0.1)
                counts = (await desk.client.get(f"/v1/sources/{name}", headers=mine)).json()["counts"]
        (fact,) = await consume(kafka, FACTS, 1)
    assert counts == {"accepted": 1, "duplicate": len(records) - 1, "rejected": 0, "ignored": 0}
    said = {header: value.decode() for header, value in fact.headers}
    assert (said["ce_id"], said["ce_type"], said["ce_source"]) == ("1234-1234-1234", "com.example.someevent", SOURCE)
    assert said["ce_time"] == "2018-04-05T03:56:24Z"
    assert (said["ce_subject"], said["ce_authid"]) == (f"external/{name}/com.example.someevent", SOURCE)
    assert json.loads(fact.value) == {"message": "Hello World!"}
