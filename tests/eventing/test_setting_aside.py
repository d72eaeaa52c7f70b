"""A record that fails before its handler is set aside, not tried for ever; and days that another process dropped."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from typing_extensions import override

from eventing.probe import Probe, event, record
from govbus.contracts.envelope import Event
from govbus.eventing.inbox import Inbox
from govbus.eventing.partition import Handled, Poisoned
from govbus.eventing.records import RawRecord

BAD = "cannot be admitted"


class PickyInbox(Inbox):
    """An inbox whose statement the database refuses for one event, before or inside of the transaction."""

    def __init__(self, engine: AsyncEngine, *, fails_inside: bool) -> None:
        """Refuse events with the id BAD."""
        super().__init__(engine, 400)
        self._fails_inside = fails_inside

    @override
    async def prepare(self, events: Sequence[Event]) -> None:
        await super().prepare(events)
        if not self._fails_inside:
            _check(events)

    @override
    async def admit(self, connection: AsyncConnection, events: Sequence[Event]) -> set[bytes]:
        if self._fails_inside:
            _check(events)
        return await super().admit(connection, events)


def _check(events: Sequence[Event]) -> None:
    if any(item.id == BAD for item in events):
        raise ValueError("no such day")


async def _run_all(probe: Probe, records: Sequence[RawRecord]) -> list[object]:
    """Run what is left until nothing is, as a consumer does."""
    outcomes: list[object] = []
    rest = list(records)
    while rest:
        outcome = await probe.runner.run(rest)
        outcomes.append(outcome)
        if not isinstance(outcome, Handled):
            break
        rest = [item for item in rest if item.offset >= outcome.next_offset]
    return outcomes


@pytest.mark.parametrize("fails_inside", [False, True])
async def test_one_record_that_cannot_be_admitted_is_set_aside_and_all_others_are_handled(
    probe: Probe, engine: AsyncEngine, *, fails_inside: bool
) -> None:
    probe.reading._inbox = PickyInbox(engine, fails_inside=fails_inside)
    ids = ["a", "b", "c", BAD, "d", "e", "f"]
    records = [record(offset, event(id_, f"model/a/{offset % 2}")) for offset, id_ in enumerate(ids)]
    await _run_all(probe, records)
    assert await probe.seen() == [id_ for id_ in ids if id_ != BAD]
    assert await probe.parked() == [(3, "handler_failed", False)]
    assert await probe.next_offset() == len(ids)


@pytest.mark.usefixtures("probe")
async def test_where_no_record_can_be_admitted_the_partition_stops(engine: AsyncEngine) -> None:
    picky = Probe(engine, consecutive_limit_count=3)
    picky.reading._inbox = PickyInbox(engine, fails_inside=True)
    outcomes = await _run_all(picky, [record(offset, event(BAD)) for offset in range(9)])
    assert outcomes[-1] == Poisoned(3)
    assert await picky.next_offset() == 2


async def test_a_day_that_another_process_dropped_is_made_again(probe: Probe, engine: AsyncEngine) -> None:
    kept_days = 400
    mine, other = Inbox(engine, kept_days), Inbox(engine, kept_days)
    old = datetime.now(UTC) - timedelta(days=kept_days + 5)
    probe.reading._inbox = mine
    await probe.runner.run([record(0, event("early", time=old, recordedtime=old))])
    await other.prune()
    await probe.runner.run([record(1, event("late", time=old, recordedtime=old))])
    assert (await probe.seen(), await probe.parked()) == (["early", "late"], [])
