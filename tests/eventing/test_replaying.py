"""Parked records are handled again in the order of their key, or given up on record."""

from uuid import UUID, uuid4

import pytest

from eventing.probe import SERVICE, Probe, event, record, rubbish
from govbus.eventing.replaying import NotParked, Replaying

BY = "//govbus/people/operator"


@pytest.fixture
async def stuck(probe: Probe) -> tuple[Probe, Replaying, list[UUID]]:
    """Three records of one key, the first refused by its handler."""
    probe.refuse.add("bad")
    await probe.runner.run([record(0, event("bad")), record(1, event("second")), record(2, event("third"))])
    rows = await probe.rows('SELECT id FROM eventing_parked ORDER BY "offset"')
    return probe, Replaying(SERVICE, probe.engine, probe.reading), [UUID(str(row[0])) for row in rows]


async def test_replay_drains_the_key_in_order_once_the_cause_is_mended(
    stuck: tuple[Probe, Replaying, list[UUID]],
) -> None:
    probe, replaying, ids = stuck
    probe.refuse.clear()
    done = await replaying.replay(ids[0], BY)
    assert done.resumed == tuple(ids)
    assert await probe.seen() == ["bad", "second", "third"]
    assert await probe.parked() == []
    assert [item["ce_causationid"] for item in await probe.outgoing("record.resumed")] == ["bad", "second", "third"]


async def test_replay_stops_at_the_first_that_fails_again(stuck: tuple[Probe, Replaying, list[UUID]]) -> None:
    probe, replaying, ids = stuck
    done = await replaying.replay(ids[0], BY)
    assert (done.resumed, done.stopped_at, done.reason) == ((), ids[0], "intended_purpose_missing")
    assert await probe.seen() == []
    assert len(await probe.parked()) == 3


async def test_replaying_a_later_one_begins_with_the_first_of_the_key(
    stuck: tuple[Probe, Replaying, list[UUID]],
) -> None:
    probe, replaying, ids = stuck
    probe.refuse.clear()
    assert (await replaying.replay(ids[2], BY)).resumed == tuple(ids)
    assert await probe.seen() == ["bad", "second", "third"]


async def test_a_discarded_head_lets_the_rest_be_replayed(stuck: tuple[Probe, Replaying, list[UUID]]) -> None:
    probe, replaying, ids = stuck
    await replaying.discard(ids[0], BY)
    assert (await replaying.replay(ids[1], BY)).resumed == tuple(ids[1:])
    assert await probe.seen() == ["second", "third"]
    settled = await probe.rows("SELECT state, settled_by FROM eventing_parked WHERE state = 'discarded'")
    assert settled == [("discarded", BY)]


async def test_after_a_replay_the_key_flows_again(stuck: tuple[Probe, Replaying, list[UUID]]) -> None:
    probe, replaying, ids = stuck
    probe.refuse.clear()
    await replaying.replay(ids[0], BY)
    await probe.runner.run([record(3, event("fourth"))])
    assert (await probe.seen())[-1] == "fourth"


async def test_replaying_twice_handles_once(stuck: tuple[Probe, Replaying, list[UUID]]) -> None:
    probe, replaying, ids = stuck
    probe.refuse.clear()
    await replaying.replay(ids[0], BY)
    with pytest.raises(NotParked):
        await replaying.replay(ids[0], BY)
    assert await probe.seen() == ["bad", "second", "third"]


async def test_what_is_not_parked_cannot_be_replayed(probe: Probe) -> None:
    with pytest.raises(NotParked):
        await Replaying(SERVICE, probe.engine, probe.reading).replay(uuid4(), BY)


async def test_rubbish_is_still_refused_when_replayed(probe: Probe) -> None:
    await probe.runner.run([rubbish(0)])
    id_ = UUID(str((await probe.rows("SELECT id FROM eventing_parked"))[0][0]))
    done = await Replaying(SERVICE, probe.engine, probe.reading).replay(id_, BY)
    assert (done.resumed, done.reason) == ((), "bad_headers")


async def test_a_queue_longer_than_one_transaction_is_drained_in_order(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govbus.eventing.replaying.REPLAY_COUNT", 2)
    probe.refuse.add("0")
    await probe.runner.run([record(number, event(str(number))) for number in range(5)])
    probe.refuse.clear()
    probe.refuse.add("4")
    id_ = UUID(str((await probe.rows('SELECT id FROM eventing_parked ORDER BY "offset" LIMIT 1'))[0][0]))
    done = await Replaying(SERVICE, probe.engine, probe.reading).replay(id_, BY)
    assert (len(done.resumed), done.reason) == (4, "intended_purpose_missing")
    assert await probe.seen() == ["0", "1", "2", "3"]
    assert await probe.parked() == [(4, "behind_parked", True)]
