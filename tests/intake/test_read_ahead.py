"""Records that were read ahead are admitted as if they had been read here, whatever becomes of who read them."""

import asyncio
import io
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.eventing.delivery import RawDelivery
from govbus.eventing.records import RawRecord
from govbus.intake import reading_process
from govbus.intake.domain.source import Source
from govbus.intake.handlers import on_platform_records
from govbus.intake.plain_facts import read_plain
from govbus.intake.read_ahead import PART_COUNT, WORTHWHILE_COUNT, Ahead, ReadAhead
from intake.desk import NOW, Desk, cloud_event, open_desk, reading_processes

TOPIC = topics.intake_topic("lab")
STRUCTURED = (("content-type", b"application/cloudevents+json"),)
INCIDENT = {"type": "dev.govbus.incident.reported.v1", "subject": "model/retail/credit-risk"}
ACCOUNT = {"summary": "wrong refusals", "severity": "high", "account": "Ms Miller was turned down"}
START_SECONDS = 30.0
IDLE_SECONDS = 10.0


def said(**attributes: Any) -> bytes:
    """Return an event of the platform `lab`."""
    return json.dumps(cloud_event(**{"source": "//lab", **attributes}), separators=(",", ":")).encode()


def records(values: Sequence[bytes | None]) -> list[RawRecord]:
    """Return consecutive records of structured mode."""
    return [RawRecord(TOPIC, 0, 100 + place, 0, None, value, STRUCTURED) for place, value in enumerate(values)]


def many(count: int) -> list[bytes]:
    """Return plain facts about three subjects in turn."""
    return [said(id=f"plain {number}", subject=f"model/retail/m{number % 3}") for number in range(count)]


@pytest.fixture
async def ahead() -> AsyncIterator[ReadAhead]:
    """One process that reads, started by the first who asks."""
    made = ReadAhead(1, lambda: NOW, restart_seconds=0.1, answer_seconds=3.0)
    yield made
    await made.close()


async def registered(desk: Desk, ahead: ReadAhead) -> None:
    """Register the platform and let its topic be known."""
    await desk.register("lab", types=["*"])
    await take(desk, ahead, records([said(id="first")]), None)


async def take(desk: Desk, ahead: ReadAhead, taken: list[RawRecord], prepared: object) -> None:
    """Admit records as the runner does, in one transaction."""
    async with desk.reception.transaction() as (connection, outbox):
        await on_platform_records(desk.reception, RawDelivery(taken, connection, outbox, prepared), ahead)


async def prepared_by(ahead: ReadAhead, taken: list[RawRecord]) -> Ahead:
    """Wait for the process and have records read."""
    async with asyncio.timeout(START_SECONDS):
        while (found := await ahead.prepare(taken)) is None:  # noqa: ASYNC110 - the process tells its parent alone
            await asyncio.sleep(0.05)
    return found


def told(outgoing: list[tuple[str, Event]]) -> list[tuple[str, str, str, str, bytes]]:
    """Return what left, without what differs by nature: ids of refusals, sealed texts and traces."""
    return [
        (topic, event.subject, event.type, *((event.id, event.data) if topic == topics.FACTS else ("", b"")))
        for topic, event in outgoing
        if event.type != INCIDENT["type"]
    ]


def mixed() -> list[bytes | None]:
    """Return what a platform may say, the good and the bad between each other, longer than one part."""
    middle: list[bytes | None] = [
        b"\xff rubbish",
        said(id="plain 1", subject="model/retail/m1"),
        said(id="plain 1", data={"purpose": "another"}),
        said(id="personal", **INCIDENT, data=ACCOUNT),
        said(id="counted", sequence="7"),
        said(id="theirs", source="//else"),
        said(id="below", source="//lab/below"),
        said(id="broken", data={"purpose": 7}),
        said(id="opaque", type="com.example.happened", subject=None, data=[1, {"é": 1e16}]),
        said(id="no time", time=None),
        None,
    ]
    plain = many(PART_COUNT)
    return [*plain[:100], *middle, *plain[100:]]


async def test_what_was_read_ahead_is_admitted_like_what_is_read_here(
    service_database: Callable[[str], str], tmp_path: Path, ahead: ReadAhead
) -> None:
    taken, found = records(mixed()), []
    for name, is_ahead in (("ahead", True), ("here", False)):
        folder = tmp_path / name
        folder.mkdir()
        async with open_desk(service_database("intake"), folder) as desk:
            await registered(desk, ahead)
            await take(desk, ahead, taken, await prepared_by(ahead, taken) if is_ahead else None)
            found.append(await desk.outgoing())
            reasons = {refusal["reason"] for refusal in await desk.refusals()}
    assert told(found[0]) == told(found[1])
    assert reasons == {"invalid_utf8", "id_reused", "foreign_source", "contract_broken", "invalid_json"}
    facts = [event for topic, event in found[0] if topic == topics.FACTS]
    assert len(facts) == 1 + PART_COUNT + 5
    assert {event.id for event in facts} >= {"personal", "counted", "below", "opaque", "no time"}
    about_one = [event.id for event in facts if event.subject == "model/retail/m1"]
    assert about_one == [f"plain {number}" for number in range(1, PART_COUNT, 3)]
    assert "Miller" not in "".join(event.data.decode() for event in facts)


