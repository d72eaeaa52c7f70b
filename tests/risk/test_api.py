"""The HTTP surface: gate, decisions, policies, scores."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from govbus.contracts import catalogue
from govbus.contracts.conclusions.incident import IncidentOpened
from govbus.contracts.conclusions.policy import PolicyActivated
from govbus.contracts.conclusions.release import ReleaseAllowed, ReleaseBlocked
from govbus.contracts.facts.deployment import DeploymentCompleted
from govbus.contracts.facts.model import ModelRegistered, ModelVersionCreated
from govbus.contracts.identity import position_of
from govbus.eventing.service import Service
from govbus.risk.activation import Policies
from govbus.risk.policy.bundle import read_folder
from govbus.risk.shelf import Shelf
from risk.delivering import MODEL, deliver, fact, fairness, names, sent
from risk.rules import NAMES, POLICIES

Bearer = Callable[..., dict[str, str]]
ASKED = {"subject": MODEL, "version": "2", "environment": "production", "requested_by": "//ci"}
ALLOW_ALL = "- {id: anything, require: 'true', otherwise: deny, message: never}"


@pytest.fixture
async def ready(app: FastAPI, service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service with its default bundle, knowing a good version 2, and with nothing unread."""
    monkeypatch.setattr(service, "oldest_unread_age_seconds", lambda *_: 0.1)
    await Policies(service, Shelf(NAMES), lambda: datetime.now(UTC)).settle_default(read_folder(POLICIES / "default"))
    now = datetime.now(UTC)
    facts = (ModelRegistered(), ModelVersionCreated(version="2"), fairness("2", 0.5, 0.52))
    await deliver(app, *(fact(payload, f"f{number}", at=now) for number, payload in enumerate(facts)))
    return service


