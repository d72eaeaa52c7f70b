"""The stream: what each reader gets of it, and what ends a session."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from audit_log.desk import Desk, bearer, event, settings
from eventing.live import until
from govbus.audit_log.api import stream

STORY = (
    event("a"),
    event("b", type="dev.govbus.validation.failed.v1"),
    event("s", dataclassification="confidential", data=b'{"secret":"plan"}'),
    event("c", type="dev.govbus.validation.failed.v1", subject="model/retail/other"),
    event("p", dataclassification="personal", data=b'{"name":"Alice"}'),
)


@asynccontextmanager
async def _served(dsn: str, folder: Path, **changes: Any) -> AsyncIterator[tuple[Desk, str]]:
    """Give a desk with a story in its log, and the address it is served at."""
    desk = Desk(settings(dsn, folder, **changes))
    config = uvicorn.Config(desk.app, port=0, log_config=None, timeout_graceful_shutdown=1, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def is_started() -> bool:
        return server.started

    await until(is_started, "server started")
    await desk.sign()
    await desk.enter(*STORY)
    await _signed(desk)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield desk, f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
        await desk.close()


async def _signed(desk: Desk) -> None:
    await desk.sign()
    await desk.do("progress")


async def _blocks(url: str, query: str, count: int, role: str = "viewer", **headers: str) -> list[dict[str, str]]:
    """Return the first blocks of a stream, comments under an empty name."""
    found: list[dict[str, str]] = []
    sent = {**bearer("ada", role), **headers}
    path = f"/v1/log/stream?{query}"
    async with (
        asyncio.timeout(20),
        httpx2.AsyncClient(base_url=url, headers=sent, timeout=20) as client,
        client.stream("GET", path) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        block: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            block |= {name: value} if line else {}
            if not line:
                found.append(block)
                block = {}
            if len(found) == count:
                break
    return found


def _shown(blocks: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [json.loads(block["data"]) for block in blocks if "data" in block]


async def test_a_filtered_stream_sends_what_matches_and_moves_on_behind_what_does_not(
    log_dsn: str, tmp_path: Path
) -> None:
    async with _served(log_dsn, tmp_path) as (desk, url):
        blocks = await _blocks(url, "from=0&type=*.failed.*", 3)
        assert [item["id"] for item in _shown(blocks)] == ["b", "c"]
        assert [block["id"] for block in blocks] == ["1", "3", "4"]
        assert "data" not in blocks[2], "a position, no entry"
        following = asyncio.create_task(_blocks(url, "type=*.failed.*", 2, **{"last-event-id": "4"}))
        await asyncio.sleep(0.2)
        await desk.enter(event("d"), event("e", type="dev.govbus.check.failed.v1"))
        await _signed(desk)
        assert [block["id"] for block in await following] == ["6", "6"]
        assert [block["id"] for block in await _blocks(url, "from=1&to=3", 3)] == ["1", "2", "2"]


async def test_a_quiet_stream_says_that_it_lives(log_dsn: str, tmp_path: Path) -> None:
    async with _served(log_dsn, tmp_path, audit_log_stream_heartbeat_seconds=0.05) as (_, url):
        assert await _blocks(url, "", 2) == [{"": "the log is quiet"}] * 2


async def test_a_stream_that_has_all_it_was_asked_for_or_is_too_old_ends(log_dsn: str, tmp_path: Path) -> None:
    changes = {"audit_log_stream_seconds": 0.3, "audit_log_stream_heartbeat_seconds": 0.05}
    async with _served(log_dsn, tmp_path, **changes) as (_, url):
        assert [item["id"] for item in _shown(await _blocks(url, "from=0&to=2", 100))] == ["a", "b"]
        blocks = await _blocks(url, "from=0", 1000)
        assert (len(_shown(blocks)), blocks[-1]) == (5, {"": "the log is quiet"})


async def test_closed_payloads_are_streamed_to_auditors_who_ask_and_one_entry_says_so(
    log_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _served(log_dsn, tmp_path) as (desk, url):
        for query, role in (("from=0&to=5", "auditor"), ("from=0&to=5", "viewer")):
            shown = _shown(await _blocks(url, query, 5, role))
            assert [item.get("payload_withheld") for item in shown] == [None, None, "confidential", None, "personal"]
        assert await desk.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(0,)]
        shown = _shown(await _blocks(url, "from=0&to=5&confidential=true", 5, "auditor"))
        assert [shown[2]["payload"], shown[4]["payload"]] == [{"secret": "plan"}, {"name": "Alice"}]
        [access] = (await desk.get("/v1/log/entries?kind=access", "auditor")).json()["items"]
        assert access["payload"]["stream"] == {"filter": {"to": "5"}, "first": 2, "below": 5}
        monkeypatch.setattr(stream, "RECORDED_COUNT", 2)
        await _blocks(url, "from=0&to=5&confidential=true", 5, "auditor")
        assert await desk.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(3,)]
        await _signed(desk)
        shown = _shown(await _blocks(url, "from=5&to=8&confidential=true", 3, "auditor"))
        assert all("reader" in item["payload"] for item in shown)
        assert await desk.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(3,)], "reads of them make none"


@pytest.mark.parametrize("query", ["text=scoring", "from=-1", "type=a%00"])
async def test_a_stream_of_what_cannot_be_followed_is_refused(desk: Desk, query: str) -> None:
    answer = await desk.get(f"/v1/log/stream?{query}", "viewer")
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid_request")
    for role in ("viewer", "operator", "owner", "admin"):
        assert (await desk.get("/v1/log/stream?confidential=true", role)).status_code == 403


async def test_a_reader_who_takes_nothing_is_left_and_another_gets_the_place(log_dsn: str, tmp_path: Path) -> None:
    changes = {"audit_log_streams_count": 1, "audit_log_stream_stalled_seconds": 0.5}
    async with _served(log_dsn, tmp_path, **changes) as (desk, url):
        await desk.enter(*(event(f"n{n}", data=b'{"text":"%s"}' % (b"w" * 200_000)) for n in range(60)))
        await _signed(desk)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]), limit=1024)
        token = bearer("slow", "viewer")["authorization"]
        writer.write(f"GET /v1/log/stream?from=0 HTTP/1.1\r\nhost: log\r\nauthorization: {token}\r\n\r\n".encode())
        assert b"200" in await reader.readline()
        assert (await desk.get("/v1/log/stream?from=0&to=1", "viewer")).json()["reason"] == "too_many_streams"

        async def has_place() -> bool:
            return (await desk.get("/v1/log/stream?from=0&to=1", "viewer")).status_code == 200

        await until(has_place, "the slow reader was left")
        writer.close()


async def test_streams_end_when_the_service_stops(log_dsn: str, tmp_path: Path) -> None:
    async with _served(log_dsn, tmp_path) as (_, url):
        reading = asyncio.create_task(_blocks(url, "from=0", 1000))
        await asyncio.sleep(0.3)
    with pytest.raises(httpx2.HTTPError):
        await reading
