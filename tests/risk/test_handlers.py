"""What records make risk say and keep, on real PostgreSQL."""

import base64
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError

from govbus.contracts import catalogue, strict_json
from govbus.contracts.conclusions.incident import IncidentOpened, IncidentResolved
from govbus.contracts.conclusions.log import CheckpointPublished, EntryPublished
from govbus.contracts.conclusions.release import ReleaseBlocked
from govbus.contracts.envelope import Event
from govbus.contracts.facts.deployment import DeploymentCompleted, DeploymentRequested
from govbus.contracts.facts.model import ModelRegistered, ModelVersionCreated
from govbus.contracts.facts.monitoring import MonitorObserved
from govbus.contracts.facts.platform import PlatformReported
from govbus.contracts.fields import Window
from govbus.eventing.service import Service
from govbus.risk import tables
from govbus.risk.activation import Policies
from govbus.risk.policy.bundle import read_folder
from govbus.risk.shelf import Shelf
from govbus.risk.store import decisions, incidents, subjects
from risk.delivering import MODEL, START, deliver, fact, fairness, names, sent
from risk.rules import NAMES, POLICIES

ROOT = base64.b64encode(bytes(32)).decode()


def life() -> list[Event]:
    return [
        fact(ModelRegistered(), "registered"),
        fact(ModelVersionCreated(version="1"), "one"),
        fact(fairness("1", 0.4, 0.7), "unfair"),
        fact(DeploymentCompleted(version="1", environment="production"), "deployed"),
        fact(ModelVersionCreated(version="2"), "two"),
        fact(fairness("2", 0.5, 0.52), "fair"),
    ]


@pytest.fixture
async def decided(service: Service) -> Service:
    """The service with its default bundle active."""
    await Policies(service, Shelf(NAMES), lambda: START).settle_default(read_folder(POLICIES / "default"))
    assert names(await sent(service)) == ["policy.activated"]
    return service


async def test_the_life_of_a_model_is_judged_and_scored_step_by_step(app: FastAPI) -> None:
    said = [(event.id, names(await deliver(app, event))) for event in life()]
    assert said == [
        ("registered", ["risk.scored"]),
        ("one", []),
        ("unfair", ["validation.failed"]),
        ("deployed", ["risk.scored"]),
        ("two", []),
        ("fair", ["validation.passed"]),
    ]


async def test_the_same_facts_make_the_same_bytes_in_another_database(app: FastAPI, service: Service) -> None:
    first = await deliver(app, *life())
    async with service.engine.begin() as connection:
        for table in tables.FOLDED:
            await connection.execute(tables.metadata.tables[table].delete())
    assert await deliver(app, *life()) == first
    assert {event.causationid for event in first} == {"registered", "unfair", "deployed", "fair"}


async def test_a_fact_risk_has_no_use_for_leaves_no_trace(app: FastAPI, service: Service) -> None:
    payload = PlatformReported(platform="mlflow", kind="alias", payload_sha256="0" * 64)
    assert await deliver(app, fact(payload, "p")) == []
    async with service.engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM subject")).scalar() == 0


async def test_only_versions_that_matter_are_loaded_however_many_there_are(app: FastAPI, service: Service) -> None:
    await deliver(app, *(fact(ModelVersionCreated(version=str(number)), f"v{number}") for number in range(40)))
    async with service.engine.connect() as connection:
        state = await subjects.load(connection, MODEL, "7")
    assert sorted(state.versions) == ["39", "7"]
    assert all(version.registered for version in state.versions.values())


async def test_a_breach_is_said_once_with_its_score(app: FastAPI) -> None:
    def observed(hour: int) -> Event:
        window = Window(start=START.replace(hour=hour), end=START.replace(hour=hour + 1))
        payload = MonitorObserved(environment="production", metric="psi", kind="technical", window=window, value=0.9)
        return fact(payload, f"o{hour}")

    await deliver(app, *life()[:2], fact(DeploymentCompleted(version="1", environment="production"), "d"))
    assert [names(await deliver(app, observed(hour))) for hour in range(5)] == [
        ["risk.scored"],
        [],
        ["drift.detected", "risk.scored"],
        [],
        [],
    ]


def opened(**changes: Any) -> Event:
    payload = IncidentOpened(
        **{"incident_id": "i-1", "about": (MODEL,), "kind": "reported", "severity": "high", "summary": "x"} | changes
    )
    return fact(payload, "opened", f"incident/{payload.incident_id}")


