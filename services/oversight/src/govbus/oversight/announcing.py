"""Incidents as other services hear of them: from domain values to payloads."""

from govbus.contracts.conclusions.incident import IncidentAcknowledged, IncidentOpened, IncidentResolved
from govbus.oversight.domain.incident import Incident, Stamp


def opened(incident: Incident) -> IncidentOpened:
    """Return the payload that says that an incident stands open."""
    return IncidentOpened(
        incident_id=incident.id,
        about=incident.about,
        kind=incident.kind.value,
        severity=incident.severity.value,
        summary=incident.summary,
        version=incident.version,
        environment=incident.environment,
        evidence_id=incident.evidence_id,
        near_miss=incident.near_miss,
        exercise=incident.exercise,
    )


def acknowledged(incident: Incident, stamp: Stamp, note: str | None) -> IncidentAcknowledged:
    """Return the payload that says that somebody took it on."""
    return IncidentAcknowledged(incident_id=incident.id, about=incident.about, by=stamp.by, at=stamp.at, note=note)


def resolved(incident: Incident, stamp: Stamp, resolution: str) -> IncidentResolved:
    """Return the payload that says that it is over, and why."""
    return IncidentResolved(
        incident_id=incident.id, about=incident.about, by=stamp.by, at=stamp.at, resolution=resolution
    )
