"""Fixtures of oversight's tests: people with tokens, the service on a migrated database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from govbus.eventing.service import Service
from govbus.oversight.app import build_app
from govbus.oversight.settings import Settings
from people import ISSUER, Issuer

RULES = Path(__file__).parents[2] / "policies" / "incidents.yaml"


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Whoever signs the tokens of this test's people."""
    return Issuer(tmp_path)


@pytest.fixture
def bearer(issuer: Issuer) -> Callable[..., dict[str, str]]:
    """`bearer("alice", "operator")` is the header of a person's token."""
    return issuer.bearer


@pytest.fixture
def new_settings(service_database: Callable[[str], str], issuer: Issuer) -> Callable[[], Settings]:
    """`new_settings()` names an empty migrated database of its own, and no broker."""

    def make() -> Settings:
        return Settings(
            postgres_url=SecretStr(service_database("oversight")),
            kafka_bootstrap_servers="localhost:1",
            jwks_file=issuer.jwks_file,
            token_issuer=ISSUER,
            oversight_rules_file=RULES,
        )

    return make


@pytest.fixture
async def new_app(new_settings: Callable[[], Settings]) -> AsyncIterator[Callable[[], FastAPI]]:
    """`new_app()` is the service, not consuming, on an empty migrated database of its own."""
    built: list[FastAPI] = []

    def make() -> FastAPI:
        built.append(build_app(new_settings()))
        return built[-1]

    yield make
    for app in built:
        await app.state.service.engine.dispose()


@pytest.fixture
def app(new_app: Callable[[], FastAPI]) -> FastAPI:
    """The service, not consuming."""
    return new_app()


@pytest.fixture
def service(app: FastAPI) -> Service:
    """The service behind the app."""
    found: Service = app.state.service
    return found


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://oversight") as client:
        yield client