async def test_an_incident_stands_until_it_is_resolved_and_enters_no_score(app: FastAPI, service: Service) -> None:
    resolved = IncidentResolved(incident_id="i-1", about=(MODEL,), by="me", at=START, resolution="mended")
    assert await deliver(app, *life()[:1], opened(), opened()) != []
    async with service.engine.connect() as connection:
        assert [item.id for item in await incidents.open_incidents(connection, MODEL)] == ["i-1"]
    assert await deliver(app, fact(resolved, "resolved", "incident/i-1")) == []
    async with service.engine.connect() as connection:
        assert await incidents.open_incidents(connection, MODEL) == ()


def requested(version: str, id_: str) -> Event:
    payload = DeploymentRequested(version=version, environment="production", requested_by="//ci")
    return fact(payload, id_)


async def test_a_requested_deployment_is_answered_by_an_event_and_a_row(app: FastAPI, decided: Service) -> None:
    await deliver(app, *life())
    allowed, blocked = await deliver(app, requested("2", "r2"), requested("1", "r1"))
    assert names([allowed, blocked]) == ["release.allowed", "release.blocked"]
    said = catalogue.read(blocked)
    assert isinstance(said, ReleaseBlocked)
    assert (said.via, said.requested_by, blocked.causationid) == ("event", "//ci", "r1")
    assert {"validation-failed", "fairness-gap"} <= {reason.rule for reason in said.reasons}
    assert said.inputs["bounds"]["fairness_gap"] == 0.1  # type: ignore[call-overload, index]
    async with decided.engine.connect() as connection:
        row = await decisions.find(connection, said.decision_id)
    assert row
    assert (row["decision"], row["event_id"]) == ("deny", blocked.id)


async def test_a_deployment_is_not_allowed_while_open_incidents_are_read_again(app: FastAPI, decided: Service) -> None:
    await deliver(app, *life())
    async with decided.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO eventing_offset (topic, partition, next_offset, muted_below) "
            "VALUES ('govbus.oversight', 5, 0, 1)"
        )
    (blocked,) = await deliver(app, requested("2", "r2"))
    assert names([blocked]) == ["release.blocked"]


async def test_the_same_request_again_leaves_one_decision(app: FastAPI, decided: Service) -> None:
    await deliver(app, *life(), requested("2", "r2"))
    await deliver(app, requested("2", "r2"))
    async with decided.engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM decision")).scalar() == 1


async def test_without_an_active_bundle_everything_is_denied(app: FastAPI) -> None:
    await deliver(app, *life())
    (blocked,) = await deliver(app, requested("2", "r2"))
    said = catalogue.read(blocked)
    assert isinstance(said, ReleaseBlocked)
    assert [reason.rule for reason in said.reasons] == ["no_policy"]


def entry_of(event: Event, index: int) -> Event:
    fields = {"kind": "event", "id": event.id, "source": event.source, "type": event.type}
    raw = base64.b64encode(strict_json.dump(fields)).decode()
    return fact(EntryPublished(index=index, entry=raw), f"e{index}", "log/x")


def checkpoint(size: int) -> Event:
    payload = CheckpointPublished(origin="example/log", size=size, root=ROOT, checkpoint="text")
    return fact(payload, f"c{size}", "log/x")


async def test_a_receipt_names_the_first_checkpoint_that_covers_the_decision(app: FastAPI, decided: Service) -> None:
    released = (await deliver(app, *life(), requested("2", "r2")))[-1]
    said = strict_json.parse(released.data)

    async def receipt() -> tuple[Any, Any]:
        async with decided.engine.connect() as connection:
            row = await decisions.find(connection, said["decision_id"])
        assert row
        return row["log_index"], row["log_size"]

    await deliver(app, entry_of(life()[0], 40), entry_of(released, 41), checkpoint(41))
    assert await receipt() == (41, None)
    await deliver(app, checkpoint(42), checkpoint(50), entry_of(released, 99))
    assert await receipt() == (41, 42)


async def test_an_entry_that_is_no_json_is_passed_over(app: FastAPI) -> None:
    assert await deliver(app, fact(EntryPublished(index=1, entry="AAAA"), "e", "log/x")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision SET decision = 'allow'",
        "DELETE FROM decision",
        "UPDATE bundle SET files = '{}'",
        "DELETE FROM activation",
        "DROP TABLE subject",
    ],
)
async def test_the_runtime_role_can_change_no_decision_and_no_bundle(service: Service, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        async with service.engine.begin() as connection:
            await connection.exec_driver_sql(statement)
