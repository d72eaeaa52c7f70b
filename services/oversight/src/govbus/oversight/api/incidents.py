"""The incident desk: report, acknowledge, assign, resolve."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.contracts.identity import fresh_id
from govbus.contracts.making import person_did
from govbus.contracts.subjects import InvalidSubject, parse_subject
from govbus.eventing.access import Principal
from govbus.eventing.outbox import Outbox
from govbus.eventing.problems import Problem
from govbus.eventing.service import Service
from govbus.oversight import announcing
from govbus.oversight.api.acting import Act, perform
from govbus.oversight.api.documents import Acknowledgement, Assignment, Report, Resolution, case_document
from govbus.oversight.api.idempotency import Keyed, RequestKey, once
from govbus.oversight.domain import incident as life
from govbus.oversight.domain.history import Action, Line
from govbus.oversight.domain.incident import Stamp
from govbus.oversight.domain.rules import Opens, Rule, rule_on
from govbus.oversight.domain.signal import Kind, Signal
from govbus.oversight.service_name import SERVICE
from govbus.oversight.store import incidents


def incident_routes(service: Service, rules: Sequence[Rule], clock: Callable[[], datetime]) -> APIRouter:
    """Return `/v1/incidents…`."""
    routes = APIRouter(prefix="/v1/incidents", tags=["incidents"])
    desk = Depends(service.access.require("operator", "owner"))

    async def answer(id_: UUID, act: Act, who: Principal, asked: RequestKey, now: datetime) -> JSONResponse:
        async with service.transaction() as (connection, outbox):
            return await once(
                connection, who.id, asked, now, 200, lambda: perform(connection, outbox, id_, act, who, now)
            )

    @routes.post("", status_code=201)
    async def report(body: Report, who: Annotated[Principal, desk], asked: Keyed) -> JSONResponse:
        """Report an incident: it stands open at once, whatever the rules say of its severity."""
        now = clock()
        _check_subjects(body.about)
        async with service.transaction() as (connection, outbox):
            return await once(
                connection, who.id, asked, now, 201, lambda: _open(connection, outbox, body, rules, who, now)
            )

    @routes.post("/{id_}/acknowledge")
    async def acknowledge(
        id_: UUID, who: Annotated[Principal, desk], asked: Keyed, body: Acknowledgement | None = None
    ) -> JSONResponse:
        """Take an open incident on."""
        stamp, note = Stamp(who.id, clock()), body.note if body else None
        act = Act(
            lambda incident: life.acknowledge(incident, stamp),
            Line(stamp.at, stamp.by, Action.ACKNOWLEDGED, note),
            lambda incident: announcing.acknowledged(incident, stamp, note),
        )
        return await answer(id_, act, who, asked, stamp.at)

    @routes.post("/{id_}/assign")
    async def assign(id_: UUID, body: Assignment, who: Annotated[Principal, desk], asked: Keyed) -> JSONResponse:
        """Hand an incident to another person; the history says so, no event does."""
        now = clock()
        line = Line(now, who.id, Action.ASSIGNED, body.assignee)
        act = Act(lambda incident: life.assign(incident, body.assignee), line)
        return await answer(id_, act, who, asked, now)

    @routes.post("/{id_}/resolve")
    async def resolve(id_: UUID, body: Resolution, who: Annotated[Principal, desk], asked: Keyed) -> JSONResponse:
        """Say that an acknowledged incident is over, and why."""
        stamp = Stamp(who.id, clock())
        act = Act(
            lambda incident: life.resolve(incident, stamp, body.resolution),
            Line(stamp.at, stamp.by, Action.RESOLVED, body.resolution),
            lambda incident: announcing.resolved(incident, stamp, body.resolution),
        )
        return await answer(id_, act, who, asked, stamp.at)

    return routes


async def _open(
    connection: AsyncConnection, outbox: Outbox, body: Report, rules: Sequence[Rule], who: Principal, now: datetime
) -> dict[str, Any]:
    event_id = fresh_id()
    signal = Signal(
        kind=Kind.REPORTED,
        severity=body.severity,
        about=body.about,
        summary=body.summary,
        evidence_id=event_id,
        said_at=now,
        version=body.version,
        environment=body.environment,
        occurred_at=body.occurred_at,
        detected_at=body.detected_at,
        near_miss=body.near_miss,
        exercise=body.exercise,
    )
    ruling = rule_on(signal, rules)
    by_word = Opens(None, body.severity, None)
    opened = life.open_incident(fresh_id(), signal, ruling if isinstance(ruling, Opens) else by_word, who.id)
    event = person_did(SERVICE, opened.subject, announcing.opened(opened), who.actor, now, id_=event_id)
    outbox.append(event, topics.OVERSIGHT)
    await incidents.add(connection, life.announced(opened, event.id, event.correlationid))
    return {**case_document(opened), "event_id": event.id}


def _check_subjects(about: Sequence[str]) -> None:
    errors = []
    for place, text in enumerate(about):
        try:
            parse_subject(text)
        except InvalidSubject as error:
            errors.append({"pointer": f"/about/{place}", "detail": str(error)})
    if errors:
        raise Problem(
            status=422,
            reason="invalid_subject",
            title="Not a governed subject",
            detail="Write subjects as <kind>/<namespace>/<name>, percent-encoded.",
            errors=errors,
        )
