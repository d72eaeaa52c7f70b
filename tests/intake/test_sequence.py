"""Counters of `sequence` numbers: what is missing is reported after a while, once, and closed when it came late."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event as engine_events

from govbus.contracts.envelope import Event
from govbus.intake.domain.sequence import LARGEST, Change, Counter, Missing, Numbered, advance, is_number
from govbus.intake.watching import Watch
from intake.desk import NOW, Desk, cloud_event

URI = "//mlflow-prod"
SETTLE_SECONDS = 30.0


@dataclass
class Book:
    """A counter kept over several transactions, in memory as the tables keep it."""

    counter: Counter | None = None
    ranges: dict[int, Missing] = field(default_factory=dict)
    missing_counts: dict[tuple[int, int], int] = field(default_factory=dict)

    def take(self, *numbers: int, at: datetime | None = None) -> Change:
        hit = [one for one in self.ranges.values() if any(one.first <= number <= one.last for number in numbers)]
        change = advance(self.counter, hit, [Numbered(URI, number, at) for number in numbers])
        run = change.counter.run if change.ended_run is None else change.ended_run
        for first, count in change.arrived.items():
            self.missing_counts[run, first] -= count
        if change.ended_run is not None:
            self.ranges.clear()
        for one in change.removed:
            del self.ranges[one.first]
        self.ranges |= {one.first: one for one in change.added}
        self.missing_counts |= {(gap.run, gap.first): gap.missing_count for gap in change.opened}
        self.counter = change.counter
        return change

    def missing(self) -> list[tuple[int, int]]:
        return sorted((one.first, one.last) for one in self.ranges.values())


def book_of(*transactions: Sequence[int]) -> Book:
    book = Book()
    for numbers in transactions:
        book.take(*numbers)
    return book


@pytest.mark.parametrize(
    ("transactions", "highest", "missing"),
    [
        ([[1], [2], [3]], 3, []),
        ([[7]], 7, []),
        ([[1, 2, 5]], 5, [(3, 4)]),
        ([[1], [3], [2]], 3, []),
        ([[1, 3, 2]], 3, []),
        ([[1], [10], [5]], 10, [(2, 4), (6, 9)]),
        ([[1], [10], [5], [5], [2, 9]], 10, [(3, 4), (6, 8)]),
        ([[1], [10**12]], 10**12, [(2, 10**12 - 1)]),
        ([[5], [3], [4]], 5, []),
        ([[0], [1], [1], [0]], 1, []),
    ],
)
def test_what_is_missing_is_what_was_jumped_over_and_has_not_come(
    transactions: list[list[int]], highest: int, missing: list[tuple[int, int]]
) -> None:
    book = book_of(*transactions)
    assert book.counter is not None
    assert (book.counter.highest, book.missing()) == (highest, missing)


@given(st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=6), min_size=1, max_size=12))
def test_missing_numbers_are_those_between_the_first_and_the_highest_that_never_arrived(
    transactions: list[list[int]],
) -> None:
    book = book_of(*transactions)
    arrived = [number for numbers in transactions for number in numbers]
    seen = set(range(arrived[0] + 1, max(arrived) + 1)) - set(arrived)
    assert {number for first, last in book.missing() for number in range(first, last + 1)} == seen
    assert sum(book.missing_counts.values()) == len(seen)


def test_a_jump_and_a_late_number_change_two_rows_however_long_the_gap() -> None:
    book = Book()
    book.take(1)
    opened = book.take(10**12)
    assert [(gap.first, gap.last, gap.missing_count) for gap in opened.opened] == [(2, 10**12 - 1, 10**12 - 2)]
    late = book.take(500)
    assert (len(late.removed), len(late.added), late.arrived) == (1, 2, {2: 1})


def test_a_counter_that_begins_anew_leaves_what_was_missing_of_its_last_run() -> None:
    book = Book()
    book.take(1, 2, 50, at=NOW)
    change = book.take(1, 2, 4, at=NOW + timedelta(seconds=1))
    assert (change.ended_run, book.counter) == (0, Counter(1, 4, NOW + timedelta(seconds=1)))
    assert book.missing() == [(3, 3)]
    assert book.missing_counts == {(0, 3): 47, (1, 3): 1}


def test_a_gap_and_a_restart_in_one_batch_are_both_kept() -> None:
    book = Book()
    change = book.take(1, 9, at=NOW)
    assert [(gap.run, gap.first, gap.last) for gap in change.opened] == [(0, 2, 8)]
    change = advance(Counter(0, 9, NOW), [], [Numbered(URI, 12, NOW), Numbered(URI, 0, NOW + timedelta(seconds=1))])
    assert [(gap.run, gap.first, gap.last) for gap in change.opened] == [(0, 10, 11)]
    assert (change.counter.run, change.counter.highest, change.added) == (1, 0, ())


@pytest.mark.parametrize("at", [None, NOW, NOW - timedelta(hours=1)])
def test_a_straggler_with_the_number_one_is_no_restart(at: datetime | None) -> None:
    book = Book()
    book.take(5, at=NOW)
    book.take(1, at=at)
    assert book.counter == Counter(0, 5, NOW)


@pytest.mark.parametrize("text", ["0", "1", "007", str(LARGEST)])
def test_digits_are_a_number(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["-1", "1.0", "1e3", "abc", " 1", "+1", "٣", str(LARGEST + 1), "9" * 400])
def test_anything_else_is_no_number(text: str) -> None:
    assert not is_number(text)


async def emit(desk: Desk, headers: dict[str, str], number: int | str, **attributes: Any) -> int:
    """Send one numbered event and return the status of the answer."""
    said = {"id": f"n{number}", "sequence": str(number), "source": URI, **attributes}
    return (await desk.emit(headers, **said)).status_code


async def gaps(desk: Desk) -> list[dict[str, Any]]:
    """Return the data of every `source.gap_detected`."""
    return [event.json() for event in await reports(desk)]


async def reports(desk: Desk) -> list[Event]:
    """Return every `source.gap_detected`."""
    return [event for _, event in await desk.outgoing() if event.type == "dev.govbus.source.gap_detected.v1"]


def watch(desk: Desk) -> Watch:
    """Return another process's watch over the same database."""
    return Watch(desk.reception.transaction, desk.clock, SETTLE_SECONDS)


