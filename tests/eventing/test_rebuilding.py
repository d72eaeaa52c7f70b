"""A rebuild empties what is folded and reads again, and loses nothing that was never said."""

from collections.abc import Sequence
from unittest.mock import create_autospec

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine

from eventing.probe import TOPIC, Probe, event, record
from govbus.eventing.rebuilding import CannotRebuild, consumes_again, rebuild

TABLES: Sequence[str] = ("probe_seen",)


def broker(end: int, begin: int = 0) -> AIOKafkaConsumer:
    """Return a consumer that tells these offsets."""
    consumer = create_autospec(AIOKafkaConsumer, instance=True)
    consumer.beginning_offsets.return_value = {TopicPartition(TOPIC, 0): begin}
    consumer.end_offsets.return_value = {TopicPartition(TOPIC, 0): end}
    return consumer


async def _is_incomplete(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return await consumes_again(connection, TOPIC)


async def test_what_is_said_already_is_not_said_again(probe: Probe, engine: AsyncEngine) -> None:
    await probe.runner.run([record(0, event("a")), record(1, event("b"))])
    said = await probe.outgoing("asset.unregistered")
    assert await rebuild(engine, broker(end=2), TABLES) == 2
    assert await probe.seen() == []
    await probe.runner.run([record(0, event("a")), record(1, event("b"))])
    assert await probe.seen() == ["a", "b"]
    assert await probe.outgoing("asset.unregistered") == said


async def test_state_is_known_to_be_incomplete_until_the_old_place_is_reached(
    probe: Probe, engine: AsyncEngine
) -> None:
    await probe.runner.run([record(0, event("a")), record(1, event("b"))])
    assert not await _is_incomplete(engine)
    await rebuild(engine, broker(end=2), TABLES)
    await probe.runner.run([record(0, event("a"))])
    assert await _is_incomplete(engine)
    await probe.runner.run([record(1, event("b"))])
    assert not await _is_incomplete(engine)


async def test_conclusions_from_a_recreated_topic_are_said(probe: Probe, engine: AsyncEngine) -> None:
    await probe.runner.run([record(number, event(f"old-{number}")) for number in range(5)])
    await rebuild(engine, broker(end=1), TABLES)
    await probe.runner.run([record(0, event("new"))])
    assert (await probe.outgoing("asset.unregistered"))[-1]["ce_causationid"] == "new"


async def test_parked_records_are_settled_before_as_their_conclusions_were_never_said(
    probe: Probe, engine: AsyncEngine
) -> None:
    probe.refuse.add("bad")
    await probe.runner.run([record(0, event("bad")), record(1, event("fine", "model/a/b"))])
    with pytest.raises(CannotRebuild, match="1 records are parked"):
        await rebuild(engine, broker(end=2), TABLES)
    assert await probe.seen() == ["fine"]
    assert await probe.next_offset() == 2