async def ask(http: httpx2.AsyncClient, headers: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = await http.post("/v1/gate", json=ASKED | changes, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rules(answer: dict[str, Any]) -> set[str]:
    return {reason["rule"] for reason in answer["reasons"]}


async def test_the_gate_allows_and_its_decision_is_on_record_before_the_answer(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    answer = await ask(http, bearer("ci", "operator"))
    assert set(answer) == {"decision", "decision_id", "reasons", "policy_digest"}
    assert (answer["decision"], rules(answer)) == ("allow", {"assessment-complete", "owner-named"})
    (event,) = await sent(ready)
    said = catalogue.read(event)
    assert isinstance(said, ReleaseAllowed)
    assert (event.subject, event.authid, said.decision_id) == (MODEL, "//govbus/people/ci", answer["decision_id"])
    shown = (await http.get(f"/v1/decisions/{answer['decision_id']}", headers=bearer("v", "viewer"))).json()
    assert (shown["decision"], shown["receipt"], shown["via"]) == ("allow", None, "http")
    assert shown["inputs"]["evidence"]["validations"][0]["worst_gap"] == pytest.approx(0.02)


@pytest.mark.usefixtures("ready")
async def test_a_version_nobody_registered_is_denied_under_any_bundle(http: httpx2.AsyncClient, bearer: Bearer) -> None:
    assert "unregistered-version" in rules(await ask(http, bearer("ci", "owner"), version="99"))
    await activate(http, bearer, ALLOW_ALL)
    assert (await ask(http, bearer("ci", "owner")))["decision"] == "allow"
    answer = await ask(http, bearer("ci", "owner"), subject="model/never/heard-of")
    assert (answer["decision"], rules(answer)) == ("deny", {"unregistered-version"})


async def activate(http: httpx2.AsyncClient, bearer: Bearer, text: str, mode: str = "enforce") -> str:
    admin = bearer("root", "admin")
    stored = await http.post("/v1/policies", json={"name": "mine", "files": {"r.yaml": text}}, headers=admin)
    assert stored.status_code == 201, stored.text
    digest = str(stored.json()["digest"])
    answer = await http.post(f"/v1/policies/{digest}/activate?mode={mode}", headers=admin)
    assert answer.json() == {"digest": digest, "mode": mode, "changed": True}
    return digest


@pytest.mark.usefixtures("ready")
async def test_an_open_incident_denies_until_it_is_resolved(
    app: FastAPI, http: httpx2.AsyncClient, bearer: Bearer
) -> None:
    opened = IncidentOpened(incident_id="i", about=(MODEL,), kind="reported", severity="critical", summary="x")
    await deliver(app, fact(opened, "opened", "incident/i"))
    assert "incident-open" in rules(await ask(http, bearer("ci", "operator")))


async def test_the_gate_stays_shut_while_its_state_is_rebuilt(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    async with ready.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO eventing_offset (topic, partition, next_offset, muted_below) "
            "VALUES ('govbus.oversight', 0, 3, 7)"
        )
    shut = await ask(http, bearer("ci", "operator"))
    assert "state_behind" in rules(shut)
    async with ready.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE eventing_offset SET next_offset = 7 WHERE topic = 'govbus.oversight'")
    assert rules(await ask(http, bearer("ci", "operator"))) == rules(shut) - {"state_behind"}


async def test_the_gate_waits_for_the_event_given_as_after(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    event = fact(DeploymentCompleted(version="2", environment="production"), "later")
    today = datetime.now(UTC).date()

    async def read_soon() -> None:
        await asyncio.sleep(0.1)
        async with ready.engine.begin() as connection:
            await connection.exec_driver_sql("SELECT eventing_prepare_inbox($1)", (today,))
            statement = "INSERT INTO eventing_inbox (identity, recorded_on) VALUES ($1, $2)"
            await connection.exec_driver_sql(statement, (bytes.fromhex(position_of(event)), today))

    reading = asyncio.create_task(read_soon())
    assert (await ask(http, bearer("ci", "operator"), after=position_of(event)))["decision"] == "allow"
    await reading


async def test_what_was_never_read_is_waited_for_and_then_denied(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    answer = await ask(http, bearer("ci", "operator"), after="0" * 32)
    assert answer["decision"] == "deny"
    assert "state_behind" in rules(answer)
    (event,) = await sent(ready)
    assert isinstance(catalogue.read(event), ReleaseBlocked)


@pytest.mark.parametrize(("age_seconds", "rule"), [(None, "state_unknown"), (31.0, "state_behind")])
async def test_old_or_unknown_state_denies(
    http: httpx2.AsyncClient,
    ready: Service,
    bearer: Bearer,
    monkeypatch: pytest.MonkeyPatch,
    age_seconds: float | None,
    rule: str,
) -> None:
    monkeypatch.setattr(ready, "oldest_unread_age_seconds", lambda *_: age_seconds)
    assert rule in rules(await ask(http, bearer("ci", "operator")))
    assert f'govbus_risk_guards_total{{rule="{rule}"}} 1.0' in (await http.get("/metrics")).text


async def test_a_subject_with_parked_records_is_denied_and_others_are_not(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    async with ready.engine.begin() as connection:
        await connection.exec_driver_sql(
            'INSERT INTO eventing_parked (id, topic, partition, "offset", timestamp_ms, key, headers, reason, detail,'
            " holds_key) VALUES (gen_random_uuid(), 't', 0, 0, 0, $1, '', 'handler_failed', 'x', true)",
            (MODEL.encode(),),
        )
    answer = await ask(http, bearer("ci", "operator"))
    assert (answer["decision"], "subject_parked" in rules(answer)) == ("deny", True)
    assert "subject_parked" not in rules(await ask(http, bearer("ci", "operator"), subject="model/retail/other"))


async def test_a_parked_record_about_an_incident_denies_whomever_it_may_concern(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    async with ready.engine.begin() as connection:
        await connection.exec_driver_sql(
            'INSERT INTO eventing_parked (id, topic, partition, "offset", timestamp_ms, key, headers, reason, detail,'
            " holds_key) VALUES (gen_random_uuid(), 'govbus.oversight', 0, 0, 0, 'incident/1', '', 'x', 'x', true)"
        )
    assert "subject_parked" in rules(await ask(http, bearer("ci", "operator")))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"subject": "nonsense"}, "/subject"),
        ({"subject": "model/a/%zz"}, "/subject"),
        ({"version": ""}, "/version"),
        ({"after": "xyz"}, "/after"),
        ({"environment": None}, "/environment"),
        ({"afetr": "0"}, "/afetr"),
        ({"requested_by": "a\x00b"}, "/requested_by"),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused_in_place(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer, changes: dict[str, Any], pointer: str
) -> None:
    answer = await http.post("/v1/gate", json=ASKED | changes, headers=bearer("ci", "operator"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert await sent(ready) == []


@pytest.mark.usefixtures("service")
async def test_nobody_unknown_asks_and_only_admins_change_policies(http: httpx2.AsyncClient, bearer: Bearer) -> None:
    assert (await http.post("/v1/gate", json=ASKED)).status_code == 401
    assert (await http.get("/v1/policies")).status_code == 401
    body = {"name": "mine", "files": {"r.yaml": ALLOW_ALL}}
    for role in ("viewer", "operator", "owner", "reviewer:risk", "auditor"):
        assert (await http.post("/v1/policies", json=body, headers=bearer("x", role))).status_code == 403
        assert (await http.post("/v1/policies/sha256:0/activate", headers=bearer("x", role))).status_code == 403


@pytest.mark.usefixtures("service")
async def test_a_bundle_with_a_wrong_path_is_refused_with_its_place(http: httpx2.AsyncClient, bearer: Bearer) -> None:
    text = "- id: r\n  require: subject.teir == 'x'\n  otherwise: deny\n  message: no"
    body = {"name": "mine", "files": {"r.yaml": text}}
    answer = await http.post("/v1/policies", json=body, headers=bearer("root", "admin"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"].startswith("r.yaml:2:19: undefined field 'teir'")
    assert (await http.post("/v1/policies/sha256:0/activate", headers=bearer("root", "admin"))).status_code == 404


async def test_activation_is_an_event_and_the_same_again_is_none(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    await sent(ready)
    before = (await ask(http, bearer("ci", "operator")))["policy_digest"]
    digest = await activate(http, bearer, ALLOW_ALL)
    again = await http.post(f"/v1/policies/{digest}/activate", headers=bearer("root", "admin"))
    assert again.json()["changed"] is False
    events = await sent(ready)
    assert names(events) == ["release.allowed", "policy.activated"]
    said = catalogue.read(events[1])
    assert isinstance(said, PolicyActivated)
    assert (said.digest, said.previous_digest, said.activated_by) == (digest, before, "//govbus/people/root")
    listed = (await http.get("/v1/policies?limit=1", headers=bearer("v", "viewer"))).json()
    rest = (await http.get(f"/v1/policies?cursor={listed['next']}", headers=bearer("v", "viewer"))).json()
    assert {item["digest"]: item["mode"] for item in listed["items"] + rest["items"]} == {
        digest: "enforce",
        before: None,
    }


async def test_the_default_bundle_does_not_push_out_one_that_a_person_chose(
    http: httpx2.AsyncClient, ready: Service, bearer: Bearer
) -> None:
    digest = await activate(http, bearer, ALLOW_ALL)
    await Policies(ready, Shelf(NAMES), lambda: datetime.now(UTC)).settle_default(read_folder(POLICIES / "default"))
    assert (await ask(http, bearer("ci", "operator")))["policy_digest"] == digest


async def test_a_newer_default_bundle_follows_an_older_default(ready: Service) -> None:
    await sent(ready)
    policies = Policies(ready, Shelf(NAMES), lambda: datetime.now(UTC))
    await policies.settle_default({"r.yaml": ALLOW_ALL})
    await policies.settle_default(read_folder(POLICIES / "default"))
    (event,) = await sent(ready)
    assert event.authid == "//govbus/risk"


@pytest.mark.usefixtures("ready")
async def test_a_shadow_bundle_decides_nothing_and_its_differing_decision_is_kept(
    http: httpx2.AsyncClient, bearer: Bearer
) -> None:
    digest = await activate(http, bearer, ALLOW_ALL.replace("'true'", "'false'"), "shadow")
    answer = await ask(http, bearer("ci", "operator"))
    assert answer["decision"] == "allow"
    shown = (await http.get(f"/v1/decisions/{answer['decision_id']}", headers=bearer("v", "viewer"))).json()
    assert (shown["shadow"]["policy_digest"], shown["shadow"]["decision"]) == (digest, "deny")


@pytest.mark.usefixtures("service")
async def test_a_score_is_shown_as_it_was_known_at_a_date(
    app: FastAPI, http: httpx2.AsyncClient, bearer: Bearer
) -> None:
    first, then = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    await deliver(app, fact(ModelRegistered(), "a", at=first))
    await deliver(app, fact(ModelRegistered(taxonomy_answers={"prohibited_practice": "article_5"}), "b", at=then))
    tiers = {}
    for moment in (first - timedelta(days=1), first, first + timedelta(days=9), then, None):
        query = {"as_of": moment.isoformat()} if moment else {}
        answer = await http.get("/v1/risk/model/retail/credit-risk", params=query, headers=bearer("v", "auditor"))
        tiers[moment] = answer.json().get("tier", answer.status_code)
    assert list(tiers.values()) == [404, "high", "high", "prohibited", "prohibited"]
    scored = (await http.get("/v1/risk/model/retail/credit-risk", headers=bearer("v", "auditor"))).json()
    assert scored["subject"] == MODEL
    assert scored["dimensions"]["privacy_sensitivity"]["contributions"][0]["code"] == "unknown:personal_data"


@pytest.mark.usefixtures("service")
async def test_an_unknown_decision_is_not_found(http: httpx2.AsyncClient, bearer: Bearer) -> None:
    answer = await http.get("/v1/decisions/nothing", headers=bearer("v", "viewer"))
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (404, "no-such-decision")