async def test_a_reading_process_that_is_killed_loses_nothing_and_is_followed_by_another(
    desk: Desk, ahead: ReadAhead
) -> None:
    await registered(desk, ahead)
    taken = records(many(3 * PART_COUNT))
    await prepared_by(ahead, taken)
    (process,) = reading_processes()
    os.kill(process, signal.SIGSTOP)
    prepared = await ahead.prepare(taken)
    os.kill(process, signal.SIGKILL)
    await take(desk, ahead, taken, prepared)
    assert len(await desk.facts()) == 1 + len(taken)
    assert await ahead.prepare(taken) is None
    await prepared_by(ahead, taken)
    assert reading_processes() != [process]


async def test_a_reading_process_that_stands_still_is_ended_and_holds_up_nothing_for_long(
    desk: Desk, ahead: ReadAhead
) -> None:
    await registered(desk, ahead)
    taken = records(many(2 * PART_COUNT))
    await prepared_by(ahead, taken)
    (process,) = reading_processes()
    os.kill(process, signal.SIGSTOP)
    begun = time.monotonic()
    await take(desk, ahead, taken, await ahead.prepare(taken))
    assert time.monotonic() - begun < IDLE_SECONDS
    assert len(await desk.facts()) == 1 + len(taken)
    assert process not in reading_processes()


async def test_a_registration_that_changed_after_the_reading_decides(desk: Desk, ahead: ReadAhead) -> None:
    await registered(desk, ahead)
    taken = records(many(WORTHWHILE_COUNT))
    prepared = await prepared_by(ahead, taken)
    changed = await desk.client.patch("/v1/sources/lab", json={"types": ["dataset.*"]}, headers=desk.person("admin"))
    assert changed.status_code == 200, changed.text
    await take(desk, ahead, taken, prepared)
    assert {refusal["reason"] for refusal in await desk.refusals()} == {"foreign_type"}
    assert len(await desk.facts()) == 1


async def test_a_part_of_the_records_that_were_read_can_be_taken_alone(desk: Desk, ahead: ReadAhead) -> None:
    await registered(desk, ahead)
    taken = records(many(PART_COUNT + 5))
    prepared = await prepared_by(ahead, taken)
    for part in (taken[:1], taken[1 : PART_COUNT - 2], taken[PART_COUNT - 2 :]):
        await take(desk, ahead, part, prepared)
    assert [fact.id for fact in await desk.facts()][1:] == [f"plain {number}" for number in range(len(taken))]


async def test_a_few_records_and_those_of_an_unknown_platform_are_not_read_ahead(ahead: ReadAhead) -> None:
    assert await ahead.prepare(records(many(WORTHWHILE_COUNT))) is None
    ahead.remember(TOPIC, Source("lab", "//lab", "retail"))
    await prepared_by(ahead, records(many(WORTHWHILE_COUNT)))
    assert await ahead.prepare(records(many(WORTHWHILE_COUNT - 1))) is None
    ahead.remember(TOPIC, Source("lab", "//lab", "retail", mapping="mlflow"))
    assert await ahead.prepare(records(many(WORTHWHILE_COUNT))) is None


async def test_without_processes_everything_is_read_here() -> None:
    ahead = ReadAhead(0, lambda: NOW)
    ahead.remember(TOPIC, Source("lab", "//lab", "retail"))
    assert await ahead.prepare(records(many(WORTHWHILE_COUNT))) is None
    await ahead.close()
    assert not reading_processes()


def test_a_process_answers_each_request_as_it_would_be_read_here_and_ends_with_its_input() -> None:
    source = Source("lab", "//lab", "retail", types=("model.*",))
    raw = [(record.headers, record.value) for record in records(mixed())]
    requests = [
        reading_process.Request(source, NOW, "00-" + "a" * 32 + "-" + "b" * 16 + "-01", part) for part in ([], raw)
    ]
    outgoing = io.BytesIO()
    reading_process.serve(io.BytesIO(b"".join(map(reading_process.packed, requests)) + b"\0"), outgoing)
    answers = outgoing.getvalue()
    expected = [read_plain(request.records, source, NOW, request.traceparent) for request in requests]
    assert answers == b"".join(map(reading_process.packed, expected))
    body = reading_process.packed(expected[1])[reading_process.LENGTH_BYTES :]
    assert reading_process.answer_of(body) == expected[1]
    assert [one is None for one in expected[1]].count(True) == 6
