"""The incident desk over HTTP, on real PostgreSQL."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from govbus.eventing.service import Service
from oversight.delivering import MODEL, breach, deliver, said, sent

Bearer = Callable[..., dict[str, str]]
REPORT: dict[str, Any] = {"about": [MODEL], "summary": "people were refused wrongly", "severity": "high"}


@pytest.fixture
async def incident_id(http: httpx2.AsyncClient, bearer: Bearer) -> str:
    answer = await http.post("/v1/incidents", json=REPORT, headers=bearer("olga", "operator"))
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def test_an_incident_is_reported_acknowledged_assigned_commented_and_resolved_by_named_people(
    http: httpx2.AsyncClient, bearer: Bearer, service: Service
) -> None:
    olga, paul = bearer("olga", "operator"), bearer("paul", "owner")
    opened = (await http.post("/v1/incidents", json=REPORT, headers=olga)).json()
    base = f"/v1/incidents/{opened['id']}"
    assert (opened["state"], opened["opened_by"]) == ("open", "//govbus/people/olga")
    taken = await http.post(f"{base}/acknowledge", json={"note": "on it"}, headers=olga)
    assert (taken.status_code, taken.json()["acknowledged_by"]) == (200, "//govbus/people/olga")
    given = await http.post(f"{base}/assign", json={"assignee": "//govbus/people/paul"}, headers=olga)
    assert given.json()["assignee"] == "//govbus/people/paul"
    remark = await http.post(f"/v1/cases/{opened['id']}/comments", json={"text": "rolled back"}, headers=paul)
    assert remark.status_code == 201
    over = await http.post(f"{base}/resolve", json={"resolution": "model replaced"}, headers=paul)
    assert (over.json()["state"], over.json()["resolved_by"]) == ("resolved", "//govbus/people/paul")

    case = (await http.get(f"/v1/cases/{opened['id']}", headers=bearer("vera", "viewer"))).json()
    assert [line["action"] for line in case["history"]] == [
        "opened",
        "acknowledged",
        "assigned",
        "commented",
        "resolved",
    ]
    events = await sent(service)
    assert [event.type.split(".")[3] for event in events] == ["opened", "acknowledged", "resolved"]
    assert {event.subject for event in events} == {f"incident/{opened['id']}"}
    assert [event.id for event in events] == [
        line["event_id"] for line in case["history"] if line["action"] not in ("assigned", "commented")
    ]
    assert {event.correlationid for event in events} == {events[0].id}
    assert [event.authid for event in events] == [
        "//govbus/people/olga",
        "//govbus/people/olga",
        "//govbus/people/paul",
    ]


async def test_illegal_steps_are_conflicts_that_change_nothing(
    http: httpx2.AsyncClient, bearer: Bearer, incident_id: str, service: Service
) -> None:
    olga = bearer("olga", "operator")
    await sent(service)
    early = await http.post(f"/v1/incidents/{incident_id}/resolve", json={"resolution": "x"}, headers=olga)
    assert (early.status_code, early.headers["content-type"]) == (409, "application/problem+json")
    assert early.json()["type"].endswith("/not-acknowledged")
    assert await sent(service) == []
    await http.post(f"/v1/incidents/{incident_id}/acknowledge", headers=olga)
    again = await http.post(f"/v1/incidents/{incident_id}/acknowledge", headers=olga)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "already-acknowledged")
    unknown = await http.post(f"/v1/incidents/{uuid.uuid4()}/acknowledge", headers=olga)
    assert unknown.status_code == 404


async def test_two_people_who_acknowledge_at_once_are_one_acknowledgement(
    http: httpx2.AsyncClient, bearer: Bearer, incident_id: str, service: Service
) -> None:
    answers = await asyncio.gather(
        *(
            http.post(f"/v1/incidents/{incident_id}/acknowledge", headers=bearer(name, "operator"))
            for name in ("olga", "otto", "oona")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert [event.type.split(".")[3] for event in await sent(service)] == ["opened", "acknowledged"]


async def test_a_repeated_key_gives_the_same_answer_and_does_it_once(
    http: httpx2.AsyncClient, bearer: Bearer, service: Service
) -> None:
    keyed = bearer("olga", "operator") | {"idempotency-key": "k-1"}
    answers = await asyncio.gather(*(http.post("/v1/incidents", json=REPORT, headers=keyed) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await sent(service)) == 1
    other = await http.post("/v1/incidents", json=REPORT | {"severity": "low"}, headers=keyed)
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "idempotency-key-reused")
    foreign = await http.post(
        "/v1/incidents",
        json=REPORT,
        headers=bearer("otto", "operator") | keyed | {"authorization": bearer("otto", "operator")["authorization"]},
    )
    assert foreign.json()["id"] != answers[0].json()["id"]


@pytest.mark.parametrize("role", ["viewer", "auditor", "admin", "reviewer:risk"])
async def test_only_operators_and_owners_act(
    http: httpx2.AsyncClient, bearer: Bearer, incident_id: str, role: str
) -> None:
    who = bearer("x", role)
    assert (await http.post("/v1/incidents", json=REPORT, headers=who)).status_code == 403
    assert (await http.post(f"/v1/incidents/{incident_id}/acknowledge", headers=who)).status_code == 403
    assert (await http.get("/v1/cases", headers=who)).status_code == 200


async def test_strangers_are_told_to_say_who_they_are(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/v1/cases")).status_code == 401
    assert (await http.post("/v1/incidents", json=REPORT)).status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"about": ["nonsense"]}, 422),
        ({"about": []}, 422),
        ({"summary": "a\x00b"}, 422),
        ({"summary": ""}, 422),
        ({"severity": "dire"}, 422),
        ({"unknown": 1}, 422),
        ({"occurred_at": "2026-01-01T00:00:00"}, 422),
    ],
)
async def test_a_report_that_is_not_one_is_refused_with_the_place(
    http: httpx2.AsyncClient, bearer: Bearer, change: dict[str, Any], status: int
) -> None:
    answer = await http.post("/v1/incidents", json=REPORT | change, headers=bearer("olga", "operator"))
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"]


async def test_cases_are_listed_newest_first_in_pages_and_narrowed(
    http: httpx2.AsyncClient, bearer: Bearer, service: Service
) -> None:
    olga = bearer("olga", "operator")
    await deliver(service, said(breach(metric="a")), said(breach(metric="b")), said(breach(metric="c")))
    mine = (await http.post("/v1/incidents", json=REPORT | {"about": ["model/x/y"]}, headers=olga)).json()
    seen: list[str] = []
    cursor = None
    while True:
        parameters = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/v1/cases", params=parameters, headers=olga)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 4
    assert seen[0] == mine["id"]

    async def found(**parameters: str) -> list[str]:
        answer = await http.get("/v1/cases", params=parameters, headers=olga)
        assert answer.status_code == 200, answer.text
        return [item["metric"] or item["id"] for item in answer.json()["items"]]

    assert await found(about="model/x/y") == [mine["id"]]
    assert sorted(await found(about=MODEL)) == ["a", "b", "c"]
    assert sorted(await found(due_before="2026-03-02T00:00:00Z")) == ["a", "b", "c"]
    await http.post(f"/v1/incidents/{mine['id']}/acknowledge", headers=olga)
    assert await found(state="acknowledged") == [mine["id"]]
    assert await found(assignee="//govbus/people/olga", kind="incident") == [mine["id"]]
    assert await found(kind="review") == []
    assert (await http.get("/v1/cases", params={"cursor": "x"}, headers=olga)).status_code == 400
    assert (await http.get("/v1/cases", params={"state": "odd"}, headers=olga)).status_code == 422
