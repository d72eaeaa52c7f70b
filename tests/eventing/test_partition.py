"""One partition, one transaction: nothing lost, nothing done twice."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from eventing.probe import TOPIC, Probe, event, record, rubbish
from govbus.eventing.delivery import Delivery, Unprocessable
from govbus.eventing.metrics import Metrics
from govbus.eventing.partition import Handled, Hole, Poisoned
from govbus.eventing.records import RawRecord
from govbus.eventing.sequencing import SequencingRunner

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


async def test_parked_records_that_are_not_in_a_row_do_not_stop_the_partition(engine: AsyncEngine) -> None:
    probe = Probe(engine, consecutive_limit_count=3)
    await probe.start_at(0)
    mixed = [rubbish(n) if n % 2 else record(n, event(str(n))) for n in range(8)]
    assert await probe.runner.run(mixed) == Handled(8)
    assert len(await probe.parked()) == 4


async def test_a_batch_that_is_tried_again_counts_its_parked_records_once(engine: AsyncEngine) -> None:
    probe = Probe(engine, consecutive_limit_count=5)
    await probe.start_at(0)
    probe.fail["later"] = ConnectionResetError()
    batch = [rubbish(0), rubbish(1), record(2, event("later"))]
    for _ in range(4):
        with pytest.raises(ConnectionResetError):
            await probe.runner.run(batch)
    assert await probe.runner.run(batch[:2]) == Handled(2)


async def test_a_value_the_database_never_takes_is_parked_and_not_tried_for_ever(probe: Probe) -> None:
    async def overflow(delivery: Delivery) -> None:
        if delivery.event.id == "bad":
            await delivery.connection.exec_driver_sql("SELECT $1::bigint", (2**70,))

    probe.before = overflow
    assert await probe.runner.run([record(0, event("bad")), record(1, event("fine", "model/a/b"))]) == Handled(2)
    assert await probe.parked() == [(0, "handler_failed", True)]
    assert await probe.seen() == ["fine"]


@pytest.mark.parametrize(
    "error",
    [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), Unprocessable("odd_name", "a\0b")],
)
async def test_no_failure_is_worded_so_that_it_cannot_be_parked(probe: Probe, error: Exception) -> None:
    probe.fail["bad"] = error
    assert await probe.runner.run([record(0, event("bad"))]) == Handled(1)
    assert [holds for _, _, holds in await probe.parked()] == [True]


async def test_an_event_that_kafka_never_takes_parks_its_cause_and_does_not_block_the_outbox(probe: Probe) -> None:
    async def swell(delivery: Delivery) -> None:
        delivery.outbox.append(event("huge", data=b"[" + b"1," * 600_000 + b"1]"), TOPIC)

    probe.before = swell
    assert await probe.runner.run([record(0, event("bad"))]) == Handled(1)
    assert await probe.parked() == [(0, "event_too_large", True)]


@pytest.mark.parametrize("state", ["resumed", "discarded"])
async def test_a_record_that_fails_again_after_a_rebuild_is_parked_again(
    probe: Probe, engine: AsyncEngine, state: str
) -> None:
    probe.refuse.add("bad")
    await probe.runner.run([record(0, event("bad"))])
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE eventing_parked SET state = $1, settled_at = now()", (state,))
        await connection.exec_driver_sql("DELETE FROM eventing_inbox")
        await connection.exec_driver_sql("UPDATE eventing_offset SET next_offset = 0, muted_below = 1")
    await probe.runner.run([record(0, event("bad"))])
    assert await probe.parked() == [(0, "intended_purpose_missing", True)]


async def test_a_hole_inside_a_sequenced_batch_ends_it_there(engine: AsyncEngine, probe: Probe) -> None:
    taken: list[int] = []

    async def sequence(_: AsyncConnection, records: Sequence[RawRecord]) -> None:
        taken.extend(one.offset for one in records)

    runner = SequencingRunner(engine, sequence, Metrics(CollectorRegistry()))
    parts = {(TOPIC, 0): [record(0, event("a")), record(1, event("b")), record(3, event("d"))]}
    assert await runner.run(parts, {}) == {(TOPIC, 0): Handled(2)}
    assert (taken, await probe.next_offset()) == ([0, 1], 2)
