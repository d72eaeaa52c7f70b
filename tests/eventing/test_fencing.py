"""Fencing: of two producers of one name the earlier writes nothing more once the later has written."""

from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from backends.running import RunningKafka
from eventing.live import published, settings
from govbus.contracts import topics
from govbus.eventing.fencing import start_fenced
from govbus.eventing.kafka import stop_producer

FENCING_ID = "govbus.inventory.publisher"


async def test_an_earlier_producer_is_shut_out_by_the_first_record_of_a_later_one(
    govbus_topics: RunningKafka, tmp_path: Path
) -> None:
    with_settings = settings(govbus_topics, "postgresql+asyncpg://nobody@localhost/none", tmp_path)
    earlier = await start_fenced(with_settings, FENCING_ID)
    later: AIOKafkaProducer | None = None
    try:
        await earlier.send_and_wait(topics.INVENTORY, b"1", partition=0)
        later = await start_fenced(with_settings, FENCING_ID)
        await earlier.send_and_wait(topics.INVENTORY, b"2", partition=0)  # the later one has sent nothing yet
        await later.send_and_wait(topics.INVENTORY, b"3", partition=0)
        with pytest.raises(ProducerFenced):
            await earlier.send_and_wait(topics.INVENTORY, b"stale", partition=0)
        await later.send_and_wait(topics.INVENTORY, b"4", partition=0)
    finally:
        await stop_producer(earlier)
        if later is not None:
            await stop_producer(later)
    records = await published(govbus_topics, topics.INVENTORY)
    assert [(record.offset, record.value) for record in records] == [(0, b"1"), (1, b"2"), (2, b"3"), (3, b"4")]


async def test_a_service_fences_nobody_under_another_service_s_name(
    govbus_topics: RunningKafka, tmp_path: Path
) -> None:
    with_settings = settings(govbus_topics, "postgresql+asyncpg://nobody@localhost/none", tmp_path)
    with pytest.raises(KafkaError):
        await start_fenced(with_settings, "govbus.audit_log.publisher")
