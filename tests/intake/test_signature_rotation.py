"""Signature secrets: changed without a gap, never shown, and none at all only where it was said aloud."""

import hashlib
import hmac
import json
import logging
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from govbus.intake.signature_watch import SignatureWatch
from intake.desk import NOW, Desk
from intake.test_webhooks import cdevent

PATH = "/v1/sources/github/signature"


async def deliver(desk: Desk, secret: str, body: bytes = json.dumps(cdevent()).encode()) -> int:
    """Deliver as GitHub signs; the status."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={digest}"}
    return (await desk.client.post("/v1/webhooks/github", content=body, headers=headers)).status_code


async def rotate(desk: Desk, role: str = "operator", **body: Any) -> httpx2.Response:
    """Set a new secret."""
    return await desk.client.post(PATH, json=body, headers=desk.person(role, name="otto"))


@pytest.fixture
async def github(desk: Desk) -> Desk:
    """An intake where GitHub is registered."""
    await desk.register("github", mapping="cdevents", signature={"scheme": "github", "secret": "old"})
    return desk


async def test_a_new_secret_is_good_at_once_and_the_old_one_until_the_overlap_ends(github: Desk) -> None:
    github.clock.now += timedelta(seconds=1)
    answer = await rotate(github, secret="new", overlap_seconds=60)
    assert answer.status_code == 200, answer.text
    keys = answer.json()["keys"]
    assert [key["created_by"].rpartition("/")[2] for key in keys] == ["otto", "alice"]
    assert [key["expires_at"] for key in keys] == [None, "2026-11-23T12:01:01Z"]
    assert (await deliver(github, "new"), await deliver(github, "old")) == (202, 200)
    github.clock.now += timedelta(seconds=60)
    assert (await deliver(github, "new"), await deliver(github, "old")) == (200, 401)
    shown = (await github.client.get(PATH, headers=github.person("admin"))).json()
    assert (shown["scheme"], len(shown["keys"])) == ("github", 1)
    changes = (await github.client.get("/v1/sources/github", headers=github.person("admin"))).json()["changes"]
    assert [change["change"] for change in changes] == [{"signature_key": [None, shown["keys"][0]["id"]]}]


async def test_without_overlap_the_old_secret_ends_at_once(github: Desk) -> None:
    assert (await rotate(github, secret="new", overlap_seconds=0)).status_code == 200
    assert (await deliver(github, "old"), await deliver(github, "new")) == (401, 202)


async def test_a_later_overlap_never_lengthens_an_earlier_one(github: Desk) -> None:
    await rotate(github, secret="second", overlap_seconds=60)
    await rotate(github, secret="third", overlap_seconds=3600)
    github.clock.now += timedelta(seconds=60)
    assert [await deliver(github, secret) for secret in ("old", "second", "third")] == [401, 202, 200]


async def test_so_many_secrets_are_good_at_once_and_no_more(github: Desk) -> None:
    for number in range(4):
        assert (await rotate(github, secret=f"s{number}")).status_code == 200
    refused = await rotate(github, secret="one too many")
    assert (refused.status_code, refused.json()["reason"]) == (409, "too_many_secrets")
    assert await deliver(github, "one too many") == 401
    assert (await rotate(github, secret="after all", overlap_seconds=0)).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"secret": ""}, 422),
        ({"certificate": "x"}, 422),
        ({"secret": "x", "certificate": "x"}, 422),
        ({"secret": "x", "overlap_seconds": -1}, 422),
        ({"secret": "x" * 20_000}, 422),
        ({"secret": "x", "scheme": "mlflow"}, 422),
    ],
)
async def test_what_cannot_be_a_secret_of_the_scheme_is_422_and_changes_nothing(
    github: Desk, body: dict[str, Any], status: int
) -> None:
    assert (await rotate(github, **body)).status_code == status
    assert await deliver(github, "old") == 202


async def test_only_operators_and_admins_rotate_and_look(github: Desk) -> None:
    mine = {"authorization": f"Bearer {github.tokens['github']}"}
    assert (await rotate(github, "viewer", secret="new")).status_code == 403
    assert (await github.client.post(PATH, json={"secret": "new"}, headers=mine)).status_code == 403
    assert (await github.client.get(PATH, headers=github.person("viewer"))).status_code == 403
    assert (await github.client.get(PATH)).status_code == 401


async def test_a_source_that_does_not_sign_has_no_secret_to_change(desk: Desk) -> None:
    await desk.register("ci")
    admin = desk.person("admin")
    answer = await desk.client.post("/v1/sources/ci/signature", json={"secret": "x"}, headers=admin)
    assert (answer.status_code, answer.json()["reason"]) == (409, "not_signing")
    assert (await desk.client.get("/v1/sources/nobody/signature", headers=admin)).status_code == 404


async def test_no_answer_and_no_row_holds_a_secret(github: Desk) -> None:
    answers = [await rotate(github, secret="very-secret-value"), await rotate(github, certificate="very-secret-value")]
    admin = github.person("admin")
    answers += [await github.client.get(path, headers=admin) for path in (PATH, "/v1/sources/github", "/v1/sources")]
    assert not any("very-secret-value" in answer.text for answer in answers)
    async with github.connection() as connection:
        rows = [row[0] for row in await connection.exec_driver_sql("SELECT row_to_json(k)::text FROM signature_key k")]
    assert len(rows) == 2
    assert not any(b"very-secret-value".hex() in row for row in rows)


async def test_unsigned_deliveries_need_a_source_that_is_said_to_be_internal(desk: Desk) -> None:
    body = {"name": "lab", "source": "//lab", "mapping": "cdevents", "signature": {"scheme": "none"}}
    refused = await desk.client.post("/v1/sources", json=body, headers=desk.person("admin"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/signature")
    assert (
        await desk.client.post("/v1/sources", json={**body, "internal": True}, headers=desk.person("admin"))
    ).is_success
    taken = await desk.client.post("/v1/webhooks/lab", json=cdevent())
    assert taken.status_code == 202


async def test_a_source_of_unsigned_deliveries_is_said_aloud(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="govbus.intake")
    await desk.register("lab", internal=True, signature={"scheme": "none"})
    assert "lab takes unsigned deliveries" in caplog.text
    shown = (await desk.client.get("/v1/sources/lab", headers=desk.person("viewer"))).json()
    assert (shown["internal"], shown["signature"]["scheme"]) == (True, "none")
    assert "unsigned" in shown["signature"]["warning"]
    caplog.clear()
    saying = SignatureWatch(desk.reception)
    await saying.say()
    await saying.say()
    assert caplog.text.count("lab takes unsigned deliveries") == 1
    assert "govbus_intake_unsigned_sources 1.0" in (await desk.client.get("/metrics")).text


async def test_a_secret_that_ends_without_a_successor_is_said_before_it_does(
    github: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="govbus.intake")
    watch = SignatureWatch(github.reception)
    await watch.say()
    assert "ends soon" not in caplog.text
    async with github.connection() as connection:
        await connection.exec_driver_sql("UPDATE signature_key SET expires_at = $1", (NOW + timedelta(days=15),))
    await watch.say()
    assert "ends soon" not in caplog.text
    github.clock.now = NOW + timedelta(days=2)
    await watch.say()
    assert "source github: its last signature secret ends soon" in caplog.text
    assert "govbus_intake_ending_signatures 1.0" in (await github.client.get("/metrics")).text
    assert (await rotate(github, secret="new")).status_code == 200
    await watch.say()
    assert "govbus_intake_ending_signatures 0.0" in (await github.client.get("/metrics")).text
