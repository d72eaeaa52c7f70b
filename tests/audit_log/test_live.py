"""The whole service on a real Kafka: from the topics into the log and out to `govbus.audit`."""

import asyncio
import json
import random
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from audit_log.desk import Desk, bearer, event, settings
from audit_log.live import live_settings, read_published, running, until_published
from backends.running import RunningKafka, RunningPostgres
from eventing.live import produce, until
from govbus.contracts import topics
from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.vkey import parse_vkey

pytestmark = pytest.mark.timeout(180)


async def test_every_record_is_logged_and_the_topic_rebuilds_the_tree(
    govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    await produce(kafka, *(event(f"f{n}", subject=f"model/retail/m{n % 7}") for n in range(300)))
    async with running(Desk(live_settings(kafka, log_dsn, tmp_path))) as desk:
        secret = event("secret", dataclassification="confidential")
        await produce(kafka, event("r1", source="//govbus/risk"), secret, topic=topics.RISK, principal="risk")
        await until_published(desk, 302)
        entries, checkpoints = await read_published(kafka)
        assert len(entries) == 302
        raw = [b64decode(item["entry"]) for item in entries]
        key = parse_vkey((await desk.get("/v1/log/key")).text)
        for item in checkpoints:
            signed = open_checkpoint(item["checkpoint"], key).checkpoint
            assert grow(CompactRange(), map(leaf_hash, raw[: signed.size])).compact.root == signed.root
        assert checkpoints[-1]["size"] == 302
        kept_back = [json.loads(b64decode(item["entry"]))["id"] for item in entries if "payload" not in item]
        assert kept_back == ["secret"]
        per_subject: dict[str, list[int]] = {}
        for item in map(json.loads, raw):
            if item["id"].startswith("f"):
                per_subject.setdefault(item["subject"], []).append(int(item["id"][1:]))
        assert all(numbers == sorted(numbers) for numbers in per_subject.values())


async def test_a_database_restored_behind_the_topic_takes_and_signs_nothing(
    govbus_topics: RunningKafka, postgres: RunningPostgres, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    await produce(kafka, *(event(f"f{n}") for n in range(20)))
    async with running(Desk(live_settings(kafka, log_dsn, tmp_path))) as desk:
        await until_published(desk, 20)
    for copy in (tmp_path / "data" / "checkpoints").rglob("*"):
        if copy.is_file():
            copy.unlink()
    async with running(Desk(live_settings(kafka, postgres.create_service_database("audit_log"), tmp_path))) as restored:

        async def stopped() -> bool:
            return restored.service.refusal is not None

        await until(stopped, "the log stopped")
        assert "behind a checkpoint on govbus.audit: entries 0..19 are missing" in str(restored.service.refusal)
        assert await restored.rows("SELECT count(*) FROM entry") == [(0,)]


async def test_killed_publishers_and_sequencers_leave_every_record_once_and_in_order(
    govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path
) -> None:
    kafka, chance = govbus_topics, random.Random(7)  # noqa: S311 - a schedule that repeats
    count = 0
    for _ in range(5):
        desk = Desk(live_settings(kafka, log_dsn, tmp_path))
        async with running(desk):
            await produce(kafka, *(event(f"f{count + n}", subject=f"model/x/m{n % 3}") for n in range(200)))
            count += 200
            await asyncio.sleep(chance.uniform(0.05, 1.5))
    desk = Desk(live_settings(kafka, log_dsn, tmp_path))
    async with running(desk):
        await until_published(desk, count)
        assert await desk.rows("SELECT count(*), count(DISTINCT id), max(idx) + 1 FROM entry") == [(count,) * 3]
        entries, _ = await read_published(kafka)
        assert len(entries) == count
        assert desk.service.refusal is None


async def test_a_stream_sends_entries_as_they_are_signed_and_goes_on_where_it_ended(
    log_dsn: str, tmp_path: Path
) -> None:
    desk = Desk(settings(log_dsn, tmp_path))
    server = uvicorn.Server(
        uvicorn.Config(desk.app, port=0, log_config=None, timeout_graceful_shutdown=1, lifespan="off")
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: _is(server.started), "server started")
    port = server.servers[0].sockets[0].getsockname()[1]
    await desk.sign()
    await desk.enter(event("a"), event("b"))
    await desk.sign()
    await desk.do("progress")
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=bearer("vera", "viewer")) as client:
        async with client.stream("GET", "/v1/log/stream?from=0") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.aiter_lines()
            assert await _next_ids(lines, 2) == ["a", "b"]
            await desk.enter(event("c"))
            await desk.sign()
            await desk.do("progress")
            assert await _next_ids(lines, 1) == ["c"]
        async with client.stream("GET", "/v1/log/stream", headers={"last-event-id": "1"}) as answer:
            assert await _next_ids(answer.aiter_lines(), 1) == ["c"]
    server.should_exit = True
    await serving
    await desk.close()


async def _is(value: bool) -> bool:
    return value


async def _next_ids(lines: AsyncIterator[str], count: int) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(20):
        async for line in lines:
            if line.startswith("data:"):
                found.append(json.loads(line.removeprefix("data:"))["id"])
            if len(found) == count:
                break
    return found
