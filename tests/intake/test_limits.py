"""What one source may send, and what all may at once: named refusals, bounded memory, nothing on record one by one."""

import asyncio
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts.limits import BODY_BYTES
from govbus.intake.api import bodies
from govbus.intake.domain.limits import full_bucket
from intake.desk import Desk, cloud_event, open_desk
from intake.test_webhooks import cdevent

BATCH = {"content-type": "application/cloudevents-batch+json"}
MIB = 1024 * 1024


@given(st.floats(0.01, 1e6), st.lists(st.tuples(st.floats(0, 100), st.integers(1, 5000)), max_size=40))
def test_a_bucket_never_lets_more_through_than_rate_burst_and_one_batch(
    per_second: float, calls: list[tuple[float, int]]
) -> None:
    bucket, now, passed, largest = full_bucket(per_second, 2 * per_second, 0.0), 0.0, 0, 0
    for after_seconds, count in calls:
        now += after_seconds
        if bucket.wait_seconds(now) == 0:
            bucket = bucket.spent(count, now)
            passed, largest = passed + count, max(largest, count)
    assert passed <= max(1.0, 2 * per_second) + per_second * now + largest + 1e-3 * (1 + passed)


@given(st.floats(0.01, 1e6), st.integers(1, 10_000))
def test_who_waits_as_long_as_told_may_send_again(per_second: float, count: int) -> None:
    bucket = full_bucket(per_second, 2 * per_second, 0.0).spent(count, 0.0)
    wait_seconds = bucket.wait_seconds(0.0)
    assert bucket.wait_seconds(wait_seconds * (1 + 1e-6) + 1e-6) == 0


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = full_bucket(1.0, 1.0, 100.0).spent(1, 100.0)
    assert bucket.wait_seconds(50.0) == 1.0
    again = bucket.spent(1, 50.0)
    assert (again.wait_seconds(100.0), again.wait_seconds(102.5)) == (2.0, 0)


async def test_a_source_that_sends_faster_than_it_may_is_429_and_told_when_to_come_again(desk: Desk) -> None:
    mine = await desk.register(limits={"events_per_second": 1})
    assert [(await desk.emit(mine, id=str(number))).status_code for number in range(3)] == [202, 202, 429]
    refused = await desk.emit(mine, id="3")
    assert (refused.json()["reason"], refused.headers["retry-after"]) == ("rate_limited", "1")
    desk.clock.now = desk.clock.now.replace(second=1)
    assert (await desk.emit(mine, id="4")).status_code == 202


async def test_a_batch_passes_whole_and_is_paid_for_afterwards(desk: Desk) -> None:
    mine = await desk.register(limits={"events_per_second": 10})
    batch = json.dumps([cloud_event(id=str(number)) for number in range(50)])
    answer = await desk.client.post("/v1/events", content=batch, headers={**mine, **BATCH})
    assert {result["status"] for result in answer.json()["results"]} == {"accepted"}
    refused = await desk.emit(mine, id="more")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "4")


async def test_too_many_are_counted_in_one_summary_and_never_on_record_one_by_one(desk: Desk) -> None:
    mine = await desk.register(limits={"events_per_second": 1})
    for number in range(10):
        await desk.emit(mine, id=str(number))
    assert await desk.refusals() == []
    await desk.reception.write_counts()
    desk.clock.now = desk.clock.now.replace(minute=2)
    await desk.reception.summarise()
    (record,) = await desk.refusals()
    assert (record["reason"], record["source_name"], record["count"]) == ("rate_limited", "mlflow-prod", 8)
    assert 'rate_limited_total{source="mlflow-prod"} 8.0' in (await desk.client.get("/metrics")).text


async def test_webhooks_are_limited_before_their_body_is_read(desk: Desk) -> None:
    await desk.register(
        "lab", mapping="cdevents", internal=True, signature={"scheme": "none"}, limits={"events_per_second": 1}
    )
    sent = [await desk.client.post("/v1/webhooks/lab", json=cdevent()) for _ in range(3)]
    assert [answer.status_code for answer in sent] == [202, 200, 429]
    endless = await desk.client.post("/v1/webhooks/lab", content=b"x" * (BODY_BYTES + 1))
    assert endless.status_code == 429


async def test_nobody_sends_faster_than_the_process_lets_anybody(
    service_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_desk(service_database("intake"), tmp_path, intake_events_per_second=1) as desk:
        mine = await desk.register(limits={"events_per_second": 1000})
        statuses = [(await desk.emit(mine, id=str(number))).status_code for number in range(3)]
    assert statuses == [202, 202, 429]


async def test_one_sources_haste_is_not_anothers(desk: Desk) -> None:
    hasty, other = await desk.register(limits={"events_per_second": 1}), await desk.register("other")
    for number in range(3):
        await desk.emit(hasty, id=str(number))
    assert (await desk.emit(other, source="//other", subject="model/retail/x")).status_code == 202


async def test_a_source_may_be_held_to_smaller_bodies_and_events(desk: Desk) -> None:
    mine = await desk.register(limits={"body_bytes": 2000, "event_bytes": 100})
    refused = await desk.emit(mine, data={"purpose": "x" * 200})
    assert (refused.status_code, refused.json()["reason"]) == (413, "too_large")
    assert "may send 100" in refused.json()["detail"]
    larger = await desk.emit(mine, data={"purpose": "x" * 3000})
    assert (larger.status_code, larger.json()["detail"]) == (413, "at most 2000 bytes are taken")
    shown = (await desk.client.get("/v1/sources/mlflow-prod", headers=desk.person("viewer"))).json()
    assert shown["limits"] == {"events_per_second": None, "body_bytes": 2000, "event_bytes": 100}


@pytest.mark.parametrize(
    "limits",
    [
        {"events_per_second": 0},
        {"events_per_second": float(10**9)},
        {"body_bytes": BODY_BYTES + 1},
        {"event_bytes": 10**7},
        {"bytes": 1},
    ],
)
async def test_a_limit_beyond_what_holds_for_everybody_is_422(desk: Desk, limits: dict[str, Any]) -> None:
    body = {"name": "x", "source": "//x", "limits": limits}
    answer = await desk.client.post("/v1/sources", json=body, headers=desk.person("admin"))
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, f"/limits/{next(iter(limits))}")


