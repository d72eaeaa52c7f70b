"""The outbox of a transaction: what is in it leaves with the transaction, in order, or not at all."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from eventing.probe import event
from govbus.eventing.outbox import CHANNEL, COPIED_COUNT, Outbox, pack_headers, unpack_headers

TOPIC = "govbus.facts"
DEADLINE_SECONDS = 10.0


def filled(count: int) -> Outbox:
    """Return an outbox with so many events."""
    outbox = Outbox()
    for number in range(count):
        outbox.append(event(str(number)), TOPIC)
    return outbox


async def written(engine: AsyncEngine) -> list[str]:
    """Return the ids of the events that wait, in order."""
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT headers FROM eventing_outbox ORDER BY id")
        return [(dict(unpack_headers(row.headers))["ce_id"] or b"").decode() for row in rows]


@pytest.mark.parametrize("count", [COPIED_COUNT - 1, COPIED_COUNT, 500])
async def test_events_are_written_in_the_order_they_were_appended(engine: AsyncEngine, count: int) -> None:
    outbox = filled(count)
    async with engine.begin() as connection:
        assert await outbox.flush(connection) == count
        assert await outbox.flush(connection) == 0
    assert await written(engine) == [str(number) for number in range(count)]


@pytest.mark.parametrize("count", [1, COPIED_COUNT])
async def test_events_of_a_transaction_that_is_rolled_back_do_not_exist(engine: AsyncEngine, count: int) -> None:
    async with engine.connect() as connection, connection.begin() as transaction:
        await filled(count).flush(connection)
        await transaction.rollback()
    assert await written(engine) == []


@pytest.mark.parametrize("count", [1, COPIED_COUNT])
async def test_whoever_listens_is_told_when_events_were_committed(engine: AsyncEngine, count: int) -> None:
    url = make_url(engine.url).set(drivername="postgresql")
    listener = await asyncpg.connect(url.render_as_string(hide_password=False))
    told = asyncio.Event()
    try:
        await listener.add_listener(CHANNEL, lambda *_: told.set())
        async with engine.begin() as connection:
            await filled(count).flush(connection)
            await asyncio.sleep(0.1)
            assert not told.is_set()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await told.wait()
    finally:
        await listener.close()


async def test_an_encoded_record_stands_in_the_outbox_as_it_was_given(engine: AsyncEngine) -> None:
    outbox, headers = Outbox(), (("ce_id", b"7"), ("absent", None))
    outbox.append_encoded(TOPIC, b"model/a/b", b"\x00\xff", pack_headers(headers))
    muted = Outbox(muted=True)
    muted.append_encoded(TOPIC, b"model/a/b", b"", pack_headers(headers))
    async with engine.begin() as connection:
        await outbox.flush(connection)
        await muted.flush(connection)
        (row,) = await connection.exec_driver_sql("SELECT topic, key, value, headers FROM eventing_outbox")
    assert (row.topic, bytes(row.key), bytes(row.value)) == (TOPIC, b"model/a/b", b"\x00\xff")
    assert unpack_headers(row.headers) == headers
