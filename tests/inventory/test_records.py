"""Facts become records that can be read back, now and as of a date, on real PostgreSQL."""

from datetime import timedelta
from typing import Any

import pytest

from govbus.contracts import catalogue
from govbus.contracts.conclusions.asset import AssetUnregistered
from govbus.contracts.conclusions.record import RecordChanged
from govbus.contracts.envelope import Event
from govbus.eventing.delivery import Unprocessable
from inventory.delivering import MODEL, START, Desk, created, deployed, registered, said

FRAUD = "model/retail/fraud%20screen"


def _read(event: Event) -> Any:
    return catalogue.read(event)


async def test_registration_becomes_a_record_and_is_told(desk: Desk) -> None:
    fact = said(registered(purpose="scores loans", owners={"training": "team/ml"}), id_="run-7")
    (told,) = await desk.deliver(fact)
    changed = _read(told)
    assert isinstance(changed, RecordChanged)
    assert (told.subject, told.causationid, told.time) == (MODEL, "run-7", fact.recordedtime)
    assert (changed.kind, changed.before_version, changed.after_version) == ("model", 0, 1)
    assert changed.changes["purpose"].after == "scores loans"
    record = await desk.get("/v1/models/retail/credit-risk")
    assert record["purpose"] == "scores loans"
    assert (record["namespace"], record["name"], record["registered"]) == ("retail", "credit-risk", True)
    assert record["state"]["caused_by"] == {"source": fact.source, "type": fact.type, "id": "run-7"}


async def test_same_facts_give_the_same_conclusions_again(desk: Desk) -> None:
    facts = [said(registered(purpose="p"), id_="1"), said(deployed("3"), id_="2"), said(created("3"), id_="3")]
    first = await desk.deliver(*facts)
    async with desk.service.engine.begin() as connection:
        for table in ("deployment", "record_state", "record"):
            await connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of this test
    again = await desk.deliver(*facts)
    assert [(event.id, event.data, event.time) for event in again] == [(e.id, e.data, e.time) for e in first]


async def test_record_is_read_as_it_was_on_a_date(desk: Desk) -> None:
    await desk.deliver(
        said(registered(purpose="one")),
        said(registered(purpose="two"), known_at=START + timedelta(days=1)),
        said(deployed("1"), known_at=START + timedelta(days=2)),
        said(deployed("2"), known_at=START + timedelta(days=3)),
    )
    path = "/v1/models/retail/credit-risk"
    assert (await desk.get(path, as_of="2026-03-01T13:00:00Z"))["purpose"] == "one"
    third_day = await desk.get(path, as_of="2026-03-03T14:00:00+02:00")
    assert third_day["purpose"] == "two"
    assert [one["version"] for one in third_day["deployments"]] == ["1"]
    assert [one["version"] for one in (await desk.get(path))["deployments"]] == ["2"]
    await desk.get(path, as_of="2026-02-28T00:00:00Z", status=404)
    await desk.get(path, as_of="2026-02-28T00:00:00", status=422)
    listed = await desk.get("/v1/models", as_of="2026-03-01T13:00:00Z")
    assert [item["purpose"] for item in listed["items"]] == ["one"]
    assert (await desk.get("/v1/models", as_of="2026-02-01T00:00:00Z"))["items"] == []


async def test_history_shows_every_state_with_the_fact_that_caused_it(desk: Desk) -> None:
    for number in range(5):
        await desk.deliver(said(registered(purpose=f"p{number}"), id_=f"h-{number}"))
    first = await desk.get("/v1/models/retail/credit-risk/history", limit=2)
    second = await desk.get("/v1/models/retail/credit-risk/history", limit=2, cursor=first["next"])
    third = await desk.get("/v1/models/retail/credit-risk/history", limit=2, cursor=second["next"])
    items = [*first["items"], *second["items"], *third["items"]]
    assert third["next"] is None
    assert [item["number"] for item in items] == [5, 4, 3, 2, 1]
    assert [item["caused_by"]["id"] for item in items] == [f"h-{number}" for number in (4, 3, 2, 1, 0)]
    assert items[2]["changes"] == {"purpose": {"before": "p1", "after": "p2"}}
    assert items[4]["changes"]["purpose"] == {"before": None, "after": "p0"}


async def test_versions_are_listed_and_shown_with_slashes_in_their_names(desk: Desk) -> None:
    odd = "pkg:oci/app@sha256:ab/1"
    await desk.deliver(
        said(registered()), *(said(created(version, framework="f")) for version in ("1", "10", "2", odd))
    )
    page = await desk.get("/v1/models/retail/credit-risk/versions", limit=3)
    rest = await desk.get("/v1/models/retail/credit-risk/versions", limit=3, cursor=page["next"])
    assert [item["version"] for item in [*page["items"], *rest["items"]]] == ["1", "10", "2", odd]
    shown = await desk.get(f"/v1/models/retail/credit-risk/versions/{odd}")
    assert (shown["version"], shown["kind"], shown["framework"]) == (odd, "model_version", "f")
    await desk.get("/v1/models/retail/credit-risk/versions/99", status=404)


