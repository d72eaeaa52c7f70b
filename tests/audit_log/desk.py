"""An audit log on a database of its own, driven record by record, without a broker."""

import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.app import build_app
from govbus.audit_log.settings import Settings
from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.eventing.records import RawRecord, encode
from govbus.eventing.service import Service

ISSUER = "https://issuer.example"
ISSUER_KEY = OKPKey.generate_key("Ed25519", parameters={"kid": "test"})
LOGGED_AT_MS = 1_795_428_001_300
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def settings(dsn: str, folder: Path, **changes: Any) -> Settings:
    """Return settings of a log whose key and copies lie in `folder`; the broker is away."""
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps({"keys": [ISSUER_KEY.as_dict(private=False)]}))
    values = {
        "postgres_url": SecretStr(dsn),
        "kafka_bootstrap_servers": "localhost:1",
        "jwks_file": jwks,
        "token_issuer": ISSUER,
        "data_directory": folder / "data",
        "audit_log_compare_topic": False,
        "audit_log_policies_directory": Path(__file__).parents[2] / "policies",
        "audit_log_copies_after_topic_seconds": 0,
    }
    return Settings(**{**values, **changes})


def bearer(name: str, *roles: str) -> dict[str, str]:
    """Return the header of a person's token."""
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
    token = jwt.encode({"alg": "Ed25519", "kid": "test"}, claims, ISSUER_KEY, algorithms=["Ed25519"])
    return {"authorization": f"Bearer {token}"}


def event(id_: str, **changes: Any) -> Event:
    """Return a fact about a model."""
    values: dict[str, Any] = {
        "id": id_,
        "source": "//mlflow/prod",
        "type": "dev.govbus.model.registered.v1",
        "subject": "model/retail/credit-risk",
        "time": NOW,
        "recordedtime": NOW + timedelta(seconds=1),
        "data": b'{"purpose":"scoring"}',
        "authid": "//mlflow/prod",
        "dataclassification": "internal",
    }
    return Event(**{**values, **changes})


class Desk:
    """One log process, its jobs done by hand."""

    def __init__(self, with_settings: Settings) -> None:
        """Compose the service as it is in production."""
        self.settings = with_settings
        self.app = build_app(with_settings)
        self.service: Service = self.app.state.service
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url="http://log")
        self._offsets = itertools.count()

    async def do(self, job: str) -> None:
        """Do one round of a background job."""
        [found] = [declared for declared in self.service._jobs if declared.name == job]
        await found.do()

    async def sequence(self, records: Sequence[RawRecord]) -> None:
        """Give records to the sequencer in one transaction."""
        assert self.service._sequenced is not None
        async with self.service.transaction() as (connection, _):
            await self.service._sequenced[1](connection, records)

    async def enter(self, *events: Event, topic: str = topics.FACTS) -> None:
        """Sequence events as if read from Kafka."""
        await self.sequence([self.record(item, topic) for item in events])

    async def sign(self) -> None:
        """Sign what was entered."""
        await self.do("checkpoint")

    def record(self, item: Event, topic: str = topics.FACTS) -> RawRecord:
        """Return the next Kafka record of a topic."""
        return self.raw(*encode(item), topic=topic)

    def raw(
        self,
        key: bytes | None = None,
        value: bytes | None = None,
        headers: tuple[tuple[str, bytes | None], ...] = (),
        topic: str = topics.FACTS,
    ) -> RawRecord:
        """Return the next Kafka record with these bytes."""
        return RawRecord(topic, 0, next(self._offsets), LOGGED_AT_MS, key, value, headers)

    async def send(self, method: str, path: str, *roles: str, name: str = "vera", body: Any = None) -> httpx2.Response:
        """Ask for something to be done as a person with roles, or as nobody."""
        headers = bearer(name, *roles) if roles else {}
        return await self.client.request(method, path, headers=headers, json=body)

    async def get(self, path: str, *roles: str, name: str = "vera") -> httpx2.Response:
        """Ask as a person with roles, or as nobody."""
        return await self.client.get(path, headers=bearer(name, *roles) if roles else {})

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection of the runtime role."""
        async with self.service.engine.connect() as connection:
            yield connection

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        async with self.connection() as connection:
            return [tuple(row) for row in (await connection.exec_driver_sql(statement)).all()]

    async def close(self) -> None:
        """Give back connections."""
        await self.client.aclose()
        await self.service.close()
