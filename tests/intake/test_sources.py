"""Registration, credentials, and what may be seen of a platform."""

import json
from datetime import timedelta
from typing import Any

import pytest

from intake.desk import Desk

GOOD = {"name": "databricks", "source": "//databricks"}


async def test_registering_answers_with_name_and_credential_and_nothing_else(desk: Desk) -> None:
    answer = await desk.client.post("/v1/sources", json=GOOD, headers=desk.person("admin"))
    assert answer.status_code == 201
    assert set(answer.json()) == {"name", "credential"}


async def test_the_namespace_is_the_name_unless_stated(desk: Desk) -> None:
    await desk.client.post("/v1/sources", json=GOOD, headers=desk.person("admin"))
    shown = await desk.client.get("/v1/sources/databricks", headers=desk.person("viewer"))
    assert (shown.json()["namespace"], shown.json()["replay_window_seconds"]) == ("databricks", 259_200)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": "Upper"}, "/name"),
        ({"name": "people"}, "/name"),
        ({"source": "//govbus/risk"}, "/source"),
        ({"source": "a b"}, "/source"),
        ({"namespace": "a/b"}, "/namespace"),
        ({"mapping": "nothing"}, "/mapping"),
        ({"signature": {"scheme": "rot13", "secret": "x"}}, "/signature"),
        ({"signature": {"scheme": "standard-webhooks", "secret": "whsec_!!"}}, "/signature"),
        ({"replay_window_seconds": 0}, "/replay_window_seconds"),
        ({"colour": "blue"}, "/colour"),
    ],
)
async def test_a_wrong_registration_is_422_and_names_the_field(
    desk: Desk, change: dict[str, Any], pointer: str
) -> None:
    answer = await desk.client.post("/v1/sources", json={**GOOD, **change}, headers=desk.person("admin"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert "whsec_!!" not in answer.text


async def test_a_registration_that_is_not_said_to_be_json_is_415(desk: Desk) -> None:
    headers = {**desk.person("admin"), "content-type": "text/plain"}
    answer = await desk.client.post("/v1/sources", content=json.dumps(GOOD), headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (415, "unsupported_media_type")


async def test_a_name_and_a_uri_belong_to_one_platform(desk: Desk) -> None:
    await desk.client.post("/v1/sources", json=GOOD, headers=desk.person("admin"))
    for again in ({**GOOD, "name": "other"}, {**GOOD, "source": "//other"}):
        assert (await desk.client.post("/v1/sources", json=again, headers=desk.person("admin"))).status_code == 409


async def test_only_operators_and_admins_register(desk: Desk) -> None:
    mine = await desk.register()
    for headers, status in ((desk.person("viewer"), 403), (mine, 403), ({}, 401)):
        assert (await desk.client.post("/v1/sources", json=GOOD, headers=headers)).status_code == status


async def test_a_rotated_credential_overlaps_with_the_old_one_until_that_is_revoked(desk: Desk) -> None:
    old = await desk.register()
    admin = desk.person("admin")
    issued = await desk.client.post("/v1/sources/mlflow-prod/credentials", headers=admin)
    assert issued.status_code == 201
    new = {"authorization": f"Bearer {issued.json()['credential']}"}
    assert (await desk.emit(old)).status_code == 202
    assert (await desk.emit(new)).status_code == 200
    shown = (await desk.client.get("/v1/sources/mlflow-prod", headers=admin)).json()["credentials"]
    assert [one["revoked_at"] for one in shown] == [None, None]
    gone = await desk.client.delete(f"/v1/sources/mlflow-prod/credentials/{shown[0]['id']}", headers=admin)
    assert gone.status_code == 204
    assert (await desk.emit(old)).status_code == 401
    assert (await desk.emit(new)).status_code == 200


async def test_a_credential_expires(desk: Desk) -> None:
    await desk.register()
    asked = {"expires_in_seconds": 60}
    issued = await desk.client.post("/v1/sources/mlflow-prod/credentials", json=asked, headers=desk.person("admin"))
    brief = {"authorization": f"Bearer {issued.json()['credential']}"}
    assert (await desk.emit(brief)).status_code == 202
    desk.clock.now += timedelta(seconds=60)
    assert (await desk.emit(brief)).status_code == 401


async def test_no_token_and_no_secret_is_at_rest(desk: Desk) -> None:
    await desk.register(signature={"scheme": "mlflow", "secret": "plain-secret"})
    async with desk.connection() as connection:
        stored = ""
        for table in ("source", "credential"):
            rows = await connection.exec_driver_sql(f"SELECT row_to_json(t)::text FROM {table} t")  # noqa: S608
            stored += "".join(row[0] for row in rows)
    assert b"plain-secret".hex() not in stored
    assert desk.tokens["mlflow-prod"] not in stored
    assert desk.tokens["mlflow-prod"].encode().hex() not in stored


async def test_a_platform_reads_itself_and_nobody_else(desk: Desk) -> None:
    mine = await desk.register()
    await desk.register("other")
    await desk.emit(mine)
    await desk.emit(mine)
    await desk.emit(mine, id="2", source="//other")
    seen = (await desk.client.get("/v1/sources/mlflow-prod", headers=mine)).json()
    assert seen["counts"] == {"accepted": 1, "duplicate": 1, "rejected": 1, "ignored": 0}
    assert seen["last_seen_at"] == "2026-11-23T12:00:00Z"
    assert (await desk.client.get("/v1/sources/other", headers=mine)).status_code == 403


async def test_sources_are_listed_in_pages(desk: Desk) -> None:
    for number in range(5):
        await desk.register(f"platform-{number}")
    names: list[str] = []
    cursor = None
    for _ in range(3):
        asked = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        answer = (await desk.client.get("/v1/sources", params=asked, headers=desk.person("viewer"))).json()
        names += [item["name"] for item in answer["items"]]
        cursor = answer["next"]
    assert names == [f"platform-{number}" for number in range(5)]
    assert cursor is None
