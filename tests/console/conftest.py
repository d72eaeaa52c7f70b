"""Fixtures of the console's tests: an issuer, the services behind it, a served console, one-time links."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import HttpUrl, SecretStr

from console.services import FrontDoor, dispose, served
from govbus.console.app import build_app
from govbus.console.settings import Settings
from govbus.notifier import app as notifier
from govbus.notifier.settings import Settings as NotifierSettings
from govbus.oversight import app as oversight
from govbus.oversight.settings import Settings as OversightSettings

CHECKOUT = Path(__file__).parents[2]
ISSUER = "https://issuer.example"


@pytest.fixture(scope="session")
def issuer_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", parameters={"kid": "test"})


@pytest.fixture
def jwks_file(issuer_key: OKPKey, tmp_path: Path) -> Path:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [issuer_key.as_dict(private=False)]}))
    return file


@pytest.fixture
def token(issuer_key: OKPKey) -> Callable[..., str]:
    """`token("alice", "viewer")` is a person's token."""

    def make(name: str, *roles: str, life: timedelta = timedelta(minutes=5)) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": "govbus",
            "sub": f"//govbus/people/{name}",
            "roles": list(roles),
            "iat": now,
            "exp": now + life,
            "jti": name,
        }
        return jwt.encode({"alg": "Ed25519", "kid": "test"}, claims, issuer_key, algorithms=["Ed25519"])

    return make


@pytest.fixture
def signin_directory(tmp_path: Path) -> Path:
    folder = tmp_path / "signin"
    folder.mkdir()
    return folder


@pytest.fixture
def link(signin_directory: Path, token: Callable[..., str]) -> Callable[..., str]:
    """`link()` is the path of a fresh one-time link for Alice, who is a viewer and operator."""

    def make(life: timedelta = timedelta(minutes=5), person_token: str | None = None) -> str:
        code = secrets.token_urlsafe(32)
        waiting = {
            "token": person_token or token("alice", "viewer", "operator"),
            "expires_at": int((datetime.now(UTC) + life).timestamp()),
        }
        (signin_directory / f"{hashlib.sha256(code.encode()).hexdigest()}.json").write_text(json.dumps(waiting))
        return f"/sign-in?code={code}"

    return make


@pytest.fixture
async def oversight_app(service_database: Callable[[str], str], jwks_file: Path) -> AsyncIterator[FastAPI]:
    app = oversight.build_app(
        OversightSettings(
            postgres_url=SecretStr(service_database("oversight")),
            kafka_bootstrap_servers="127.0.0.1:9",
            jwks_file=jwks_file,
            token_issuer=ISSUER,
            oversight_rules_file=CHECKOUT / "policies" / "incidents.yaml",
        )
    )
    yield app
    await dispose(app)


@pytest.fixture
async def notifier_app(service_database: Callable[[str], str], jwks_file: Path) -> AsyncIterator[FastAPI]:
    app = notifier.build_app(
        NotifierSettings(
            postgres_url=SecretStr(service_database("notifier")),
            kafka_bootstrap_servers="127.0.0.1:9",
            jwks_file=jwks_file,
            token_issuer=ISSUER,
            notifier_routes_file=CHECKOUT / "infra" / "notifier" / "routes.yaml",
        )
    )
    yield app
    await app.state.sender.close()
    await dispose(app)


@pytest.fixture
async def door(oversight_app: FastAPI, notifier_app: FastAPI) -> FrontDoor:
    return FrontDoor(
        {
            "/v1/cases": oversight_app,
            "/v1/incidents": oversight_app,
            "/v1/notifications": notifier_app,
        }
    )


@pytest.fixture
async def door_url(door: FrontDoor) -> AsyncIterator[str]:
    async with served(door) as url:
        yield url


@pytest.fixture
async def console_url(
    door_url: str, service_database: Callable[[str], str], jwks_file: Path, signin_directory: Path
) -> AsyncIterator[str]:
    """The whole console, served."""
    settings = Settings(
        postgres_url=SecretStr(service_database("console")),
        jwks_file=jwks_file,
        token_issuer=ISSUER,
        topics_file=CHECKOUT / "infra" / "kafka" / "topics.yaml",
        console_api_url=HttpUrl(door_url),
        console_signin_directory=signin_directory,
        console_poll_seconds=0.2,
        console_upstream_timeout_seconds=2,
    )
    async with served(build_app(settings), lifespan=True) as url:
        yield url


@pytest.fixture
async def browser(console_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client with a cookie jar that follows no redirect."""
    async with httpx2.AsyncClient(base_url=console_url) as client:
        yield client
