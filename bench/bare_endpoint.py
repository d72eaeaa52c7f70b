"""The least that a durable intake must do: an endpoint that COPYs the events of a body into a table and commits."""

import asyncio
import multiprocessing
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
import httpx2
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_TABLE: Final = "CREATE TABLE IF NOT EXISTS bench_event (position bigserial PRIMARY KEY, body bytea NOT NULL)"
_CONNECTIONS_COUNT: Final = 8
_START_SECONDS: Final = 30.0


@contextmanager
def bare_endpoint(dsn: str) -> Iterator[str]:
    """Run one in a process of its own, on a table of its own; yield its address."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listening, dsn), daemon=True)
    process.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        _wait_until_it_answers(address)
        yield address
    finally:
        process.terminate()
        process.join()
        listening.close()


def _wait_until_it_answers(address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{address}/ready", trust_env=False).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise SystemExit("the bare endpoint did not start")


def _serve(listening: socket.socket, dsn: str) -> None:
    config = uvicorn.Config(_Application(dsn), log_level="warning", access_log=False, lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


class _Application:
    """One pool of connections and two routes."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._app = Starlette(routes=[Route("/ready", self._ready), Route("/events", self._take, methods=["POST"])])

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        await self._app(scope, receive, send)  # type: ignore[arg-type]

    async def _opened(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn, min_size=_CONNECTIONS_COUNT, max_size=_CONNECTIONS_COUNT
                )
                await self._pool.execute(_TABLE)
        return self._pool

    async def _ready(self, _: Request) -> Response:
        await self._opened()
        return Response("ready")

    async def _take(self, request: Request) -> Response:
        """COPY each element of a batch, or the body, as it came; answer after the commit."""
        body = await request.body()
        rows = msgspec.json.decode(body, type=list[msgspec.Raw]) if body.startswith(b"[") else [body]
        pool = await self._opened()
        async with pool.acquire() as connection, connection.transaction():
            await connection.copy_records_to_table(
                "bench_event", columns=["body"], records=[(bytes(row),) for row in rows]
            )
        return JSONResponse({"results": [{"status": "accepted"} for _ in rows]}, 202)
