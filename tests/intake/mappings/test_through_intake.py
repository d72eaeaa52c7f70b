"""What the mappings yield meets the rights of a source and what was taken before."""

import json
from datetime import timedelta
from typing import Any

from intake.desk import Desk
from intake.mappings.inventories import first_layout, use_case

REVIEW = {
    "action": "submitted",
    "review": {"id": 1, "state": "approved", "user": {"id": 7}, "submitted_at": "2026-11-23T04:00:19Z"},
    "pull_request": {},
    "repository": {"name": "credit-risk", "full_name": "bank/credit-risk"},
    "sender": {},
}


def alert(name: str) -> dict[str, Any]:
    """Return a firing alert."""
    labels = {"alertname": name, "severity": "critical", "model": "credit-risk"}
    return {"status": "firing", "labels": labels, "startsAt": "2026-11-23T04:00:19Z", "fingerprint": name}


def group(*alerts: dict[str, Any]) -> str:
    """Return a delivery of Alertmanager."""
    return json.dumps({"status": "firing", "groupKey": "{}", "groupLabels": {}, "alerts": list(alerts)})


async def test_a_review_is_an_approval_only_of_a_source_that_may_record_them(desk: Desk) -> None:
    headers = {"x-github-event": "pull_request_review", "x-github-delivery": "1"}
    mine = await desk.register("github", mapping="github")
    answer = await desk.client.post("/v1/webhooks/github", content=json.dumps(REVIEW), headers={**mine, **headers})
    assert answer.status_code == 202, answer.text
    mine = await desk.register("reviews", mapping="github", types=["approval.recorded"])
    answer = await desk.client.post("/v1/webhooks/reviews", content=json.dumps(REVIEW), headers={**mine, **headers})
    assert answer.status_code == 202, answer.text
    reported, approved = await desk.facts()
    assert (reported.type, reported.subject) == (
        "dev.govbus.platform.reported.v1",
        "external/github/bank%2Fcredit-risk",
    )
    assert (approved.type, approved.json()["decision"]) == ("dev.govbus.approval.recorded.v1", "approved")


async def test_an_alert_that_is_sent_again_with_a_new_one_is_recorded_once(desk: Desk) -> None:
    mine = await desk.register("alerts", mapping="alertmanager")
    for delivery in (group(alert("a")), group(alert("a"), alert("b")), group(alert("a"), alert("b"))):
        answer = await desk.client.post("/v1/webhooks/alerts", content=delivery, headers=mine)
        assert answer.status_code < 300, answer.text
    assert [fact.json()["summary"] for fact in await desk.facts()] == ["a", "b"]


async def test_an_inventory_that_is_imported_again_records_only_the_row_that_changed(desk: Desk) -> None:
    mine = await desk.register("omb", mapping="federal_inventory")
    before = first_layout(use_case("Babel"), use_case("Onyx"))
    after = first_layout(use_case("Babel"), use_case("Onyx", outputs="Texte"))
    for sent in (before, before, after):
        desk.clock.now += timedelta(minutes=1)
        answer = await desk.client.post("/v1/imports", params={"as": "federal_inventory"}, content=sent, headers=mine)
        assert answer.status_code < 300, answer.text
    assert [fact.json()["name"] for fact in await desk.facts()] == ["Babel", "Onyx", "Onyx"]
