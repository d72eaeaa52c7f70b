"""The inventory on a migrated database, handed records as the runner would, and asked over HTTP."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from govbus.eventing.service import Service
from govbus.inventory.app import build_app
from govbus.inventory.settings import Settings
from inventory.delivering import Desk
from people import ISSUER, Issuer


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Who signs people's tokens."""
    return Issuer(tmp_path)


@pytest.fixture
async def app(service_database: Callable[[str], str], issuer: Issuer) -> AsyncIterator[FastAPI]:
    """The service, not consuming."""
    settings = Settings(
        postgres_url=SecretStr(service_database("inventory")),
        kafka_bootstrap_servers="localhost:1",
        jwks_file=issuer.jwks_file,
        token_issuer=ISSUER,
    )
    app = build_app(settings)
    yield app
    await app.state.service.engine.dispose()


@pytest.fixture
def service(app: FastAPI) -> Service:
    """The service behind the app."""
    found: Service = app.state.service
    return found


@pytest.fixture
async def desk(app: FastAPI, issuer: Issuer) -> AsyncIterator[Desk]:
    """Delivers facts to the service and asks it as a viewer."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://inventory") as client:
        yield Desk(app.state.service, client, issuer)
