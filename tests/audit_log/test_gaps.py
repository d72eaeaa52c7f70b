"""Records that Kafka deleted before the log read them: on record, told, and no reason to stand still."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from audit_log.desk import Desk, event
from audit_log.kafka_retention import delete_records
from audit_log.live import live_settings, running, until_published
from backends.running import RunningKafka
from eventing.live import produce, published, until
from govbus.contracts import topics
from govbus.eventing.records import encode

pytestmark = pytest.mark.timeout(180)


async def gaps_told(kafka: RunningKafka) -> list[dict[str, Any]]:
    """Return the data of every `audit.gap_detected` on the log's topic."""
    records = await published(kafka, topics.AUDIT)
    return [
        json.loads(record.value or b"")
        for record in records
        if ("ce_type", b"dev.govbus.audit.gap_detected.v1") in record.headers
    ]


async def test_records_deleted_unread_are_an_entry_and_an_event_and_the_log_goes_on(
    govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    settings = live_settings(kafka, log_dsn, tmp_path)
    await produce(kafka, *(event(f"a{n}", subject="model/x/one") for n in range(5)))
    async with running(Desk(settings)) as desk:
        await until_published(desk, 5)
        [(partition, next_offset)] = await desk.rows(
            "SELECT partition, next_offset FROM eventing_offset WHERE topic = 'govbus.facts' AND next_offset > 0"
        )
    assert next_offset == 5
    await produce(kafka, *(event(f"b{n}", subject="model/x/one") for n in range(6)))
    delete_records(kafka, topics.FACTS, partition, 9)
    async with running(Desk(settings)) as desk:
        await until_published(desk, 5 + 1 + 2)
        kinds = await desk.rows(
            "SELECT kind, id, kafka_offset FROM entry WHERE idx >= 5 ORDER BY kafka_offset NULLS LAST"
        )
        assert [row[0] for row in kinds] == ["event", "event", "gap"]
        assert [row[1:] for row in kinds[:2]] == [("b4", 9), ("b5", 10)]
        [(index,)] = await desk.rows("SELECT idx FROM entry WHERE kind = 'gap'")
        said = (await desk.get(f"/v1/log/entries/{index}", "viewer")).json()["payload"]
        expected = {
            "topic": "govbus.facts",
            "partition": partition,
            "first_offset": 5,
            "last_offset": 8,
            "missing_count": 4,
        }
        assert expected.items() <= said.items()
        [told] = await gaps_told(kafka)
        assert told == {**expected, "noticed_at": said["noticed_at"]}
        assert desk.service.problems() == []
        assert 'govbus_log_lost_records_total{topic="govbus.facts"} 4.0' in (await desk.get("/metrics")).text


async def test_records_deleted_under_a_reader_are_found_where_the_hole_is(
    govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    settings = live_settings(kafka, log_dsn, tmp_path, retry_max_seconds=1)
    await produce(kafka, event("a0", subject="model/x/one"))
    async with running(Desk(settings)) as desk:
        await until_published(desk, 1)
        [(partition,)] = await desk.rows("SELECT partition FROM eventing_offset WHERE next_offset = 1")
        async with desk.service.transaction() as (connection, _):
            await connection.exec_driver_sql("SELECT * FROM eventing_offset FOR UPDATE")
            for number in range(4):  # the first waits for the row, the second in the fetcher, the others on Kafka
                await produce(kafka, event(f"b{number}", subject="model/x/one"))
                await asyncio.sleep(0.5)
            delete_records(kafka, topics.FACTS, partition, 4)
        await produce(kafka, event("c0", subject="model/x/one"))

        async def all_there() -> bool:
            found = await desk.rows("SELECT id FROM entry WHERE topic = 'govbus.facts' ORDER BY kafka_offset")
            return found[-1] == ("c0",)

        await until(all_there, "what came later is in the log")
        held = {row[0] for row in await desk.rows("SELECT kafka_offset FROM entry WHERE topic = 'govbus.facts'")}
        missing = {n for gap in await _gaps(desk) for n in range(gap["first_offset"], gap["last_offset"] + 1)}
        assert 3 in missing
        assert held | missing == {0, 1, 2, 3, 4, 5}
        assert not held & missing


async def _gaps(desk: Desk) -> list[dict[str, Any]]:
    found = await desk.rows("SELECT p.payload FROM entry e JOIN payload p USING (idx) WHERE e.kind = 'gap'")
    return [json.loads(row[0]) for row in found]


async def test_markers_of_transactions_are_no_gap(govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path) -> None:
    kafka = govbus_topics
    async with running(Desk(live_settings(kafka, log_dsn, tmp_path))) as desk:
        for number in range(3):
            await _produce_in_transaction(kafka, f"t{number}")
        await until_published(desk, 3)
        assert await desk.rows("SELECT id, kafka_offset FROM entry ORDER BY kafka_offset") == [
            ("t0", 0),
            ("t1", 2),
            ("t2", 4),
        ]
        assert await _gaps(desk) == []


async def _produce_in_transaction(kafka: RunningKafka, id_: str) -> None:
    """Publish one event as a transactional producer does: a marker takes the offset behind it."""
    producer = AIOKafkaProducer(transactional_id=f"test-{id_}", **kafka.aiokafka())
    await producer.start()
    try:
        async with producer.transaction():
            key, value, headers = encode(event(id_, subject="model/x/one"))
            await producer.send_and_wait(topics.FACTS, value, key=key, headers=list(headers))
    finally:
        await producer.stop()
