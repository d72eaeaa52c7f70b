"""Runs a service's application on a port of its own, in a thread, with no broker behind it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

START_SECONDS = 20.0


@contextmanager
def serving(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Serve `app`; yield its address. Its lifespan does not run: nothing is consumed and nothing published."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))

    async def run() -> None:
        await server.serve()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*left, return_exceptions=True)
        await app.state.service.close()

    thread = Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
