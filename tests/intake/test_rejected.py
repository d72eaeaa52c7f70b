"""What was refused: listed, sealed at rest, replayed once mended, forgotten after 30 days."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from govbus.intake.installed_mappings import DELIVERED
from intake.desk import Desk, cloud_event, open_desk

CDEVENT = {
    "context": {
        "id": "1",
        "source": "//ci",
        "type": "dev.cdevents.build.started.0.1.0",
        "timestamp": "2026-11-23T11:00:00Z",
    },
    "subject": {"id": "b", "content": {}},
}
BATCH = {"content-type": "application/cloudevents-batch+json"}
SECRET_TEXT = "nobody-may-read-this"


async def test_refusals_are_listed_newest_first_and_a_platform_sees_its_own(desk: Desk) -> None:
    mine, other = await desk.register(), await desk.register("other")
    for number in range(3):
        await desk.emit(mine, id=str(number), source="//else")
    await desk.emit(other, id="x", source="//else")
    viewer = desk.person("viewer")
    everything = (await desk.client.get("/v1/rejected", headers=viewer)).json()["items"]
    assert [item["claimed"]["id"] for item in everything] == ["x", "2", "1", "0"]
    first = (await desk.client.get("/v1/rejected", params={"limit": 2}, headers=mine)).json()
    second = (await desk.client.get("/v1/rejected", params={"cursor": first["next"]}, headers=mine)).json()
    assert [item["claimed"]["id"] for item in first["items"] + second["items"]] == ["2", "1", "0"]


async def test_refused_bytes_are_sealed_at_rest_and_gone_after_30_days(desk: Desk) -> None:
    mine = await desk.register()
    await desk.emit(mine, data={"purpose": 7, "note": SECRET_TEXT})
    query = "SELECT sealed_input, row_to_json(r)::text AS whole FROM rejected r"
    async with desk.connection() as connection:
        row = (await connection.exec_driver_sql(query)).one()
        assert SECRET_TEXT.encode() not in row.sealed_input
        assert SECRET_TEXT not in row.whole
    await desk.reception.forget()
    desk.clock.now += timedelta(days=31)
    await desk.reception.forget()
    async with desk.connection() as connection:
        assert (await connection.exec_driver_sql(query)).one().sealed_input is None
    (item,) = (await desk.client.get("/v1/rejected", headers=mine)).json()["items"]
    gone = await desk.client.post(item["replay"], headers=desk.person("operator"))
    assert gone.status_code == 410


async def test_a_delivery_is_replayed_after_the_mapping_was_mended_and_only_once(
    service_database: Callable[[str], str], tmp_path: Path
) -> None:
    delivered = (DELIVERED / "cdevents.yaml").read_text()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "cdevents.yaml").write_text(delivered.replace("requires: [", "requires: [body.context.nothing, "))
    dsn = service_database("intake")
    async with open_desk(dsn, tmp_path, intake_mappings_directory=broken) as desk:
        mine = await desk.register("ci", mapping="cdevents")
        refused = await desk.client.post("/v1/webhooks/ci", content=json.dumps(CDEVENT), headers=mine)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/context/nothing")
        path = f"/v1/rejected/{refused.json()['rejected_id']}/replay"
        assert (await desk.client.post(path, headers=desk.person("viewer"))).status_code == 403
        assert (await desk.client.post(path, headers=desk.person("operator"))).status_code == 422
    async with open_desk(dsn, tmp_path) as desk:
        operator = desk.person("operator", name="otto")
        assert (await desk.client.post(path, headers=operator)).status_code == 202
        assert (await desk.client.post(path, headers=operator)).status_code == 409
        assert [fact.json()["kind"] for fact in await desk.facts()] == ["dev.cdevents.build.started.0.1.0"]
        items = (await desk.client.get("/v1/rejected", headers=operator)).json()["items"]
        assert [item["replayed_by"] for item in items] == [None, "//govbus/people/otto"]


async def test_a_refused_batch_element_is_replayed_by_itself(desk: Desk) -> None:
    mine = await desk.register("ci", source="//ci")
    batch = json.dumps([cloud_event(id="a", source="//later"), cloud_event(id="b", source="//ci")])
    await desk.client.post("/v1/events", content=batch, headers={**mine, **BATCH})
    (item,) = (await desk.client.get("/v1/rejected", headers=mine)).json()["items"]
    answer = await desk.client.post(item["replay"], headers=desk.person("operator"))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "foreign-source")


async def test_what_is_not_there_cannot_be_replayed(desk: Desk) -> None:
    nothing = "/v1/rejected/00000000-0000-0000-0000-000000000000/replay"
    assert (await desk.client.post(nothing, headers=desk.person("operator"))).status_code == 404