async def test_a_gap_is_reported_once_it_has_settled_and_by_one_process_only(desk: Desk) -> None:
    mine = await desk.register()
    for number in (1, 2, 6):
        assert await emit(desk, mine, number) == 202
    await watch(desk).report_gaps()
    assert await gaps(desk) == []
    desk.clock.now += timedelta(seconds=SETTLE_SECONDS)
    for one in (watch(desk), watch(desk)):
        await one.report_gaps()
    assert await gaps(desk) == [
        {
            "source_name": "mlflow-prod",
            "counted_source": URI,
            "first_missing": 3,
            "last_missing": 5,
            "missing_count": 3,
            "noticed_at": "2026-11-23T12:00:00Z",
            "closed": False,
        }
    ]


async def test_numbers_that_overtake_each_other_within_the_settle_time_are_no_gap(desk: Desk) -> None:
    mine = await desk.register()
    for number in (1, 3, 2):
        await emit(desk, mine, number)
    desk.clock.now += timedelta(hours=1)
    await watch(desk).report_gaps()
    assert await gaps(desk) == []


async def test_a_reported_gap_is_closed_once_by_the_last_number_that_comes_late(desk: Desk) -> None:
    mine = await desk.register()
    for number in (1, 4):
        await emit(desk, mine, number)
    desk.clock.now += timedelta(minutes=1)
    await watch(desk).report_gaps()
    await emit(desk, mine, 2)
    assert len(await gaps(desk)) == 1
    await emit(desk, mine, 3)
    await emit(desk, mine, 3)
    opened, closed = await gaps(desk)
    assert (opened["closed"], closed["closed"], closed["missing_count"]) == (False, True, 0)
    assert {opened["noticed_at"], closed["noticed_at"]} == {"2026-11-23T12:00:00Z"}
    assert len({event.id for event in await reports(desk)}) == 2
    seen = (await desk.client.get("/v1/sources/mlflow-prod", headers=mine)).json()
    assert seen["gaps"] == []
    assert seen["sequence"] == [{"source": URI, "highest": 4, "contiguous": 4, "missing_count": 0}]


