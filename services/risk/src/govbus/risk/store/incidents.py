"""Incidents that stand open about a subject, as oversight says."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.conclusions.incident import IncidentOpened
from govbus.risk import tables
from govbus.risk.domain.document import IncidentPart


async def open_incident(connection: AsyncConnection, opened: IncidentOpened, at: datetime) -> None:
    """Note the incident as open for every subject it is about."""
    rows = [
        {
            "incident_id": opened.incident_id,
            "about": about,
            "kind": opened.kind,
            "severity": opened.severity,
            "version": opened.version,
            "environment": opened.environment,
            "near_miss": opened.near_miss,
            "exercise": opened.exercise,
            "opened_at": at,
        }
        for about in sorted(set(opened.about))
    ]
    await connection.execute(insert(tables.incident).on_conflict_do_nothing(), rows)


async def resolve_incident(connection: AsyncConnection, incident_id: str, at: datetime) -> None:
    """Note the incident as resolved."""
    row = tables.incident.c
    await connection.execute(
        update(tables.incident).where(row.incident_id == incident_id, row.resolved_at.is_(None)).values(resolved_at=at)
    )


async def open_incidents(connection: AsyncConnection, about: str) -> tuple[IncidentPart, ...]:
    """Return the incidents about the subject that nobody resolved."""
    row = tables.incident.c
    statement = select(
        row.incident_id, row.kind, row.severity, row.version, row.environment, row.exercise, row.near_miss
    )
    found = await connection.execute(statement.where(row.about == about, row.resolved_at.is_(None)))
    return tuple(
        IncidentPart(
            id=item.incident_id,
            kind=item.kind,
            severity=item.severity,
            version=item.version,
            environment=item.environment,
            exercise=item.exercise,
            near_miss=item.near_miss,
        )
        for item in found
    )