async def test_bodies_beyond_the_room_are_503_and_the_room_is_given_back(
    service_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_desk(service_database("intake"), tmp_path, intake_bodies_bytes=1000) as desk:
        mine = await desk.register()
        refused = await desk.emit(mine, data={"purpose": "x" * 2000})
        assert (refused.status_code, refused.json()["reason"], refused.headers["retry-after"]) == (
            503,
            "overloaded",
            "2",
        )
        assert await desk.refusals() == []
        for number in range(5):
            assert (await desk.emit(mine, id=str(number))).status_code == 202
        packed = zlib.compressobj(wbits=31)
        bomb = packed.compress(b" " * 10**6) + packed.flush()
        headers = {**mine, "content-type": "application/json", "content-encoding": "gzip"}
        assert (await desk.client.post("/v1/events", content=bomb, headers=headers)).status_code == 503
        assert "govbus_intake_overloaded_total 2.0" in (await desk.client.get("/metrics")).text


async def test_without_a_free_connection_an_event_is_503_and_is_taken_later(
    service_database: Callable[[str], str], tmp_path: Path
) -> None:
    narrow = {"postgres_pool_count": 1, "postgres_pool_timeout_seconds": 0.05}
    async with open_desk(service_database("intake"), tmp_path, **narrow) as desk:
        mine = await desk.register("ci", mapping="cdevents")
        async with desk.app.state.service.engine.connect():
            sent = [await desk.emit(mine), await desk.client.post("/v1/webhooks/ci", json=cdevent(), headers=mine)]
        assert [(one.status_code, one.headers["retry-after"]) for one in sent] == [(503, "5")] * 2
        assert (await desk.client.post("/v1/webhooks/ci", json=cdevent(), headers=mine)).status_code == 202


@asynccontextmanager
async def listening(desk: Desk) -> AsyncIterator[str]:
    """The desk's application behind a real server, without its background side."""
    server = uvicorn.Server(uvicorn.Config(desk.app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def _zeros(mib: int) -> AsyncIterator[bytes]:
    for _ in range(mib):
        yield bytes(MIB)


async def test_sixty_four_mib_are_413_and_the_answer_arrives_and_memory_stays_bounded(desk: Desk) -> None:
    mine = await desk.register("ci", mapping="cdevents")
    async with listening(desk) as url, httpx2.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
        stated = await client.post("/v1/webhooks/ci", content=bytes(64 * MIB), headers=mine)
        tracemalloc.start()
        try:
            unstated = await client.post("/v1/webhooks/ci", content=_zeros(64), headers=mine)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (stated.status_code, stated.json()["reason"]) == (413, "too_large")
    assert (unstated.status_code, unstated.json()["reason"]) == (413, "too_large")
    assert peak_bytes < 3 * BODY_BYTES
    assert {one["reason"] for one in await desk.refusals()} == {"too_large"}


async def test_a_sender_that_waits_for_permission_is_refused_before_it_sends(desk: Desk) -> None:
    mine = await desk.register("ci", mapping="cdevents")
    head = {**mine, "content-length": str(64 * MIB), "expect": "100-continue"}
    async with listening(desk) as url, sending(url, head, b"") as reader:
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)
    assert b" 413 " in answer


async def test_a_million_elements_are_413_and_make_one_record(desk: Desk) -> None:
    mine = await desk.register()
    many = b"[" + b"0," * 10**6 + b"0]"
    answer = await desk.client.post("/v1/events", content=many, headers={**mine, **BATCH})
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")
    assert len(await desk.refusals()) == 1


async def test_a_million_elements_to_a_webhook_are_one_refusal(desk: Desk) -> None:
    mine = await desk.register("ci", mapping="cdevents")
    many = b"[" + b"0," * 10**6 + b"0]"
    answer = await desk.client.post("/v1/webhooks/ci", content=many, headers=mine)
    assert answer.status_code == 422, answer.text[:500]
    assert len(await desk.refusals()) == 1


async def test_a_sender_that_hangs_up_leaves_nothing_behind_not_even_a_failure_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    mine = await desk.register("ci", mapping="cdevents")
    async with listening(desk) as url:
        for _ in range(3):
            async with sending(url, {**mine, "content-length": "1000"}, b"half"):
                pass
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
            assert (await client.post("/v1/webhooks/ci", json=cdevent(), headers=mine)).status_code == 202
    assert await desk.refusals() == []
    assert not [record.getMessage() for record in caplog.records if "failed" in record.getMessage()]


async def test_a_sender_that_is_too_slow_is_408(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "READ_SECONDS", 0.2)
    mine = await desk.register("ci", mapping="cdevents")
    async with listening(desk) as url, sending(url, {**mine, "content-length": "10"}, b"{") as reader:
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)
    assert b" 408 " in answer


@asynccontextmanager
async def sending(url: str, headers: dict[str, str], begun: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A connection over which a delivery has begun, and what is answered on it."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "host": host}.items())
    writer.write(f"POST /v1/webhooks/ci HTTP/1.1\r\n{lines}\r\n".encode() + begun)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()
