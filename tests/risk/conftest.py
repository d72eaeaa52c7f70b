"""Fixtures of risk's tests: people with tokens, the service on a migrated database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from govbus.eventing.service import Service
from govbus.risk.app import build_app
from govbus.risk.settings import Settings
from people import ISSUER, Issuer
from risk.rules import POLICIES


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Whoever signs the tokens of this test's people."""
    return Issuer(tmp_path)


@pytest.fixture
def bearer(issuer: Issuer) -> Callable[..., dict[str, str]]:
    """`bearer("alice", "operator")` is the header of a person's token."""
    return issuer.bearer


@pytest.fixture
def settings(service_database: Callable[[str], str], issuer: Issuer) -> Settings:
    """Settings of a service without a broker."""
    return Settings(
        postgres_url=SecretStr(service_database("risk")),
        kafka_bootstrap_servers="localhost:1",
        jwks_file=issuer.jwks_file,
        token_issuer=ISSUER,
        risk_policies_directory=POLICIES,
        gate_wait_seconds=0.3,
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The service, not consuming."""
    built = build_app(settings)
    yield built
    service: Service = built.state.service
    await service.engine.dispose()


@pytest.fixture
def service(app: FastAPI) -> Service:
    """The service behind the app."""
    found: Service = app.state.service
    return found


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://risk") as client:
        yield client