async def test_unregistered_deployment_is_told_and_listed(desk: Desk) -> None:
    events = await desk.deliver(said(deployed("7"), FRAUD, id_="sync-881"))
    assert [type(_read(event)) for event in events] == [RecordChanged, AssetUnregistered]
    found = _read(events[1])
    assert (found.missing, found.version, found.environment, found.seen_in.id) == (
        "model",
        "7",
        "production",
        "sync-881",
    )
    await desk.deliver(said(registered(), MODEL))
    listed = await desk.get("/v1/models", missing="registration")
    assert [item["subject"] for item in listed["items"]] == [FRAUD]
    shown = await desk.get("/v1/models/retail/fraud screen")
    assert (shown["name"], shown["registered"]) == ("fraud screen", False)


async def test_lists_are_narrowed_by_words_owner_and_tag(desk: Desk) -> None:
    await desk.deliver(
        said(registered(purpose="Scores 100% of loans", owners={"training": "team/ml"}, tags={"domain": "retail"})),
        said(
            registered(purpose="stops fraud", owners={"monitoring": "team/fraud"}, tags={"domain": "pay", "x": ""}),
            FRAUD,
        ),
    )

    async def listed(**query: Any) -> list[str]:
        return [item["subject"] for item in (await desk.get("/v1/models", **query))["items"]]

    assert await listed() == [MODEL, FRAUD]
    assert await listed(q="LOANS") == [MODEL]
    assert await listed(q="100%") == [MODEL]
    assert await listed(q="10_%") == []
    assert await listed(q="fraud") == [FRAUD]
    assert await listed(owner="team/fraud") == [FRAUD]
    assert await listed(tag="domain") == [MODEL, FRAUD]
    assert await listed(tag="domain=retail") == [MODEL]
    assert await listed(tag="x=") == [FRAUD]
    assert await listed(tag="domain=retail", owner="team/fraud") == []


async def test_pages_of_a_list_neither_repeat_nor_leave_out(desk: Desk) -> None:
    subjects = [f"model/retail/m{number:02}" for number in range(7)]
    await desk.deliver(*(said(registered(), subject) for subject in subjects))
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await desk.get("/v1/models", limit=3, **cursor)
        seen += [item["subject"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == subjects
    await desk.get("/v1/models", cursor="rubbish", status=400)


async def test_confidential_record_is_for_auditors_and_owners(desk: Desk) -> None:
    owners = {"training": "//govbus/people/olga"}
    await desk.deliver(said(registered(purpose="secret", owners=owners), classification="confidential"))
    await desk.deliver(said(created("1"), classification="confidential"))
    path = "/v1/models/retail/credit-risk"
    for place in (path, f"{path}/history", f"{path}/versions", f"{path}/versions/1"):
        assert (await desk.get(place, status=403))["type"].endswith("confidential")
        await desk.get(place, name="otto", role="auditor")
        await desk.get(place, name="olga", role="owner")
        await desk.get(place, name="oscar", role="owner", status=403)
    assert (await desk.get("/v1/models"))["items"] == []
    assert len((await desk.get("/v1/models", role="auditor"))["items"]) == 1
    assert len((await desk.get("/v1/models", name="olga"))["items"]) == 1
    assert len((await desk.get("/v1/models", name="olga", as_of="2026-04-01T00:00:00Z"))["items"]) == 1
    assert (await desk.get("/v1/models", as_of="2026-04-01T00:00:00Z"))["items"] == []


async def test_nobody_reads_without_a_token(desk: Desk) -> None:
    assert (await desk.client.get("/v1/models")).status_code == 401


@pytest.mark.parametrize("subject", ["dataset/retail/loans", "model/retail", "model/a/b/c", "model/retail/%41b"])
async def test_fact_about_models_under_another_kind_of_subject_is_refused(desk: Desk, subject: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        await desk.deliver(said(registered(), subject))
    assert caught.value.reason == "not_a_model"


async def test_value_too_long_to_repeat_is_told_by_its_digest(desk: Desk) -> None:
    (told,) = await desk.deliver(said(registered(purpose="x" * 5000)))
    change = _read(told).changes["purpose"]
    assert change.after is None
    assert len(change.after_sha256) == 64
    assert len((await desk.get("/v1/models/retail/credit-risk"))["purpose"]) == 5000


async def test_other_facts_leave_no_trace(desk: Desk) -> None:
    opaque = Event(id="1", source="//x", type="com.example.thing", subject="external/x/y", time=START, data=b"?")
    assert await desk.deliver(opaque) == []
