"""Gives each service something to be asked about, so that a request leads beyond the first 404."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
from fastapi import FastAPI

from govbus.contracts.facts.model import ModelRegistered
from govbus.eventing.records import RawRecord, encode
from hostile.services import EVERY_ROLE
from inventory import delivering as inventory
from people import Issuer
from risk import delivering as risk

MODEL: Final = {"namespace": "retail", "name": "credit-risk"}


@dataclass(frozen=True, slots=True)
class Furnished:
    """Values of path parameters that name something, and the headers of routes that persons do not use."""

    known: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)


Furnish = Callable[[FastAPI, httpx2.AsyncClient, Issuer], Awaitable[Furnished]]


async def furnish(name: str, app: FastAPI, issuer: Issuer) -> Furnished:
    """Return what there is now to be asked about; connections are given back, as another event loop will ask."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://service") as client:
        client.headers.update(issuer.bearer("alice", *EVERY_ROLE))
        try:
            return await _FURNISH[name](app, client, issuer) if name in _FURNISH else Furnished()
        finally:
            await app.state.service.engine.dispose()


async def _post(client: httpx2.AsyncClient, path: str, **document: Any) -> dict[str, Any]:
    answer = await client.post(path, json=document)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _intake(_: FastAPI, client: httpx2.AsyncClient, __: Issuer) -> Furnished:
    ci = await _post(client, "/v1/sources", name="ci", source="//ci", mapping="cdevents")
    lab = await _post(client, "/v1/sources", name="lab", source="//lab", mapping="openlineage")
    bearers = {name: {"authorization": f"Bearer {made['credential']}"} for name, made in {"ci": ci, "lab": lab}.items()}
    emitting = dict.fromkeys(("/v1/events", "/v1/imports", "/v1/webhooks/{source_name}"), bearers["ci"])
    return Furnished({"name": "ci", "source_name": "ci"}, {**emitting, "/api/v1/lineage": bearers["lab"]})


async def _inventory(app: FastAPI, client: httpx2.AsyncClient, issuer: Issuer) -> Furnished:
    desk = inventory.Desk(app.state.service, client, issuer)
    await desk.deliver(inventory.said(inventory.registered()), inventory.said(inventory.created("2")))
    return Furnished({**MODEL, "version": "2"})


async def _oversight(_: FastAPI, client: httpx2.AsyncClient, __: Issuer) -> Furnished:
    case = await _post(client, "/v1/incidents", about=[inventory.MODEL], summary="s", severity="low")
    return Furnished({"id_": case["id"]})


async def _risk(app: FastAPI, client: httpx2.AsyncClient, _: Issuer) -> Furnished:
    await risk.deliver(app, risk.fact(ModelRegistered(), "1"))
    rules = "- {id: anything, require: 'true', otherwise: deny, message: never}"
    bundle = await _post(client, "/v1/policies", name="n", files={"a.yaml": rules})
    asked = {"subject": risk.MODEL, "version": "2", "environment": "production", "requested_by": "//ci"}
    decision = await _post(client, "/v1/gate", **asked)
    return Furnished({**MODEL, "kind": "model", "digest": bundle["digest"], "decision_id": decision["decision_id"]})


async def _audit_log(app: FastAPI, _: httpx2.AsyncClient, __: Issuer) -> Furnished:
    service = app.state.service
    [sign] = [job for job in service._jobs if job.name == "checkpoint"]
    await sign.do()  # the first round compares the log with its copies outside
    event = inventory.said(inventory.registered(), id_="fact-of-the-log", known_at=datetime.now(UTC))
    key, value, headers = encode(event)
    async with service.transaction() as (connection, _outbox):
        await service._sequenced[1](
            connection, [RawRecord("govbus.facts", 0, 0, 1_795_428_001_300, key, value, headers)]
        )
    await sign.do()
    return Furnished({"path": "0/000.p/1", "index": 0, "event_id": event.id})


_FURNISH: Final[dict[str, Furnish]] = {
    "audit_log": _audit_log,
    "intake": _intake,
    "inventory": _inventory,
    "oversight": _oversight,
    "risk": _risk,
}
