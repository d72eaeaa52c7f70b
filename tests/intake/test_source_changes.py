"""What can be changed about a registered platform, who did it, and what is left when it is removed."""

from typing import Any

import pytest

from intake.desk import Desk

NAME = "mlflow-prod"
PATH = f"/v1/sources/{NAME}"


async def shown(desk: Desk) -> dict[str, Any]:
    """Return what a viewer sees of the platform."""
    found: dict[str, Any] = (await desk.client.get(PATH, headers=desk.person("viewer"))).json()
    return found


async def change(desk: Desk, **settings: Any) -> Any:
    """Change settings as the administrator alice."""
    return await desk.client.patch(PATH, json=settings, headers=desk.person("admin"))


async def test_what_is_stated_changes_and_the_rest_stays(desk: Desk) -> None:
    await desk.register(expected_interval_seconds=60, types=["model.*"])
    answer = await change(desk, types=["deployment.*"], limits={"events_per_second": 5.0})
    assert answer.status_code == 200
    seen = await shown(desk)
    assert (seen["types"], seen["expected_interval_seconds"], seen["mapping"]) == (["deployment.*"], 60, None)
    assert seen["limits"]["events_per_second"] == 5.0
    assert answer.json()["types"] == ["deployment.*"]


async def test_null_takes_a_setting_away(desk: Desk) -> None:
    await desk.register(expected_interval_seconds=60, mapping="mlflow")
    await change(desk, expected_interval_seconds=None, mapping=None)
    seen = await shown(desk)
    assert (seen["expected_interval_seconds"], seen["mapping"]) == (None, None)


async def test_a_limit_changes_alone_and_null_takes_one_or_all_away(desk: Desk) -> None:
    await desk.register(limits={"events_per_second": 5.0, "body_bytes": 4096})
    await change(desk, limits={"body_bytes": 2048})
    assert (await shown(desk))["limits"] == {"events_per_second": 5.0, "body_bytes": 2048, "event_bytes": None}
    await change(desk, limits={"events_per_second": None})
    assert (await shown(desk))["limits"] == {"events_per_second": None, "body_bytes": 2048, "event_bytes": None}
    await change(desk, limits=None)
    assert (await shown(desk))["limits"] == {"events_per_second": None, "body_bytes": None, "event_bytes": None}


async def test_a_changed_registration_holds_for_the_next_event(desk: Desk) -> None:
    mine = await desk.register()
    assert (await desk.emit(mine)).status_code == 202
    await change(desk, types=["deployment.*"])
    assert (await desk.emit(mine, id="2")).status_code == 403


async def test_every_act_is_on_record_with_who_and_when(desk: Desk) -> None:
    await desk.register()
    await change(desk, types=["model.*"])
    await change(desk, types=["model.*"])
    issued = await desk.client.post(f"{PATH}/credentials", headers=desk.person("operator", name="olga"))
    await desk.client.delete(f"{PATH}/credentials/{issued.json()['id']}", headers=desk.person("admin"))
    revoked, added, changed = (await shown(desk))["changes"]
    assert changed == {
        "at": "2026-11-23T12:00:00Z",
        "by": "//govbus/people/alice",
        "change": {"types": [None, ["model.*"]]},
    }
    assert (added["by"], added["change"]) == (
        "//govbus/people/olga",
        {"credential_issued": [None, issued.json()["id"]]},
    )
    assert revoked["change"] == {"credential_revoked": [None, issued.json()["id"]]}


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"namespace": "other"}, "/namespace"),
        ({"name": "other"}, "/name"),
        ({"source": "//other"}, "/source"),
        ({"mapping": "nothing"}, "/mapping"),
        ({"expected_interval_seconds": 0}, "/expected_interval_seconds"),
        ({"replay_window_seconds": None}, "/replay_window_seconds"),
        ({"kafka": "perhaps"}, "/kafka"),
        ({"types": [""]}, "/types/0"),
    ],
)
async def test_a_wrong_change_is_422_names_the_field_and_changes_nothing(
    desk: Desk, settings: dict[str, Any], pointer: str
) -> None:
    await desk.register()
    before = await shown(desk)
    answer = await change(desk, **settings)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await shown(desk) == before


async def test_only_operators_and_admins_change_and_remove(desk: Desk) -> None:
    mine = await desk.register()
    for headers, status in ((desk.person("viewer"), 403), (desk.person("owner"), 403), (mine, 403), ({}, 401)):
        assert (await desk.client.patch(PATH, json={}, headers=headers)).status_code == status
        assert (await desk.client.delete(PATH, headers=headers)).status_code == status


