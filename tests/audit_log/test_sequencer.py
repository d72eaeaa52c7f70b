"""The sequencer on a real PostgreSQL: every record once, in order, in one tree."""

import asyncio

import pytest

from audit_log.desk import Desk, event
from govbus.audit_log.store.tree import compact_at, prove
from govbus.contracts import topics
from govbus.contracts.translog.entry import parse_entry
from govbus.contracts.translog.merkle import CompactRange, grow
from govbus.contracts.translog.paths import inclusion_plan, verify_inclusion
from govbus.eventing.records import RawRecord


async def _sequence_and_fail(desk: Desk, record: RawRecord) -> None:
    assert desk.service._sequenced is not None
    async with desk.service.transaction() as (connection, _):
        await desk.service._sequenced[1](connection, [record])
        raise ZeroDivisionError


async def _tree(desk: Desk) -> CompactRange:
    leaves = [bytes(row[0]) for row in await desk.rows("SELECT leaf_hash FROM entry ORDER BY idx")]
    return grow(CompactRange(), leaves).compact


async def test_entries_are_numbered_without_gap_and_the_head_is_their_tree(desk: Desk) -> None:
    await desk.enter(event("a"), event("b"))
    await desk.enter(event("c"), topic=topics.RISK)
    found = await desk.rows("SELECT idx, kind, id, topic, kafka_offset FROM entry ORDER BY idx")
    assert found == [
        (0, "event", "a", "govbus.facts", 0),
        (1, "event", "b", "govbus.facts", 1),
        (2, "event", "c", "govbus.risk", 2),
    ]
    [(size, subtrees)] = await desk.rows("SELECT size, subtrees FROM log_head")
    assert CompactRange.from_bytes(size, bytes(subtrees)) == await _tree(desk)


async def test_a_resent_event_is_counted_and_another_one_under_its_identity_is_refused_on_record(desk: Desk) -> None:
    await desk.enter(event("a"))
    await desk.enter(event("a"), event("a", data=b'{"purpose":"else"}'), event("b"), event("b"))
    assert await desk.rows("SELECT kind, id FROM entry ORDER BY idx") == [
        ("event", "a"),
        ("duplicate_refused", "a"),
        ("event", "b"),
    ]
    assert await desk.rows("SELECT duplicate_count FROM log_head") == [(2,)]


async def test_rubbish_is_entered_with_its_bytes(desk: Desk) -> None:
    rubbish = b"\xff\x00rubbish"
    await desk.sequence([desk.raw(b"k", rubbish, (("ce_id", b"\xff"),)), desk.raw(), desk.record(event("a\0b"))])
    await desk.enter(event("a"))
    found = await desk.rows(
        "SELECT e.kind, p.payload, p.attributes FROM entry e JOIN payload p USING (idx) ORDER BY idx"
    )
    assert [row[0] for row in found] == ["unparseable"] * 3 + ["event"]
    assert bytes(found[0][1]) == rubbish
    assert b'"reason":"bad_headers"' in bytes(found[0][2])
    assert b'"value_absent":true' in bytes(found[1][2])
    assert b'"reason":"nul_character"' in bytes(found[2][2])


async def test_a_rolled_back_batch_leaves_nothing(desk: Desk) -> None:
    await desk.enter(event("a"))
    record = desk.record(event("b"))
    with pytest.raises(ZeroDivisionError):
        await _sequence_and_fail(desk, record)
    await desk.sequence([record])
    assert await desk.rows("SELECT idx, id FROM entry ORDER BY idx") == [(0, "a"), (1, "b")]


async def test_sequencers_at_once_make_one_order(desk: Desk) -> None:
    batches = [[desk.record(event(f"{batch}-{item}")) for item in range(20)] for batch in range(8)]
    await asyncio.gather(*(desk.sequence(batch) for batch in batches))
    found = await desk.rows("SELECT idx, id FROM entry ORDER BY idx")
    assert [row[0] for row in found] == list(range(160))
    for batch in range(8):
        mine = [row[1] for row in found if row[1].startswith(f"{batch}-")]
        assert mine == [f"{batch}-{item}" for item in range(20)]
    [(size, subtrees)] = await desk.rows("SELECT size, subtrees FROM log_head")
    assert CompactRange.from_bytes(size, bytes(subtrees)) == await _tree(desk)


async def test_tiles_and_proofs_hold_for_a_log_of_many_batches(desk: Desk) -> None:
    count = 0
    for size in (1, 254, 3, 256, 600, 1):
        await desk.enter(*(event(str(count + item)) for item in range(size)))
        count += size
    leaves = [bytes(row[0]) for row in await desk.rows("SELECT leaf_hash FROM entry ORDER BY idx")]
    tiles = await desk.rows("SELECT level, idx, hashes FROM tile ORDER BY level, idx")
    assert [(row[0], row[1]) for row in tiles] == [(0, index) for index in range(count // 256)]
    assert all(bytes(row[2]) == b"".join(leaves[row[1] * 256 : (row[1] + 1) * 256]) for row in tiles)
    async with desk.connection() as connection:
        for size in (1, 2, 255, 256, 257, 513, 1024, count):
            expected = grow(CompactRange(), leaves[:size]).compact
            assert await compact_at(connection, size) == expected
            for index in {0, size // 2, size - 1}:
                proof = await prove(connection, inclusion_plan(index, size))
                verify_inclusion(leaves[index], index, size, proof, expected.root)


async def test_the_stored_entry_is_canonical_and_names_its_record(desk: Desk) -> None:
    await desk.enter(event("a"))
    [(raw,)] = await desk.rows("SELECT entry FROM entry")
    entry = parse_entry(bytes(raw))
    assert entry.kafka is not None
    assert (entry.id, entry.kafka.topic, entry.kafka.partition, entry.kafka.offset) == ("a", "govbus.facts", 0, 0)