async def test_the_state_of_a_source_shows_its_counters_and_gaps(desk: Desk) -> None:
    mine = await desk.register()
    await emit(desk, mine, 10)
    await emit(desk, mine, 10**12)
    await emit(desk, mine, 1, source=f"{URI}/eu")
    await emit(desk, mine, 20)
    seen = (await desk.client.get("/v1/sources/mlflow-prod", headers=mine)).json()
    assert seen["sequence"] == [
        {"source": URI, "highest": 10**12, "contiguous": 10, "missing_count": 10**12 - 12},
        {"source": f"{URI}/eu", "highest": 1, "contiguous": 1, "missing_count": 0},
    ]
    assert [(gap["first_missing"], gap["last_missing"], gap["missing_count"]) for gap in seen["gaps"]] == [
        (11, 10**12 - 1, 10**12 - 12)
    ]


async def test_a_refused_event_has_arrived_and_leaves_no_gap(desk: Desk) -> None:
    mine = await desk.register()
    await emit(desk, mine, 1)
    assert await emit(desk, mine, 2, data={"purpose": 7}) == 422
    await emit(desk, mine, 3)
    seen = (await desk.client.get("/v1/sources/mlflow-prod", headers=mine)).json()
    assert seen["sequence"][0]["contiguous"] == 3


async def test_nobody_counts_for_another_source(desk: Desk) -> None:
    mine = await desk.register()
    await desk.register("other")
    await emit(desk, mine, 1)
    assert await emit(desk, mine, 90, source="//other") == 403
    seen = (await desk.client.get("/v1/sources/mlflow-prod", headers=mine)).json()
    assert [one["source"] for one in seen["sequence"]] == [URI]
    other = (await desk.client.get("/v1/sources/other", headers=desk.person("viewer"))).json()
    assert other["sequence"] == []


@pytest.mark.parametrize("number", ["one", "-1", "1.5", "9" * 20])
async def test_a_sequence_that_cannot_be_counted_is_refused(desk: Desk, number: str) -> None:
    mine = await desk.register()
    answer = await desk.emit(mine, sequence=number)
    assert (answer.status_code, answer.json()["reason"]) == (400, "invalid_envelope")
    assert "sequence" in answer.json()["detail"]


async def test_a_restart_is_followed_and_what_was_missing_is_still_reported(desk: Desk) -> None:
    mine = await desk.register()
    await emit(desk, mine, 1)
    await emit(desk, mine, 9)
    await emit(desk, mine, 0, time="2026-11-23T11:59:30Z")
    await emit(desk, mine, 1, id="again", time="2026-11-23T11:59:31Z")
    desk.clock.now += timedelta(minutes=1)
    await watch(desk).report_gaps()
    assert [(gap["first_missing"], gap["last_missing"]) for gap in await gaps(desk)] == [(2, 8)]
    seen = (await desk.client.get("/v1/sources/mlflow-prod", headers=mine)).json()
    assert (seen["sequence"][0]["highest"], seen["sequence"][0]["contiguous"]) == (1, 1)


async def test_numbers_that_come_at_the_same_time_are_all_counted(desk: Desk) -> None:
    mine = await desk.register()
    await emit(desk, mine, 0)
    answers = await asyncio.gather(*(emit(desk, mine, number) for number in range(24, 0, -1)))
    assert set(answers) == {202}
    seen = (await desk.client.get("/v1/sources/mlflow-prod", headers=mine)).json()
    assert seen["sequence"] == [{"source": URI, "highest": 24, "contiguous": 24, "missing_count": 0}]


async def statements_of(desk: Desk, headers: dict[str, str], numbers: Sequence[int]) -> int:
    """Send one batch and return how many statements the database was sent for it."""
    counted: list[str] = []
    engine = desk.app.state.service.engine.sync_engine

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.append(statement)

    engine_events.listen(engine, "before_cursor_execute", count)
    try:
        batch = [cloud_event(id=f"b{number}", sequence=str(number), source=URI) for number in numbers]
        sent = {**headers, "content-type": "application/cloudevents-batch+json"}
        answer = await desk.client.post("/v1/events", json=batch, headers=sent)
    finally:
        engine_events.remove(engine, "before_cursor_execute", count)
    assert {result["status"] for result in answer.json()["results"]} == {"accepted"}
    return len(counted)


async def test_a_batch_costs_as_many_statements_with_many_gaps_as_with_few(desk: Desk) -> None:
    mine = await desk.register()
    await emit(desk, mine, 1)
    await emit(desk, mine, 1000)
    few = await statements_of(desk, mine, [1002, 10])
    many = await statements_of(desk, mine, [*range(1004, 1064, 2), *range(20, 160, 2)])
    assert many == few
