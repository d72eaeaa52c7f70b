"""What is built to exhaust a process does not: intake grows by a stated amount at most and answers others meanwhile."""

import asyncio
import gzip
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx2
import psutil
import pytest

from backends.running import CHECKOUT
from govbus.local.ports import free_ports
from people import ISSUER, Issuer

pytestmark = pytest.mark.processes

GROWTH_BYTES: Final = 400 * 1024 * 1024
"""One body of 8 MiB in its most expensive reading takes about 250 MiB, and such are read one at a time."""

ANSWER_SECONDS: Final = 10.0
"""How long anybody else waits at most meanwhile, on a machine that does other things too."""

START_SECONDS: Final = 60.0
MIB: Final = 1024 * 1024
SLOW_COUNT: Final = 100

JSON: Final = {"content-type": "application/json"}
BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
EVENT: Final = {"content-type": "application/cloudevents+json"}
GZIP: Final = {**BATCH, "content-encoding": "gzip"}
TEXT: Final = {"content-type": "text/plain"}

Hostile = tuple[str, dict[str, str], bytes | AsyncIterator[bytes]]


async def _endless(size_bytes: int) -> AsyncIterator[bytes]:
    for _ in range(size_bytes // MIB):
        yield b" " * MIB


def _alias_bomb() -> bytes:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return ("---\n" + "\n".join(levels) + "\n---\n# Card\n").encode()


def _hostile() -> dict[str, Hostile]:
    """Return each request by what it is: path, headers, body."""
    run = {"eventTime": "2026-11-23T12:00:00Z", "eventType": "COMPLETE", "run": {"runId": "r"}, "producer": "p"}
    return {
        "64 MiB": ("/v1/events", JSON, b" " * (64 * MIB)),
        "64 MiB of unstated length": ("/v1/events", JSON, _endless(64 * MIB)),
        "a million elements": ("/v1/events", BATCH, b"[" + b"{}," * 999_999 + b"{}]"),
        "8 MiB of elements": ("/v1/events", BATCH, b"[" + b"{}," * 2_790_000 + b"{}]"),
        "a million lines": ("/v1/imports?as=garak", TEXT, b"{}\n" * 1_000_000),
        "a gzip bomb": ("/v1/events", GZIP, gzip.compress(b" " * (64 * MIB), 9)),
        "an alias bomb": ("/v1/imports?as=model_cards", TEXT, _alias_bomb()),
        "a million brackets": ("/v1/events", EVENT, b"[" * 1_000_000),
        "a million keys": ("/v1/events", EVENT, json.dumps(dict.fromkeys(map(str, range(500_000)), 0)).encode()),
        "thousands of parts": ("/api/v1/lineage", JSON, json.dumps([run] * 20_000).encode()),
        "a cell of 8 MiB": ("/v1/imports?as=federal_inventory", TEXT, b'a,b\n"' + b"x" * (8 * MIB - 100) + b'",1\n'),
        "a million rows": ("/v1/imports?as=federal_inventory", TEXT, b"a,b\n" + b"1,2\n" * 1_000_000),
        "a number of 8 MiB": ("/v1/events", EVENT, b"1" * (8 * MIB - 1)),
    }


@pytest.fixture
def intake(service_database: Callable[[str], str], tmp_path: Path, issuer: Issuer) -> Iterator[tuple[str, int]]:
    """Address and process id of a real intake whose broker is away."""
    [port] = free_ports(1)
    settings = {
        "GOVBUS_POSTGRES_URL": service_database("intake"),
        "GOVBUS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "GOVBUS_JWKS_FILE": str(issuer.jwks_file),
        "GOVBUS_TOKEN_ISSUER": ISSUER,
        "GOVBUS_TOPICS_FILE": str(CHECKOUT / "infra" / "kafka" / "topics.yaml"),
        "GOVBUS_DATA_DIRECTORY": str(tmp_path),
        "GOVBUS_HTTP_PORT": str(port),
        "GOVBUS_LOG_LEVEL": "CRITICAL",
    }
    process = subprocess.Popen([sys.executable, "-m", "govbus.intake"], env={**os.environ, **settings})
    try:
        _wait_for(process, port)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "intake refused to start"
            assert time.monotonic() < deadline, "intake did not start"
            time.sleep(0.1)
        else:
            return


async def _registered(client: httpx2.AsyncClient, issuer: Issuer, name: str, **settings: str) -> dict[str, str]:
    body = {"name": name, "source": f"//{name}", **settings}
    answer = await client.post("/v1/sources", json=body, headers=issuer.bearer("alice", "admin"))
    return {"authorization": f"Bearer {answer.json()['credential']}"}


@asynccontextmanager
async def _slow_senders(port: int, token: str) -> AsyncIterator[None]:
    """Hold connections of which half never end their head and half never end their body."""
    head = b"POST /v1/events HTTP/1.1\r\nhost: intake\r\n"
    body = (
        head + f"authorization: {token}\r\ncontent-type: application/json\r\ncontent-length: 8000000\r\n\r\n{{".encode()
    )
    writers = []
    for number in range(SLOW_COUNT):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(body if number % 2 else head)
        await writer.drain()
        writers.append(writer)
    yield
    for writer in writers:
        writer.close()


async def _ask_until(done: asyncio.Event, client: httpx2.AsyncClient, headers: dict[str, str]) -> list[float]:
    """Emit small events like anybody else; return how long each took."""
    waits: list[float] = []
    while not done.is_set():
        began = time.monotonic()
        event = {"specversion": "1.0", "id": str(len(waits)), "source": "//ci", "type": "com.example.happened"}
        sent = {**headers, "content-type": "application/cloudevents+json"}
        answer = await client.post("/v1/events", content=json.dumps(event), headers=sent)
        assert answer.status_code == 202, answer.text
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.1)
    return waits


@pytest.mark.timeout(400)
async def test_what_is_built_to_exhaust_intake_does_not_and_others_are_answered(
    intake: tuple[str, int], issuer: Issuer
) -> None:
    url, pid = intake
    process = psutil.Process(pid)
    async with httpx2.AsyncClient(base_url=url, timeout=120, trust_env=False) as client:
        lab = await _registered(client, issuer, "lab", mapping="openlineage")
        ci = await _registered(client, issuer, "ci")
        start_bytes = process.memory_info().rss
        peak_bytes, statuses, done = start_bytes, {}, asyncio.Event()
        async with _slow_senders(int(url.rpartition(":")[2]), ci["authorization"]):
            others = asyncio.create_task(_ask_until(done, client, ci))
            for name, (path, headers, body) in _hostile().items():
                asked = asyncio.create_task(client.post(path, content=body, headers={**lab, **headers}))
                while not asked.done():
                    peak_bytes = max(peak_bytes, process.memory_info().rss)
                    await asyncio.sleep(0.02)
                statuses[name] = (await asked).status_code
            done.set()
            waits = await others
    assert all(200 <= status < 500 for status in statuses.values()), statuses
    assert peak_bytes - start_bytes < GROWTH_BYTES, f"{(peak_bytes - start_bytes) // MIB} MiB"
    assert max(waits) < ANSWER_SECONDS
