"""Fixtures of the tests of bad input: every service, asked in-process by people who hold every role."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from hostile.services import build
from people import Issuer

Open = Callable[[str], httpx2.AsyncClient]


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Who signs people's tokens."""
    return Issuer(tmp_path)


@pytest.fixture
async def client(service_database: Callable[[str], str], tmp_path: Path, issuer: Issuer) -> AsyncIterator[Open]:
    """`client("risk")` asks that service; it neither consumes nor publishes."""
    apps: list[FastAPI] = []
    clients: list[httpx2.AsyncClient] = []

    def opened(name: str) -> httpx2.AsyncClient:
        apps.append(build(name, service_database, tmp_path, issuer))
        transport = httpx2.ASGITransport(apps[-1])
        clients.append(httpx2.AsyncClient(transport=transport, base_url=f"http://{name}.example"))
        return clients[-1]

    yield opened
    for one in clients:
        await one.aclose()
    for app in apps:
        if hasattr(app.state, "sender"):
            await app.state.sender.close()
        await app.state.service.engine.dispose()
