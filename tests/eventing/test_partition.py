"""One partition, one transaction: nothing lost, nothing done twice."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from eventing.probe import Probe, event, record, rubbish
from govbus.eventing.delivery import Delivery
from govbus.eventing.partition import Handled, Hole, Poisoned

OTHER = "model/retail/churn"


async def test_a_batch_is_handled_in_order_with_its_conclusions(probe: Probe) -> None:
    outcome = await probe.runner.run([record(0, event("a")), record(1, event("b")), record(2, event("c"))])
    assert outcome == Handled(3)
    assert await probe.seen() == ["a", "b", "c"]
    assert [item["ce_causationid"] for item in await probe.outgoing("asset.unregistered")] == ["a", "b", "c"]


async def test_a_redelivered_batch_changes_nothing(probe: Probe) -> None:
    batch = [record(0, event("a")), record(1, event("b"))]
    await probe.runner.run(batch)
    assert await probe.runner.run(batch) == Handled(2)
    assert await probe.seen() == ["a", "b"]
    assert len(await probe.outgoing("asset.unregistered")) == 2


async def test_a_batch_that_overlaps_what_was_read_adds_only_the_new(probe: Probe) -> None:
    await probe.runner.run([record(0, event("a")), record(1, event("b"))])
    await probe.runner.run([record(1, event("b")), record(2, event("c"))])
    assert await probe.seen() == ["a", "b", "c"]


async def test_a_producers_duplicate_at_another_offset_is_dropped(probe: Probe) -> None:
    await probe.runner.run([record(0, event("a")), record(1, event("a"))])
    await probe.runner.run([record(2, event("a")), record(3, event("b"))])
    assert await probe.seen() == ["a", "b"]
    assert await probe.next_offset() == 4


async def test_the_same_id_of_another_type_is_another_event(probe: Probe) -> None:
    await probe.runner.run([record(0, event("a")), record(1, event("a", type="com.example.other"))])
    assert await probe.seen() == ["a", "a"]


async def test_a_hole_is_believed_only_at_the_second_reading(probe: Probe) -> None:
    await probe.runner.run([record(0, event("a"))])
    behind = [record(5, event("f"))]
    assert await probe.runner.run(behind) == Hole(next_offset=1, first_offset=5)
    assert await probe.seen() == ["a"]
    assert await probe.runner.run(behind, believe_hole_at=5) == Handled(6)
    assert await probe.seen() == ["a", "f"]


async def test_a_hole_inside_a_batch_ends_it_there(probe: Probe) -> None:
    outcome = await probe.runner.run([record(0, event("a")), record(3, event("d"))])
    assert outcome == Handled(1)
    assert await probe.seen() == ["a"]


async def test_a_partition_without_a_row_is_not_read(engine: AsyncEngine) -> None:
    probe = Probe(engine)
    assert isinstance(await probe.runner.run([record(0, event("a"))]), Hole)
    assert await probe.seen() == []


async def test_a_zombie_finds_the_offset_moved(engine: AsyncEngine, probe: Probe) -> None:
    entered, released = asyncio.Event(), asyncio.Event()

    async def wait(_: Delivery) -> None:
        entered.set()
        await released.wait()

    probe.before = wait
    successor = Probe(engine)
    batch = [record(0, event("a")), record(1, event("b"))]
    first = asyncio.create_task(probe.runner.run(batch))
    await entered.wait()
    second = asyncio.create_task(successor.runner.run(batch))
    await asyncio.sleep(0.2)
    released.set()
    assert await first == await second == Handled(2)
    assert await probe.seen() == ["a", "b"]


async def test_a_transient_failure_rolls_everything_back(probe: Probe) -> None:
    probe.fail["b"] = ConnectionResetError()
    batch = [record(0, event("a")), record(1, event("b"))]
    with pytest.raises(ConnectionResetError):
        await probe.runner.run(batch)
    assert await probe.seen() == []
    assert await probe.next_offset() == 0
    probe.fail.clear()
    assert await probe.runner.run(batch) == Handled(2)


async def test_a_refused_record_holds_its_key_and_no_other(probe: Probe) -> None:
    probe.refuse.add("bad")
    batch = [record(0, event("bad")), record(1, event("later")), record(2, event("fine", OTHER))]
    assert await probe.runner.run(batch) == Handled(3)
    await probe.runner.run([record(3, event("later still")), record(4, event("fine too", OTHER))])
    assert await probe.seen() == ["fine", "fine too"]
    assert await probe.parked() == [
        (0, "intended_purpose_missing", True),
        (1, "behind_parked", True),
        (3, "behind_parked", True),
    ]


async def test_what_a_refused_handler_concluded_is_not_said(probe: Probe) -> None:
    probe.refuse.add("bad")
    await probe.runner.run([record(0, event("bad")), record(1, event("fine", OTHER))])
    assert [item["ce_causationid"] for item in await probe.outgoing("asset.unregistered")] == ["fine"]
    parked = await probe.outgoing("record.parked")
    assert [item["ce_causationid"] for item in parked] == ["bad"]


async def test_an_unnamed_failure_parks_without_showing_its_data(probe: Probe) -> None:
    probe.fail["bad"] = ValueError("secret of a customer")
    await probe.runner.run([record(0, event("bad"))])
    rows = await probe.rows("SELECT reason, detail FROM eventing_parked")
    assert rows == [("handler_failed", "ValueError")]


async def test_rubbish_is_set_aside_without_holding_its_key(probe: Probe) -> None:
    await probe.runner.run([rubbish(0), record(1, event("fine"))])
    assert await probe.seen() == ["fine"]
    assert await probe.parked() == [(0, "bad_headers", False)]
    assert (await probe.outgoing("record.parked"))[0]["ce_subject"] == "service/inventory"


async def test_a_known_type_with_wrong_data_is_set_aside(probe: Probe) -> None:
    broken = event("x", type="dev.govbus.model.version_created.v1", data=b'{"version": 1}')
    await probe.runner.run([record(0, broken), record(1, event("fine"))])
    assert await probe.parked() == [(0, "contract_broken", False)]
    assert await probe.seen() == ["fine"]


async def test_so_many_parked_in_a_row_stop_the_partition_and_change_nothing(engine: AsyncEngine) -> None:
    probe = Probe(engine, consecutive_limit_count=5)
    await probe.start_at(0)
    assert await probe.runner.run([rubbish(0), rubbish(1), rubbish(2)]) == Handled(3)
    assert await probe.runner.run([rubbish(3), rubbish(4), rubbish(5)]) == Poisoned(6)
    assert await probe.next_offset() == 3


async def test_a_good_record_between_parked_ones_starts_the_count_again(engine: AsyncEngine) -> None:
    probe = Probe(engine, consecutive_limit_count=5)
    await probe.start_at(0)
    await probe.runner.run([rubbish(0), rubbish(1), rubbish(2)])
    await probe.runner.run([record(3, event("fine")), rubbish(4)])
    assert await probe.runner.run([rubbish(5), rubbish(6), rubbish(7)]) == Handled(8)


async def test_reprocessing_makes_the_same_ids(probe: Probe, engine: AsyncEngine) -> None:
    probe.fail["b"] = ConnectionResetError()
    with pytest.raises(ConnectionResetError):
        await probe.runner.run([record(0, event("a")), record(1, event("b"))])
    probe.fail.clear()
    await probe.runner.run([record(0, event("a"))])
    first = await probe.outgoing("asset.unregistered")
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM eventing_outbox")
        await connection.exec_driver_sql("DELETE FROM eventing_inbox")
        await connection.exec_driver_sql("UPDATE eventing_offset SET next_offset = 0")
    await probe.runner.run([record(0, event("a"))])
    assert await probe.outgoing("asset.unregistered") == first


async def test_records_below_the_rebuild_mark_are_handled_in_silence(probe: Probe, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE eventing_offset SET muted_below = 2")
    await probe.runner.run([record(0, event("a")), record(1, event("b")), record(2, event("c"))])
    assert await probe.seen() == ["a", "b", "c"]
    assert [item["ce_causationid"] for item in await probe.outgoing("asset.unregistered")] == ["c"]
