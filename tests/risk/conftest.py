"""Fixtures of risk's tests: people with tokens, the service on a migrated database."""

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
from govbus.risk.app import build_app
from govbus.risk.settings import Settings
from risk.rules import POLICIES

ISSUER = "https://issuer.example"


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
def settings(service_database: Callable[[str], str], issuer_key: OKPKey, tmp_path: Path) -> Settings:
    """Settings of a service without a broker."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [issuer_key.as_dict(private=False)]}))
    return Settings(
        postgres_url=SecretStr(service_database("risk")),
        kafka_bootstrap_servers="localhost:1",
        jwks_file=jwks,
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
