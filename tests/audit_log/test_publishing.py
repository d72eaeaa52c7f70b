"""Two processes that would both publish: one does, the other takes over, and nothing of the first comes behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka.errors import ProducerFenced
from prometheus_client import CollectorRegistry

from audit_log.desk import Desk, event
from audit_log.live import live_settings, read_published, until_published
from backends.running import RunningKafka
from eventing.live import until
from govbus.audit_log.publishing import Publisher
from govbus.audit_log.standing import Standing

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def signed(govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A log whose entries are signed by hand; its bus does not run."""
    made = Desk(live_settings(govbus_topics, log_dsn, tmp_path))
    await made.sign()
    yield made
    await made.close()


def publisher_of(desk: Desk) -> Publisher:
    """Return a publisher as another process of the same log has it."""
    standing = Standing(CollectorRegistry())
    standing.compared()
    return Publisher(desk.settings, desk.service.engine, standing, CollectorRegistry())


@asynccontextmanager
async def publishing(publisher: Publisher) -> AsyncIterator[None]:
    """Let it publish meanwhile."""
    task = asyncio.create_task(publisher.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _enter(desk: Desk, first: int, count: int) -> None:
    await desk.enter(*(event(f"e{number}") for number in range(first, first + count)))
    await desk.sign()


async def test_of_two_publishers_one_publishes_and_the_order_is_one(signed: Desk, govbus_topics: RunningKafka) -> None:
    holders = set()
    async with publishing(publisher_of(signed)), publishing(publisher_of(signed)):
        for round_ in range(8):
            await _enter(signed, round_ * 50, 50)
            await until_published(signed, (round_ + 1) * 50)
            holders.add(tuple(await signed.rows("SELECT holder FROM place_cursor WHERE place = 'topic'")))
    assert len(holders) == 1
    entries, _ = await read_published(govbus_topics)
    assert len(entries) == 400
    assert await signed.rows("SELECT holder FROM place_cursor WHERE place = 'topic'") == [(None,)]


async def test_a_publisher_that_froze_writes_nothing_behind_the_one_that_took_over(
    signed: Desk, govbus_topics: RunningKafka
) -> None:
    frozen, other = publisher_of(signed), publisher_of(signed)
    await _enter(signed, 0, 10)

    async def published_once() -> bool:
        return not await frozen._publish_next()

    await until(published_once, "the first published everything")
    stale = [event("of a time long past")]
    await _enter(signed, 10, 10)
    assert not await other._publish_next(), "nobody takes over from one who published a moment ago"
    async with publishing(other):
        await until_published(signed, 20)
        with pytest.raises(ProducerFenced):
            await frozen._writer.send(stale)
        assert not await frozen._publish_next()
    await frozen._close()
    entries, _ = await read_published(govbus_topics)
    assert len(entries) == 20
