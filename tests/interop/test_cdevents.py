"""The CDEvents project's own conformance files, as CloudEvents and as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from intake.desk import Desk

pytestmark = pytest.mark.interop

EXPECTED = {
    "service_deployed": ("deployment.completed", "model/shop/mySubject123"),
    "service_rolledback": ("deployment.completed", "model/shop/mySubject123"),
    "incident_detected": ("incident.reported", "model/shop/myApp"),
    "incident_reported": ("incident.reported", "model/shop/myApp"),
    "testcaserun_finished": ("validation.completed", "external/ci/92834723894"),
    "testcaserun_skipped": ("validation.completed", "external/ci/92834723894"),
    "testsuiterun_finished": ("validation.completed", "external/ci/92834723894"),
}
"""File → fact type and subject; every other file is `platform.reported`."""

OUTCOMES = {"testcaserun_finished": "passed", "testcaserun_skipped": "nothing_ran", "testsuiterun_finished": "failed"}


def files(samples: Path) -> dict[str, bytes]:
    """Return the files by name."""
    found = {path.stem: path.read_bytes() for path in sorted((samples / "cdevents").glob("*.json"))}
    assert found
    return found


async def register(desk: Desk) -> dict[str, str]:
    """Register a CI system under every source the files name."""
    return await desk.register("ci", source="/", namespace="shop", mapping="cdevents")


async def send(desk: Desk, mine: dict[str, str], raw: bytes) -> Any:
    """Send one CDEvent as the CloudEvents binding of CDEvents says, in binary mode."""
    cdevent = json.loads(raw)
    context = cdevent["context"]
    headers = {
        **mine,
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": context["id"],
        "ce-source": context["source"],
        "ce-type": context["type"],
        "ce-subject": cdevent["subject"]["id"].replace("%", "%25"),
        "ce-time": context["timestamp"],
    }
    return await desk.client.post("/v1/events", content=raw, headers=headers)


@pytest.mark.parametrize("carried", [True, False], ids=["as a CloudEvent", "as it is"])
async def test_every_file_becomes_the_expected_fact(desk: Desk, samples: Path, carried: bool) -> None:
    mine = await register(desk)
    sent = files(samples)
    for name, raw in sent.items():
        if carried:
            answer = await send(desk, mine, raw)
        else:
            answer = await desk.client.post("/v1/webhooks/ci", content=raw, headers=mine)
        assert answer.status_code == 202, (name, answer.text)
    facts = await desk.facts()
    assert len(facts) == len(sent)
    for name, fact in zip(sent, facts, strict=True):
        expected, subject = EXPECTED.get(name, ("platform.reported", fact.subject))
        assert (fact.type, fact.subject) == (f"dev.govbus.{expected}.v1", subject), name
        if name in OUTCOMES:
            assert fact.json()["outcome"] == OUTCOMES[name], name


async def test_the_emitters_own_identity_finds_the_fact_it_became(desk: Desk, samples: Path) -> None:
    mine = await register(desk)
    raw = files(samples)["service_deployed"]
    position = (await send(desk, mine, raw)).json()["position"]
    context = json.loads(raw)["context"]
    asked = {name: context[name] for name in ("source", "type", "id")}
    assert (await desk.client.get("/v1/events", params=asked, headers=mine)).json()["position"] == position


async def test_a_retry_of_a_carried_cdevent_is_a_duplicate(desk: Desk, samples: Path) -> None:
    mine = await register(desk)
    raw = files(samples)["incident_reported"]
    first = await send(desk, mine, raw)
    again = await send(desk, mine, raw)
    assert (again.status_code, again.json()["position"]) == (200, first.json()["position"])


async def test_a_deployment_without_its_artifact_is_refused_with_the_missing_path(desk: Desk, samples: Path) -> None:
    mine = await register(desk)
    cdevent = json.loads(files(samples)["service_deployed"])
    del cdevent["subject"]["content"]["artifactId"]
    answer = await desk.client.post("/v1/webhooks/ci", content=json.dumps(cdevent), headers=mine)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/mapping-failed")
    assert answer.json()["errors"][0]["pointer"] == "/subject/content/artifactId"


async def test_a_test_run_that_names_its_model_is_about_that_model(desk: Desk, samples: Path) -> None:
    mine = await register(desk)
    cdevent = json.loads(files(samples)["testsuiterun_finished"])
    cdevent["customData"] = {"model": "credit-risk", "version": "7"}
    await desk.client.post("/v1/webhooks/ci", content=json.dumps(cdevent), headers=mine)
    (fact,) = await desk.facts()
    assert (fact.subject, fact.json()["version"]) == ("model/shop/credit-risk", "7")
