"""Fixtures of notifier's tests: people with tokens, a real webhook and a real mail server, the service."""

import asyncio
import json
import socket
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from govbus.eventing.service import Service
from govbus.notifier.app import build_app
from govbus.notifier.sending import Sender
from govbus.notifier.settings import Settings
from notifier.receiving import SECRET, MailReceiver, WebhookReceiver

CHECKOUT = Path(__file__).parents[2]
ISSUER = "https://issuer.example"


@pytest.fixture(scope="session")
def issuer_key() -> OKPKey:
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
async def desk() -> AsyncIterator[WebhookReceiver]:
    """A webhook receiver on a port of its own; good until told otherwise."""
    async with WebhookReceiver().running() as receiver:
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[MailReceiver]:
    """An SMTP server that keeps what it gets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        receiver = MailReceiver()
        receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def settings(
    service_database: Callable[[str], str],
    issuer_key: OKPKey,
    tmp_path: Path,
    desk: WebhookReceiver,
    mailbox: MailReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """The default routes file, its receivers pointed to the servers of the test."""
    monkeypatch.setenv("GOVBUS_NOTIFIER_WEBHOOK_URL", desk.url)
    monkeypatch.setenv("GOVBUS_NOTIFIER_MAIL_SMARTHOST", f"127.0.0.1:{mailbox.port}")
    monkeypatch.setenv("GOVBUS_NOTIFIER_MAIL_TO", "desk@example.org, board@example.org")
    monkeypatch.setenv("GOVBUS_NOTIFIER_MAIL_TLS", "none")
    monkeypatch.setenv("GOVBUS_NOTIFIER_ALLOW_PRIVATE_NETWORK", "true")
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [issuer_key.as_dict(private=False)]}))
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"governance-webhook": {"signing": [SECRET]}}))
    secrets.chmod(0o600)
    return Settings(
        postgres_url=SecretStr(service_database("notifier")),
        kafka_bootstrap_servers="127.0.0.1:9",
        jwks_file=jwks,
        token_issuer=ISSUER,
        topics_file=CHECKOUT / "infra" / "kafka" / "topics.yaml",
        notifier_routes_file=CHECKOUT / "infra" / "notifier" / "routes.yaml",
        notifier_secrets_file=secrets,
        notifier_public_url="http://govbus.example",
        notifier_retry_initial_seconds=0.01,
        notifier_retry_factor=1,
        notifier_attempts_count=3,
        notifier_timeout_seconds=2,
        notifier_deadline_seconds=3,
        notifier_lease_seconds=4,
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The service, neither consuming nor sending by itself."""
    built = build_app(settings)
    yield built
    sender: Sender = built.state.sender
    await sender.close()
    service: Service = built.state.service
    await service.engine.dispose()


@pytest.fixture
def service(app: FastAPI) -> Service:
    found: Service = app.state.service
    return found


@pytest.fixture
def sender(app: FastAPI) -> Sender:
    found: Sender = app.state.sender
    return found


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://notifier") as client:
        yield client


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
async def turn(sender: Sender) -> Callable[[], object]:
    """One round of sending, waited for; a retry's delay (10 ms) passes first."""

    async def once() -> None:
        await asyncio.sleep(0.02)
        await sender.round()
        await sender.finish()

    return once
