"""What records open, on real PostgreSQL."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError, IntegrityError

from govbus.contracts import catalogue
from govbus.contracts.conclusions.incident import IncidentOpened
from govbus.contracts.envelope import Event
from govbus.contracts.facts.incident import IncidentReported
from govbus.eventing.service import Service
from govbus.oversight.domain.history import Action, Line
from govbus.oversight.domain.incident import Incident, Stamp, acknowledge, resolve
from govbus.oversight.store import incidents
from oversight.delivering import MODEL, START, breach, deliver, deployed_failure, said, scored


def opening(event: Event) -> IncidentOpened:
    payload = catalogue.read(event)
    assert isinstance(payload, IncidentOpened)
    return payload


async def close(service: Service, id_: str) -> None:
    stamp = Stamp("//govbus/people/alice", START)
    async with service.engine.begin() as connection:
        found = await incidents.lock(connection, id_)
        assert found is not None
        taken = acknowledge(found, stamp)
        assert isinstance(taken, Incident)
        await incidents.change(connection, taken, Line(START, stamp.by, Action.ACKNOWLEDGED))
        over = resolve(taken, stamp, "mended")
        assert isinstance(over, Incident)
        await incidents.change(connection, over, Line(START, stamp.by, Action.RESOLVED))


async def test_a_failed_validation_of_a_deployed_version_opens_one_incident_however_often_it_is_said(
    service: Service,
) -> None:
    first = said(scored(deployed_failure()), id_="score-1")
    sent = await deliver(service, first, said(scored(deployed_failure(), deployed_failure("2")), id_="score-2"))
    assert [opening(event).version for event in sent] == ["1", "2"]
    one = sent[0]
    assert one.subject == f"incident/{opening(one).incident_id}"
    assert opening(one).about == (MODEL,)
    assert (opening(one).kind, opening(one).severity, opening(one).evidence_id) == (
        "failed_validation",
        "high",
        "validation-1",
    )
    assert (one.causationid, one.correlationid, one.time) == ("score-1", "score-1", START)
    await close(service, opening(one).incident_id)
    assert await deliver(service, said(scored(deployed_failure()))) == []


async def test_a_replay_into_an_empty_database_says_the_same_bytes(new_app: Callable[[], FastAPI]) -> None:
    causes = [
        said(scored(deployed_failure(), deployed_failure("2")), id_="score-1"),
        said(breach(), id_="breach-1"),
        said(breach(0.3), id_="breach-2"),
        said(IncidentReported(summary="wrong refusals", severity="low"), id_="report-1"),
    ]
    first = await deliver(new_app().state.service, *causes)
    assert len(first) == 4
    assert await deliver(new_app().state.service, *causes) == first


async def test_history_cannot_be_deleted_by_the_service(service: Service) -> None:
    async with service.engine.begin() as connection:
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.exec_driver_sql("DELETE FROM incident_history")


async def test_further_breaches_of_one_figure_attach_to_the_open_incident_and_come_anew_after_it_is_resolved(
    service: Service,
) -> None:
    sent = await deliver(service, said(breach()), said(breach(0.3), id_="again"), said(breach(metric="psi")))
    assert [opening(event).kind for event in sent] == ["threshold_breach", "threshold_breach"]
    id_ = opening(sent[0]).incident_id
    async with service.engine.connect() as connection:
        lines = await incidents.history(connection, id_)
    assert [(line.action, line.event_id) for line in lines][1:] == [(Action.SIGNAL_ATTACHED, "again")]
    await close(service, id_)
    (anew,) = await deliver(service, said(breach(0.2)))
    assert opening(anew).incident_id != id_


async def test_a_breach_below_the_rules_severity_stays_a_warning(service: Service) -> None:
    assert await deliver(service, said(breach(severity="low"))) == []


async def test_a_reported_incident_opens_with_what_was_reported(service: Service) -> None:
    report = IncidentReported(summary="wrong refusals", severity="critical", near_miss=True, exercise=True, version="3")
    (one,) = await deliver(service, said(report, id_="r1"))
    payload = opening(one)
    assert (payload.summary, payload.severity, payload.near_miss, payload.exercise, payload.version) == (
        "wrong refusals",
        "critical",
        True,
        True,
        "3",
    )
    assert payload.evidence_id == "r1"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE incident SET acknowledged_by = NULL",
        "UPDATE incident SET state = 'acknowledged'",
        "UPDATE incident SET state = 'resolved', acknowledged_at = now(), acknowledged_by = 'a'",
        "UPDATE incident SET about = '{}'",
        "UPDATE incident SET kind = 'failed_validation', version = NULL",
        "UPDATE incident SET state = 'closed'",
    ],
)
async def test_a_state_without_its_who_and_when_cannot_be_stored(service: Service, statement: str) -> None:
    await deliver(service, said(breach()))
    async with service.engine.connect() as connection:
        if "acknowledged_by = NULL" in statement:
            await connection.exec_driver_sql(
                "UPDATE incident SET state = 'acknowledged', acknowledged_at = now(), acknowledged_by = 'a'"
            )
        with pytest.raises(IntegrityError):
            await connection.exec_driver_sql(statement)
