"""What stands behind the console in tests: the real oversight and notifier, and a checkpoint as the log serves it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = "NgYTCWBhjK0nNOfF6UxClGQi5DOBUxgQGIWCJFkjTzA="


def checkpoint(size_count: int) -> str:
    """Return a checkpoint in the log's format."""
    return f"govbus.local/audit\n{size_count}\n{ROOT}\n\n— govbus.local/audit Az3grlgtzPICa5OS8npVmf1Myq/5IZni\n"


@dataclass
class FrontDoor:
    """One address; a service taken from `services` is away."""

    services: dict[str, ASGIApp] = field(default_factory=dict)
    entries_count: int = 26

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/v1/log/checkpoint" and self.entries_count:
            await PlainTextResponse(checkpoint(self.entries_count))(scope, receive, send)
            return
        for prefix, app in self.services.items():
            if path.startswith(prefix):
                await app(scope, receive, send)
                return
        await PlainTextResponse("away", 502)(scope, receive, send)


@asynccontextmanager
async def served(app: ASGIApp, *, lifespan: bool = False) -> AsyncIterator[str]:
    """Serve an application on a port of its own; yield its address."""
    config = uvicorn.Config(
        app,
        port=0,
        log_level="error",
        lifespan="on" if lifespan else "off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def dispose(app: FastAPI) -> None:
    """Close an application's database connections."""
    await app.state.service.engine.dispose()
