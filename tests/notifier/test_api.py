"""The log of notifications over HTTP, its stream, sending again, receivers, and what a route would do."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.responses import Response

from console.services import served
from govbus.contracts import catalogue
from govbus.contracts.conclusions.notification import NotificationSent
from govbus.eventing.service import Service
from govbus.notifier.routes_file import load_routes
from govbus.notifier.secrets_file import SecretsRejected, load_secrets
from govbus.notifier.settings import Settings
from notifier.receiving import SECRET, WebhookReceiver
from notifier.saying import MODEL, deliver, failed, opened, rejected, spoken

Turn = Callable[[], Awaitable[None]]
Bearer = Callable[..., dict[str, str]]


async def ids(http: httpx2.AsyncClient, bearer: Bearer, **query: Any) -> list[str]:
    answer = await http.get("/v1/notifications", params=query, headers=bearer("vera", "viewer"))
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_the_list_is_paged_newest_first_and_narrowed(
    http: httpx2.AsyncClient, bearer: Bearer, service: Service, turn: Turn
) -> None:
    await deliver(service, failed("1"), failed("2"), failed("1"), opened(), rejected("invalid_json"))
    await turn()
    everything = await ids(http, bearer)
    assert len(everything) == 7
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await http.get(
            "/v1/notifications", params={"limit": 3, "cursor": cursor}, headers=bearer("vera", "viewer")
        )
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next"]
    assert seen == everything
    assert len(await ids(http, bearer, state="suppressed")) == 1
    assert len(await ids(http, bearer, receiver="governance-mail")) == 1
    assert len(await ids(http, bearer, subject=MODEL)) == 6, "its own, and those about it"
    assert await ids(http, bearer, subject="model/retail/other") == []


async def test_what_failed_is_sent_again_by_an_operator_under_the_same_id_and_concluded_anew(
    http: httpx2.AsyncClient, bearer: Bearer, service: Service, turn: Turn, desk: WebhookReceiver
) -> None:
    desk.answers = [Response(status_code=410)]
    await deliver(service, failed())
    (id_,) = await ids(http, bearer)
    olga = bearer("olga", "operator")
    early = await http.post(f"/v1/notifications/{id_}/resend", headers=olga)
    assert (early.status_code, early.json()["type"].rpartition("/")[2]) == (409, "still-pending")
    await turn()
    (dead,) = await spoken(service)
    assert (await http.post(f"/v1/notifications/{id_}/resend", headers=bearer("v", "viewer"))).status_code == 403
    again = await http.post(f"/v1/notifications/{id_}/resend", headers=olga)
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    await turn()
    (alive,) = await spoken(service)
    assert isinstance(catalogue.read(alive), NotificationSent)
    assert alive.id != dead.id
    assert len({hook.headers["webhook-id"] for hook in desk.received}) == 1
    shown = (await http.get(f"/v1/notifications/{id_}", headers=olga)).json()
    assert [(tried["round"], tried["outcome"]) for tried in shown["attempts"]] == [(0, "http_410"), (1, "delivered")]
    assert shown["resent_by"] == "//govbus/people/olga"


async def test_unknown_notifications_and_wrong_cursors_are_refused_in_words(
    http: httpx2.AsyncClient, bearer: Bearer
) -> None:
    vera = bearer("vera", "viewer")
    absent = await http.get("/v1/notifications/00000000-0000-0000-0000-000000000000", headers=vera)
    assert absent.status_code == 404
    assert (await http.get("/v1/notifications?cursor=x", headers=vera)).status_code == 400
    assert (await http.get("/v1/notifications")).status_code == 401


async def test_receivers_are_listed_without_address_and_secret(http: httpx2.AsyncClient, bearer: Bearer) -> None:
    answer = await http.get("/v1/receivers", headers=bearer("vera", "viewer"))
    assert {item["name"] for item in answer.json()["items"]} == {"log", "governance-webhook", "governance-mail"}
    for secret in ("path-secret", SECRET, "desk@example.org"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"type": "incident.opened", "severity": "high"}, ["log", "governance-webhook", "governance-mail"]),
        ({"type": "dev.govbus.release.blocked.v1"}, ["governance-webhook"]),
        ({"type": "event.rejected", "reason": "foreign_type"}, ["governance-webhook"]),
        ({"type": "event.rejected", "reason": "invalid_json"}, ["log"]),
        ({"type": "record.changed"}, []),
    ],
)
async def test_a_route_is_tried_without_sending(
    http: httpx2.AsyncClient, bearer: Bearer, question: dict[str, str], told: list[str]
) -> None:
    answer = await http.post("/v1/routes/test", json=question, headers=bearer("vera", "viewer"))
    assert [choice["receiver"] for choice in answer.json()["receivers"]] == told


async def test_the_stream_tells_every_change_and_goes_on_where_the_client_was(
    app: FastAPI, bearer: Bearer, service: Service, turn: Turn
) -> None:
    vera = bearer("vera", "viewer")
    async with served(app) as url, httpx2.AsyncClient(base_url=url, headers=vera) as client:
        await deliver(service, failed("0"))
        await turn()
        first, place = await follow(client, 2, lambda: deliver_and_turn(service, turn))
        assert [document["state"] for document in first] == ["pending", "sent"] or first[-1]["state"] == "sent"
        await deliver(service, rejected("invalid_json"))
        missed, _ = await follow(client, 1, None, {"last-event-id": place})
        assert missed[0]["type"] == "event.rejected"
        assert (await client.get("/v1/notifications/stream", headers={"last-event-id": "?"})).status_code == 400


async def deliver_and_turn(service: Service, turn: Turn) -> None:
    await deliver(service, failed("1"))
    await asyncio.sleep(0.8)
    await turn()


async def follow(
    client: httpx2.AsyncClient,
    wanted_count: int,
    meanwhile: Callable[[], Awaitable[None]] | None,
    headers: dict[str, str] | None = None,
) -> tuple[list[dict[str, Any]], str]:
    """Read so many changes from the stream; return them and the place of the last one."""
    documents: list[dict[str, Any]] = []
    place = ""
    started: asyncio.Future[None] | None = None
    async with asyncio.timeout(20), client.stream("GET", "/v1/notifications/stream", headers=headers) as answer:
        async for line in answer.aiter_lines():
            if meanwhile is not None and started is None:
                started = asyncio.ensure_future(meanwhile())
            if line.startswith("id:"):
                place = line.removeprefix("id:").strip()
            if line.startswith("data:"):
                documents.append(json.loads(line.removeprefix("data:")))
            if not line and len(documents) >= wanted_count:
                break
    if started is not None:
        await started
    return documents, place


@pytest.mark.parametrize(
    ("document", "mode", "says"),
    [
        ({"governance-webhook": {"signing": [SECRET]}}, 0o640, "open to others"),
        ({"governance-webhook": {"signing": []}}, 0o600, "a webhook is signed"),
        ({"governance-webhook": {"signing": [SECRET], "colour": "red"}}, 0o600, "colour"),
    ],
)
def test_secrets_that_are_open_or_wrong_are_refused_without_being_shown(
    settings: Settings, tmp_path: Path, document: dict[str, Any], mode: int, says: str
) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(document))
    file.chmod(mode)
    receivers = load_routes(settings.notifier_routes_file).receivers
    with pytest.raises(SecretsRejected) as refused:
        load_secrets(file, "", receivers)
    assert says in str(refused.value)
    assert SECRET not in str(refused.value)


def test_the_service_refuses_to_start_with_a_webhook_that_cannot_be_signed(settings: Settings) -> None:
    with pytest.raises(ValidationError, match="a webhook is signed"):
        Settings(**{**settings.model_dump(), "notifier_secrets_file": None})
