"""`POST /v1/webhooks/{source}`: who may deliver, what is counted, what is on record."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from standardwebhooks import Webhook

from intake.desk import NOW, Desk

WHSEC = "whsec_" + base64.b64encode(b"k" * 24).decode()
MLFLOW_BODY = {
    "entity": "registered_model",
    "action": "created",
    "timestamp": "2026-11-23T11:00:00+00:00",
    "data": {"name": "credit-risk", "tags": {}, "description": "d"},
}


def signed_like_mlflow(body: bytes, secret: str = "s3cret") -> dict[str, str]:  # noqa: S107 - a test's own
    """Return the headers MLflow sends."""
    timestamp = str(int(NOW.timestamp()))
    digest = hmac.new(secret.encode(), f"d-1.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "x-mlflow-delivery-id": "d-1",
        "x-mlflow-timestamp": timestamp,
        "x-mlflow-signature": "v1," + base64.b64encode(digest).decode(),
    }


async def deliver(desk: Desk, name: str, body: Any, headers: dict[str, str]) -> httpx2.Response:
    """Send a body to a source's webhook."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await desk.client.post(f"/v1/webhooks/{name}", content=raw, headers=headers)


@pytest.fixture
async def mlflow(desk: Desk) -> Desk:
    """An intake where MLflow is registered."""
    await desk.register("mlflow", mapping="mlflow", signature={"scheme": "mlflow", "secret": "s3cret"})
    return desk


async def test_a_delivery_id_that_comes_again_with_another_body_is_refused_as_reused(mlflow: Desk) -> None:
    raw = json.dumps(MLFLOW_BODY).encode()
    assert (await deliver(mlflow, "mlflow", raw, signed_like_mlflow(raw))).status_code == 202
    other = raw.replace(b'"d"', b'"other"')
    answer = await deliver(mlflow, "mlflow", other, signed_like_mlflow(other))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "id-reused")


@pytest.mark.parametrize(
    ("raw", "reason", "status"),
    [
        (b'{"entity": "x", "entity": "y"}', "duplicate_key", 400),
        (b"not json", "invalid_json", 400),
        (b'{"entity": "registered_model"}', "mapping_failed", 422),
        (json.dumps({**MLFLOW_BODY, "data": {"name": 7}}).encode(), "mapping_failed", 422),
        (json.dumps({**MLFLOW_BODY, "timestamp": "yesterday"}).encode(), "mapping_failed", 422),
    ],
)
async def test_a_signed_delivery_that_cannot_be_read_is_on_record(
    mlflow: Desk, raw: bytes, reason: str, status: int
) -> None:
    answer = await deliver(mlflow, "mlflow", raw, signed_like_mlflow(raw))
    assert answer.status_code == status, answer.text
    (record,) = await mlflow.refusals()
    assert (record["reason"], record["source_name"]) == (reason, "mlflow")
    assert record["raw_sha256"] == hashlib.sha256(raw).hexdigest()


async def test_what_is_not_signed_rightly_is_counted_in_one_summary_per_reason_and_minute(mlflow: Desk) -> None:
    raw = json.dumps(MLFLOW_BODY).encode()
    for _ in range(3):
        assert (await deliver(mlflow, "mlflow", raw, {})).status_code == 401
    assert (await deliver(mlflow, "mlflow", raw, signed_like_mlflow(raw, secret="guess"))).status_code == 401
    assert (await deliver(mlflow, "nobody", raw, {})).status_code == 404
    assert await mlflow.refusals() == []
    await mlflow.reception.write_counts()
    await mlflow.reception.summarise()
    assert await mlflow.refusals() == []
    mlflow.clock.now += timedelta(minutes=2)
    await mlflow.reception.summarise()
    await mlflow.reception.summarise()
    found = {(one["reason"], one.get("source_name")): one["count"] for one in await mlflow.refusals()}
    assert found == {("unsigned", "mlflow"): 3, ("bad_signature", "mlflow"): 1, ("unknown_source", None): 1}


async def test_a_delivery_signed_as_standard_webhooks_say_passes(desk: Desk) -> None:
    await desk.register("openai", mapping="cdevents", signature={"scheme": "standard-webhooks", "secret": WHSEC})
    raw = json.dumps(cdevent()).encode()
    signature = Webhook(WHSEC).sign("msg_1", NOW, raw.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp()))}
    listed = {**headers, "webhook-signature": f"v1,{'A' * 44} {signature}"}
    assert (await deliver(desk, "openai", raw, listed)).status_code == 202
    assert (await deliver(desk, "openai", raw, {**headers, "webhook-signature": "v1,AAAA"})).status_code == 401


async def test_a_delivery_signed_as_github_says_passes(desk: Desk) -> None:
    await desk.register("github", mapping="cdevents", signature={"scheme": "github", "secret": "It's a Secret"})
    raw = json.dumps(cdevent()).encode()
    digest = hmac.new(b"It's a Secret", raw, hashlib.sha256).hexdigest()
    assert (await deliver(desk, "github", raw, {"x-hub-signature-256": f"sha256={digest}"})).status_code == 202
    assert (await deliver(desk, "github", raw, {"x-hub-signature-256": f"sha1={digest}"})).status_code == 401


async def test_a_platform_without_signature_delivers_with_its_credential_only(desk: Desk) -> None:
    mine = await desk.register("ci", mapping="cdevents")
    other = await desk.register("other", mapping="cdevents")
    assert (await deliver(desk, "ci", cdevent(), {})).status_code == 401
    assert (await deliver(desk, "ci", cdevent(), other)).status_code == 403
    assert (await deliver(desk, "ci", cdevent(), mine)).status_code == 202


async def test_a_signed_timestamp_that_is_no_time_is_refused(mlflow: Desk) -> None:
    raw = json.dumps(MLFLOW_BODY).encode()
    headers = signed_like_mlflow(raw)
    digest = hmac.new(b"s3cret", b"d-1.soon." + raw, hashlib.sha256).digest()
    moved = {**headers, "x-mlflow-timestamp": "soon", "x-mlflow-signature": "v1," + base64.b64encode(digest).decode()}
    answer = await deliver(mlflow, "mlflow", raw, moved)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "bad-headers")


def cdevent() -> dict[str, Any]:
    """Return a small CDEvent."""
    context = {
        "id": "1",
        "source": "//ci",
        "type": "dev.cdevents.build.started.0.1.0",
        "timestamp": "2026-11-23T11:00:00Z",
    }
    return {"context": context, "subject": {"id": "b", "content": {}}}


async def test_githubs_form_is_read_as_its_json_and_its_signature_is_over_the_form(desk: Desk) -> None:
    await desk.register("github", mapping="github", signature={"scheme": "github", "secret": "s3cret"})
    review = {
        "state": "approved",
        "user": {"login": "ada"},
        "commit_id": "f" * 40,
        "submitted_at": "2026-11-23T04:00:19Z",
    }
    body = {"action": "submitted", "review": review, "repository": {"full_name": "bank/credit-risk"}, "sender": {}}
    form = urlencode({"payload": json.dumps(body)}).encode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-github-event": "pull_request_review",
        "x-github-delivery": "d-1",
        "x-hub-signature-256": "sha256=" + hmac.new(b"s3cret", form, hashlib.sha256).hexdigest(),
    }
    answer = await deliver(desk, "github", form, headers)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted"), answer.text
    changed = await deliver(desk, "github", form.replace(b"approved", b"rejected"), headers)
    assert changed.status_code == 401
