"""An intake without its Kafka side: the real application and a real PostgreSQL, asked over ASGI."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from backends.running import CHECKOUT
from govbus.contracts.envelope import Event
from govbus.eventing.outbox import unpack_headers
from govbus.eventing.records import RawRecord, decode
from govbus.intake.app import build_app
from govbus.intake.reception import Reception
from govbus.intake.settings import Settings

ISSUER = "https://issuer.example/"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    """What a test talks to."""

    app: FastAPI
    client: httpx2.AsyncClient
    clock: Clock
    dsn: str
    folder: Path
    key: OKPKey
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def key_file(self) -> Path:
        """Where intake's sealing key lies."""
        return self.folder / "sealing.key"

    @property
    def reception(self) -> Reception:
        """The application's reception."""
        found: Reception = self.app.state.reception
        return found

    def person(self, *roles: str, name: str = "alice") -> dict[str, str]:
        """Return the Authorization header of a person."""
        issued = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": "govbus",
            "sub": f"//govbus/people/{name}",
            "roles": list(roles),
            "iat": issued,
            "exp": issued + timedelta(hours=1),
        }
        token = jwt.encode({"alg": "Ed25519", "kid": self.key.kid}, claims, self.key, algorithms=["Ed25519"])
        return {"authorization": f"Bearer {token}"}

    async def register(self, name: str = "mlflow-prod", **settings: Any) -> dict[str, str]:
        """Register a platform and return its Authorization header."""
        body = {"name": name, "source": f"//{name}", "namespace": "retail", **settings}
        answer = await self.client.post("/v1/sources", json=body, headers=self.person("admin"))
        assert answer.status_code == 201, answer.text
        self.tokens[name] = answer.json()["credential"]
        return {"authorization": f"Bearer {self.tokens[name]}"}

    async def emit(self, headers: Mapping[str, str], **attributes: Any) -> httpx2.Response:
        """Send one event in structured mode."""
        content = json.dumps(cloud_event(**attributes))
        sent = {**headers, "content-type": "application/cloudevents+json"}
        return await self.client.post("/v1/events", content=content, headers=sent)

    async def outgoing(self) -> list[tuple[str, Event]]:
        """Return what waits in the outbox, in order: topic and event."""
        async with self.connection() as connection:
            rows = await connection.exec_driver_sql(
                "SELECT topic, key, value, headers FROM eventing_outbox ORDER BY id"
            )
            records = [RawRecord(row.topic, 0, 0, 0, row.key, row.value, unpack_headers(row.headers)) for row in rows]
        return [(record.topic, decode(record)) for record in records]

    async def facts(self) -> list[Event]:
        """Return the accepted facts."""
        return [event for topic, event in await self.outgoing() if topic == "govbus.facts"]

    async def refusals(self) -> list[dict[str, Any]]:
        """Return the data of every `event.rejected`."""
        return [event.json() for topic, event in await self.outgoing() if topic == "govbus.rejected"]

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection as intake's runtime role."""
        engine = create_async_engine(self.dsn)
        try:
            async with engine.begin() as connection:
                yield connection
        finally:
            await engine.dispose()


def cloud_event(**attributes: Any) -> dict[str, Any]:
    """Return a good event in JSON, changed by `attributes`; None takes one away."""
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "//mlflow-prod",
        "type": "dev.govbus.model.registered.v1",
        "subject": "model/retail/credit-risk",
        "time": "2026-11-23T11:59:00Z",
        "data": {"purpose": "scores loan applications"},
        **attributes,
    }
    return {name: value for name, value in event.items() if value is not None}


def reading_processes() -> list[int]:
    """Return the processes that this one started to read."""
    mine = [
        int(child) for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [child for child in mine if b"reading_process" in Path(f"/proc/{child}/cmdline").read_bytes()]


def settings(dsn: str, folder: Path, **changes: Any) -> Settings:
    """Return settings of an intake with a key of its own."""
    values = {
        "postgres_url": dsn,
        "kafka_bootstrap_servers": "127.0.0.1:9",
        "jwks_file": folder / "jwks.json",
        "token_issuer": ISSUER,
        "topics_file": CHECKOUT / "infra" / "kafka" / "topics.yaml",
        "data_directory": folder,
    }
    return Settings(**{**values, **changes})


@asynccontextmanager
async def open_desk(dsn: str, folder: Path, **changes: Any) -> AsyncIterator[Desk]:
    """Build the application; its background side (Kafka, relay, jobs) starts with its lifespan only."""
    key = OKPKey.generate_key("Ed25519", {"kid": "test"})
    (folder / "jwks.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    clock = Clock()
    app = build_app(settings(dsn, folder, **changes), clock)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://intake.example") as client:
        try:
            yield Desk(app, client, clock, dsn, folder, key)
        finally:
            await app.state.service.engine.dispose()