async def test_a_removed_platform_says_nothing_any_more_and_keeps_its_name_and_uri(desk: Desk) -> None:
    mine = await desk.register()
    await desk.emit(mine)
    admin = desk.person("admin")
    assert (await desk.client.delete(PATH, headers=admin)).status_code == 204
    assert (await desk.emit(mine, id="2")).status_code == 401
    assert (await desk.client.post(f"/v1/webhooks/{NAME}", content=b"{}")).status_code == 404
    assert (await desk.client.post(f"{PATH}/credentials", headers=admin)).status_code == 404
    assert (await change(desk, types=[])).status_code == 404
    assert (await desk.client.delete(PATH, headers=admin)).status_code == 404
    for body in ({"name": NAME, "source": "//new"}, {"name": "new", "source": f"//{NAME}"}):
        assert (await desk.client.post("/v1/sources", json=body, headers=admin)).status_code == 409
    seen = await shown(desk)
    assert (seen["removed_at"], seen["removed_by"]) == ("2026-11-23T12:00:00Z", "//govbus/people/alice")
    assert seen["counts"]["accepted"] == 1
    assert [one["revoked_at"] for one in seen["credentials"]] == ["2026-11-23T12:00:00Z"]


async def test_the_uri_of_a_removed_platform_falls_to_nobody(desk: Desk) -> None:
    await desk.register("below", source="//mlflow-prod/eu")
    above = await desk.register()
    await desk.client.delete("/v1/sources/below", headers=desk.person("admin"))
    assert (await desk.emit(above, source="//mlflow-prod/eu/1")).json()["reason"] == "foreign_source"


async def test_a_platform_on_kafka_is_told_its_topic(desk: Desk) -> None:
    body = {"name": NAME, "source": f"//{NAME}", "kafka": True}
    answer = await desk.client.post("/v1/sources", json=body, headers=desk.person("admin"))
    assert answer.json()["kafka"] == {"topic": f"govbus.intake.{NAME}"}
    assert (await shown(desk))["kafka"] == {"topic": f"govbus.intake.{NAME}"}
    await change(desk, kafka=False)
    assert (await shown(desk))["kafka"] is None


async def test_a_namespace_is_shared_on_purpose_only(desk: Desk) -> None:
    admin = desk.person("admin")
    await desk.client.post("/v1/sources", json={"name": "a", "source": "//a", "namespace": "b"}, headers=admin)
    by_accident = {"name": "b", "source": "//b"}
    refused = await desk.client.post("/v1/sources", json=by_accident, headers=admin)
    assert (refused.status_code, refused.json()["reason"]) == (409, "namespace_taken")
    on_purpose = {**by_accident, "namespace": "b"}
    assert (await desk.client.post("/v1/sources", json=on_purpose, headers=admin)).status_code == 201


async def test_a_repeated_registration_is_done_once_and_says_how_to_go_on(desk: Desk) -> None:
    body = {"name": NAME, "source": f"//{NAME}"}
    keyed = {**desk.person("admin"), "idempotency-key": "k1"}
    first = await desk.client.post("/v1/sources", json=body, headers=keyed)
    again = await desk.client.post("/v1/sources", json=body, headers=keyed)
    assert (first.status_code, again.status_code, again.json()["reason"]) == (201, 409, "secret_shown_once")
    assert "POST /v1/sources/{name}/credentials" in again.json()["detail"]
    assert first.json()["credential"] not in again.text


async def test_a_repeated_request_for_a_credential_makes_one(desk: Desk) -> None:
    await desk.register()
    keyed = {**desk.person("admin"), "idempotency-key": "k1"}
    first = await desk.client.post(f"{PATH}/credentials", json={}, headers=keyed)
    again = await desk.client.post(f"{PATH}/credentials", json={}, headers=keyed)
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.json()["id"] in again.json()["detail"]
    assert len((await shown(desk))["credentials"]) == 2


async def test_a_key_belongs_to_one_request_of_one_person(desk: Desk) -> None:
    await desk.register()
    keyed = {**desk.person("admin"), "idempotency-key": "k1"}
    await desk.client.post(f"{PATH}/credentials", json={}, headers=keyed)
    other = await desk.client.post(f"{PATH}/credentials", json={"expires_in_seconds": 60}, headers=keyed)
    assert (other.status_code, other.json()["reason"]) == (422, "idempotency_key_reused")
    somebody = {**desk.person("admin", name="bob"), "idempotency-key": "k1"}
    assert (await desk.client.post(f"{PATH}/credentials", json={}, headers=somebody)).status_code == 201


async def test_a_refused_request_leaves_its_key_free(desk: Desk) -> None:
    await desk.register()
    keyed = {**desk.person("admin"), "idempotency-key": "k1"}
    taken = {"name": NAME, "source": "//elsewhere"}
    assert (await desk.client.post("/v1/sources", json=taken, headers=keyed)).json()["reason"] == "source_taken"
    free = {"name": "another", "source": "//elsewhere"}
    assert (await desk.client.post("/v1/sources", json=free, headers=keyed)).status_code == 201
