"""Fixtures of oversight's tests: people with tokens, the service on a migrated database."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from govbus.eventing.service import Service
from govbus.oversight.app import build_app
from govbus.oversight.settings import Settings

ISSUER = "https://issuer.example"
RULES = Path(__file__).parents[2] / "policies" / "incidents.yaml"


@pytest.fixture(scope="session")
def issuer_key() -> OKPKey:
    """The issuer's private key."""
    return OKPKey.generate_key("Ed25519", parameters={"kid": "test"})


@pytest.fixture
def bearer(issuer_key: OKPKey) -> Callable[..., dict[str, str]]:
    """`bearer("alice", "operator")` is the header of a person's token."""

    def make(name: str, *roles: str) -> dict[str, str]:
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": "govbus",
            "sub": f"//govbus/people/{name}",
            "roles": list(roles),
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "jti": name,
        }
        token = jwt.encode({"alg": "Ed25519", "kid": "test"}, claims, issuer_key, algorithms=["Ed25519"])
        return {"authorization": f"Bearer {token}"}

    return make


@pytest.fixture
async def new_app(
    service_database: Callable[[str], str], issuer_key: OKPKey, tmp_path: Path
) -> AsyncIterator[Callable[[], FastAPI]]:
    """`new_app()` is the service, not consuming, on an empty migrated database of its own."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [issuer_key.as_dict(private=False)]}))
    built: list[FastAPI] = []

    def make() -> FastAPI:
        settings = Settings(
            postgres_url=SecretStr(service_database("oversight")),
            kafka_bootstrap_servers="localhost:1",
            jwks_file=jwks,
            token_issuer=ISSUER,
            oversight_rules_file=RULES,
        )
        built.append(build_app(settings))
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
