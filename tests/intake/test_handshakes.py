"""Event Grid's validation and the CloudEvents protection against abuse: answered to whom we know, never to anybody."""

import json
from typing import Any

import httpx2
import pytest

from intake.desk import Desk

SECRET = "event-grid-secret"
CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
VALIDATION = [
    {
        "id": "1",
        "topic": "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w",
        "subject": "",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2026-11-23T12:00:00Z",
        "data": {
            "validationCode": CODE,
            "validationUrl": "https://rp-westeurope.eventgrid.azure.net/validate?t=secret",
        },
        "metadataVersion": "1",
        "dataVersion": "1",
    }
]
ASKED = {"aeg-event-type": "SubscriptionValidation", "content-type": "application/json"}


@pytest.fixture
async def azure(desk: Desk) -> Desk:
    """An intake where Azure is registered."""
    await desk.register("azure", mapping="azureml", signature={"scheme": "eventgrid", "secret": SECRET})
    return desk


async def validate(desk: Desk, body: Any = VALIDATION, code: str | None = SECRET) -> httpx2.Response:
    """Ask as Event Grid does when a subscription is made."""
    params = {"code": code} if code is not None else {}
    return await desk.client.post("/v1/webhooks/azure", params=params, content=json.dumps(body), headers=ASKED)


async def test_the_validation_code_is_echoed_and_the_handshake_is_on_record(azure: Desk) -> None:
    answer = await validate(azure)
    assert (answer.status_code, answer.json()) == (200, {"validationResponse": CODE})
    (record,) = await azure.refusals()
    assert (record["disposition"], record["reason"]) == ("ignored", "handshake")
    (shown,) = (await azure.client.get("/v1/sources/azure/handshakes", headers=azure.person("admin"))).json()["items"]
    assert (shown["kind"], shown["subject"]) == ("eventgrid_validation", VALIDATION[0]["topic"])
    assert shown["confirmed_at"] == "2026-11-23T12:00:00Z"
    assert await azure.facts() == []


@pytest.mark.parametrize("code", [None, "", "guess"])
async def test_who_does_not_know_the_secret_gets_no_code_back(azure: Desk, code: str | None) -> None:
    answer = await validate(azure, code=code)
    assert (answer.status_code, CODE in answer.text) == (401, False)
    assert await azure.refusals() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        VALIDATION * 2,
        [{**VALIDATION[0], "eventType": "Else"}],
        [{**VALIDATION[0], "data": {}}],
        [{**VALIDATION[0], "data": {"validationCode": 7}}],
        [{**VALIDATION[0], "data": {"validationCode": "x" * 2000}}],
    ],
)
async def test_a_validation_without_one_code_is_refused_and_on_record(azure: Desk, body: Any) -> None:
    answer = await validate(azure, body)
    assert (answer.status_code, answer.json()["reason"]) == (400, "invalid_envelope")
    assert [one["reason"] for one in await azure.refusals()] == ["invalid_envelope"]


async def test_the_secret_in_the_address_is_nowhere_kept(azure: Desk) -> None:
    await validate(azure, {})
    async with azure.connection() as connection:
        for table in ("rejected", "eventing_outbox", "handshake", "signature_key"):
            rows = await connection.exec_driver_sql(f"SELECT row_to_json(t)::text FROM {table} t")  # noqa: S608
            assert not any(SECRET in row[0] or SECRET.encode().hex() in row[0] for row in rows)


async def options(desk: Desk, name: str = "azure", **headers: str) -> httpx2.Response:
    """Ask for the permission to deliver."""
    return await desk.client.request("OPTIONS", f"/v1/webhooks/{name}", headers=headers)


async def test_a_sender_of_cloud_events_is_told_that_it_may_and_how_fast(desk: Desk) -> None:
    await desk.register("slow", limits={"events_per_second": 2})
    answer = await options(
        desk, "slow", **{"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "9"}
    )
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert answer.headers["webhook-allowed-rate"] == "120"


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        ("nobody", {"WebHook-Request-Origin": "eventgrid.azure.net"}, 404),
        ("azure", {}, 400),
        ("azure", {"WebHook-Request-Origin": "a b"}, 400),
        ("azure", {"WebHook-Request-Origin": "x" * 300}, 400),
    ],
)
async def test_nobody_else_is_told_so(azure: Desk, name: str, headers: dict[str, str], status: int) -> None:
    answer = await options(azure, name, **headers)
    assert answer.status_code == status
    assert "webhook-allowed-origin" not in answer.headers
