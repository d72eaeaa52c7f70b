"""Hands facts to inventory's handler, reads what it says, and asks its routes."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx2

from govbus.contracts import catalogue, topics
from govbus.contracts.catalogue import Payload
from govbus.contracts.envelope import Event
from govbus.contracts.facts.deployment import DeploymentCompleted
from govbus.contracts.facts.model import ModelRegistered, ModelVersionCreated
from govbus.eventing.delivery import Delivery
from govbus.eventing.outbox import unpack_headers
from govbus.eventing.records import RawRecord, decode
from govbus.eventing.service import Service
from govbus.inventory.handlers import on_fact
from people import Issuer

MODEL = "model/retail/credit-risk"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_IDS = count(1)
_OUTBOX = "SELECT topic, key, value, headers FROM eventing_outbox ORDER BY id"


def said(
    payload: Payload,
    subject: str = MODEL,
    *,
    id_: str | None = None,
    known_at: datetime = START,
    classification: str | None = None,
) -> Event:
    """Return a fact that carries `payload`."""
    return Event(
        id=id_ or f"fact-{next(_IDS)}",
        source="//mlflow/prod",
        type=catalogue.type_of(type(payload)).full_name,
        subject=subject,
        time=known_at - timedelta(seconds=2),
        recordedtime=known_at,
        data=catalogue.dump(payload),
        dataclassification=classification,
    )


def registered(**fields: Any) -> ModelRegistered:
    """Return the registration of a model that says these fields."""
    return ModelRegistered(**fields)


def created(version: str, **fields: Any) -> ModelVersionCreated:
    """Return the creation of a version."""
    return ModelVersionCreated(version=version, **fields)


def deployed(version: str, environment: str = "production") -> DeploymentCompleted:
    """Return a deployment."""
    return DeploymentCompleted(version=version, environment=environment, deployed_by="//argocd/prod")


class Desk:
    """The service from both edges."""

    def __init__(self, service: Service, client: httpx2.AsyncClient, issuer: Issuer) -> None:
        """Deliver to `service`, ask through `client`."""
        self.service = service
        self.client = client
        self.issuer = issuer

    async def deliver(self, *events: Event) -> list[Event]:
        """Handle events in one transaction each; return what was appended to the outbox since, in order."""
        for event in events:
            async with self.service.transaction() as (connection, outbox):
                payload = catalogue.read(event)
                await on_fact(Delivery(event, payload, topics.FACTS, 0, 0, 0, connection, outbox))
        return await self._sent()

    async def _sent(self) -> list[Event]:
        async with self.service.engine.begin() as connection:
            rows = await connection.exec_driver_sql(_OUTBOX)
            found = rows.all()
            await connection.exec_driver_sql("DELETE FROM eventing_outbox")
        assert {row.topic for row in found} <= {topics.INVENTORY}
        return [
            decode(RawRecord(row.topic, 0, 0, 0, bytes(row.key), bytes(row.value), unpack_headers(bytes(row.headers))))
            for row in found
        ]

    async def get(self, path: str, *, name: str = "vera", role: str = "viewer", status: int = 200, **query: Any) -> Any:
        """Return the answer to a reader."""
        answer = await self.client.get(path, params=query, headers=self.issuer.bearer(name, role))
        assert answer.status_code == status, answer.text
        return answer.json()
