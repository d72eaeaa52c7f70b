"""Incidents and their history. Whoever changes an incident has locked its row, so its events leave in one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.oversight.domain.history import Action, Line
from govbus.oversight.domain.incident import Incident, Stamp, State
from govbus.oversight.domain.severity import Severity
from govbus.oversight.domain.signal import Kind
from govbus.oversight.tables import incident as incidents
from govbus.oversight.tables import incident_history


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed to; None or empty does not narrow."""

    states: tuple[State, ...] = ()
    assignee: str | None = None
    about: str | None = None
    due_before: datetime | None = None


async def add(connection: AsyncConnection, incident: Incident) -> None:
    """Keep a new incident and the first line of its history."""
    await connection.execute(insert(incidents).values(id=incident.id, **_columns(incident)))
    opened = incident.opened
    line = Line(opened.at, opened.by, Action.OPENED, incident.summary, incident.opened_event_id)
    await _append(connection, incident, line)


async def change(connection: AsyncConnection, incident: Incident, line: Line) -> None:
    """Keep what became of a locked incident, with one more line of history at its new revision."""
    await connection.execute(update(incidents).where(incidents.c.id == incident.id).values(**_columns(incident)))
    await _append(connection, incident, line)


async def lock(connection: AsyncConnection, id_: str) -> Incident | None:
    """Return an incident whose row stays locked until the transaction ends."""
    row = (await connection.execute(select(incidents).where(incidents.c.id == id_).with_for_update())).first()
    return None if row is None else _incident(row)


async def lock_same(connection: AsyncConnection, fingerprint: bytes, *, resolved_too: bool) -> Incident | None:
    """Return the incident of the same trouble, locked: the one that stands, or any when `resolved_too`."""
    query = select(incidents).where(incidents.c.fingerprint == fingerprint).with_for_update()
    if not resolved_too:
        query = query.where(incidents.c.state != State.RESOLVED.value)
    row = (await connection.execute(query)).first()
    return None if row is None else _incident(row)


async def find(connection: AsyncConnection, id_: str) -> Incident | None:
    """Return an incident."""
    row = (await connection.execute(select(incidents).where(incidents.c.id == id_))).first()
    return None if row is None else _incident(row)


async def history(connection: AsyncConnection, id_: str) -> list[Line]:
    """Return what happened to an incident, oldest first."""
    query = select(incident_history).where(incident_history.c.incident_id == id_).order_by(incident_history.c.revision)
    return [Line(row.at, row.by, Action(row.action), row.note, row.event_id) for row in await connection.execute(query)]


async def page(
    connection: AsyncConnection, wanted: Filter, before: tuple[datetime, str] | None, limit_count: int
) -> Sequence[Incident]:
    """Return incidents newest first, behind the (opened_at, id) of the last one seen."""
    query = _narrowed(select(incidents), wanted).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
    if before is not None:
        query = query.where(tuple_(incidents.c.opened_at, incidents.c.id) < before)
    return [_incident(row) for row in await connection.execute(query.limit(limit_count))]


def _narrowed(query: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.states:
        query = query.where(incidents.c.state.in_([state.value for state in wanted.states]))
    if wanted.assignee is not None:
        query = query.where(incidents.c.assignee == wanted.assignee)
    if wanted.about is not None:
        query = query.where(incidents.c.about.contains([wanted.about]))
    if wanted.due_before is not None:
        query = query.where(incidents.c.due_at < wanted.due_before, incidents.c.state == State.OPEN.value)
    return query


async def _append(connection: AsyncConnection, incident: Incident, line: Line) -> None:
    await connection.execute(
        insert(incident_history).values(
            incident_id=incident.id,
            revision=incident.revision,
            at=line.at,
            by=line.by,
            action=line.action.value,
            note=line.note,
            event_id=line.event_id,
        )
    )


def _columns(incident: Incident) -> dict[str, Any]:
    return {
        "kind": incident.kind.value,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "about": list(incident.about),
        "summary": incident.summary,
        "fingerprint": incident.fingerprint,
        "rule_id": incident.rule_id,
        "evidence_id": incident.evidence_id,
        "version": incident.version,
        "environment": incident.environment,
        "metric": incident.metric,
        "subgroup": incident.subgroup,
        "occurred_at": incident.occurred_at,
        "detected_at": incident.detected_at,
        "near_miss": incident.near_miss,
        "exercise": incident.exercise,
        "opened_at": incident.opened.at,
        "opened_by": incident.opened.by,
        "opened_event_id": incident.opened_event_id,
        "correlation_id": incident.correlation_id,
        "due_at": incident.due_at,
        "assignee": incident.assignee,
        "acknowledged_at": incident.acknowledged and incident.acknowledged.at,
        "acknowledged_by": incident.acknowledged and incident.acknowledged.by,
        "resolved_at": incident.resolved and incident.resolved.at,
        "resolved_by": incident.resolved and incident.resolved.by,
        "resolution": incident.resolution,
        "revision": incident.revision,
    }


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        kind=Kind(row.kind),
        severity=Severity(row.severity),
        about=tuple(row.about),
        summary=row.summary,
        fingerprint=bytes(row.fingerprint),
        opened=Stamp(row.opened_by, row.opened_at),
        opened_event_id=row.opened_event_id,
        correlation_id=row.correlation_id,
        rule_id=row.rule_id,
        evidence_id=row.evidence_id,
        version=row.version,
        environment=row.environment,
        metric=row.metric,
        subgroup=row.subgroup,
        occurred_at=row.occurred_at,
        detected_at=row.detected_at,
        near_miss=row.near_miss,
        exercise=row.exercise,
        due_at=row.due_at,
        assignee=row.assignee,
        acknowledged=Stamp(row.acknowledged_by, row.acknowledged_at) if row.acknowledged_at else None,
        resolved=Stamp(row.resolved_by, row.resolved_at) if row.resolved_at else None,
        resolution=row.resolution,
        revision=row.revision,
    )
