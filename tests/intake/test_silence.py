"""A platform that is expected and not heard is reported, once per silence, and so is its return."""

from datetime import timedelta
from typing import Any

import pytest

from govbus.intake.domain.silence import Silence, Watched, begun, has_ended
from govbus.intake.watching import Watch
from intake.desk import NOW, Desk

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("watched", "due"),
    [
        (Watched("s", None, NOW, None), None),
        (Watched("s", 3600, NOW, None), NOW + HOUR),
        (Watched("s", 3600, NOW, NOW + HOUR), NOW + 2 * HOUR),
        (Watched("s", 3600, NOW, NOW - HOUR), NOW + HOUR),
    ],
)
def test_a_platform_is_due_an_interval_after_it_was_heard_or_expected(watched: Watched, due: Any) -> None:
    assert watched.due_at == due


def test_silence_begins_when_it_is_due_and_not_before() -> None:
    watched = Watched("s", 3600, NOW, None)
    assert begun(watched, NOW + HOUR - timedelta(microseconds=1)) is None
    assert begun(watched, NOW + HOUR) == Silence(NOW + HOUR, 3600)


def test_a_reported_silence_does_not_begin_again_and_ends_when_the_platform_is_heard() -> None:
    silence = Silence(NOW + HOUR, 3600)
    silent = Watched("s", 3600, NOW, None, silence)
    assert begun(silent, NOW + 9 * HOUR) is None
    assert not has_ended(silent)
    assert has_ended(Watched("s", 3600, NOW, NOW + 2 * HOUR, silence))


def test_a_silence_ends_when_nobody_waits_any_more() -> None:
    assert has_ended(Watched("s", None, NOW, None, Silence(NOW + HOUR, 3600)))


async def look(desk: Desk) -> None:
    """Let two processes look at the same time of the clock."""
    for _ in range(2):
        await Watch(desk.reception.transaction, desk.clock, 30).report_silences()


async def silences(desk: Desk) -> list[dict[str, Any]]:
    """Return the data of every `source.silent`."""
    return [event.json() for _, event in await desk.outgoing() if event.type == "dev.govbus.source.silent.v1"]


async def test_a_silence_and_its_end_are_each_said_once(desk: Desk) -> None:
    mine = await desk.register(expected_interval_seconds=3600)
    await desk.emit(mine)
    desk.clock.now += HOUR - timedelta(seconds=1)
    await look(desk)
    assert await silences(desk) == []
    desk.clock.now += timedelta(seconds=1)
    await look(desk)
    desk.clock.now += HOUR
    await look(desk)
    said = {
        "source_name": "mlflow-prod",
        "expected_interval_seconds": 3600,
        "silent_since": "2026-11-23T13:00:00Z",
        "last_heard_at": "2026-11-23T12:00:00Z",
        "ended": False,
    }
    assert await silences(desk) == [said]
    await desk.emit(mine, id="2")
    await look(desk)
    assert await silences(desk) == [said, {**said, "last_heard_at": "2026-11-23T14:00:00Z", "ended": True}]


async def test_a_platform_that_never_spoke_is_silent_an_interval_after_its_registration(desk: Desk) -> None:
    await desk.register(expected_interval_seconds=60)
    desk.clock.now += timedelta(seconds=60)
    await look(desk)
    (said,) = await silences(desk)
    assert (said["silent_since"], "last_heard_at" in said) == ("2026-11-23T12:01:00Z", False)
    shown = (await desk.client.get("/v1/sources/mlflow-prod", headers=desk.person("viewer"))).json()
    assert shown["silent_since"] == "2026-11-23T12:01:00Z"


async def test_a_refused_delivery_breaks_the_silence(desk: Desk) -> None:
    mine = await desk.register(expected_interval_seconds=60)
    desk.clock.now += timedelta(seconds=59)
    assert (await desk.emit(mine, data={"purpose": 7})).status_code == 422
    desk.clock.now += timedelta(seconds=59)
    await look(desk)
    assert await silences(desk) == []


async def test_each_silence_has_an_event_of_its_own_that_any_process_computes(desk: Desk) -> None:
    mine = await desk.register(expected_interval_seconds=60)
    for number in range(2):
        await desk.emit(mine, id=str(number))
        await look(desk)
        desk.clock.now += timedelta(minutes=5)
        await look(desk)
    events = [event for _, event in await desk.outgoing() if event.type == "dev.govbus.source.silent.v1"]
    assert [event.json()["ended"] for event in events] == [False, True, False]
    assert len({event.id for event in events}) == 3
    assert {event.subject for event in events} == {"source/mlflow-prod"}


async def test_a_longer_interval_ends_the_silence_and_counts_from_the_change(desk: Desk) -> None:
    await desk.register(expected_interval_seconds=60)
    desk.clock.now += timedelta(minutes=2)
    await look(desk)
    admin = desk.person("admin")
    changed = {"expected_interval_seconds": 600}
    assert (await desk.client.patch("/v1/sources/mlflow-prod", json=changed, headers=admin)).status_code == 200
    await look(desk)
    desk.clock.now += timedelta(minutes=9)
    await look(desk)
    assert [said["ended"] for said in await silences(desk)] == [False, True]
    desk.clock.now += timedelta(minutes=1)
    await look(desk)
    assert [said["ended"] for said in await silences(desk)] == [False, True, False]


async def test_nobody_waits_for_a_removed_platform(desk: Desk) -> None:
    await desk.register(expected_interval_seconds=60)
    await desk.client.delete("/v1/sources/mlflow-prod", headers=desk.person("admin"))
    desk.clock.now += HOUR
    await look(desk)
    assert await silences(desk) == []
