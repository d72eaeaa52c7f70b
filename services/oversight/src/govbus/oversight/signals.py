"""What a record says that may have to become an incident: from typed payloads to signals."""

from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.monitoring import DriftDetected, ThresholdBreached
from govbus.contracts.conclusions.scoring import Aggravation, RiskScored
from govbus.contracts.envelope import Event
from govbus.contracts.facts.incident import IncidentReported
from govbus.oversight.domain.severity import Severity
from govbus.oversight.domain.signal import Kind, Signal

FAILED_VALIDATION_DEPLOYED = "failed_validation_deployed"
"""The aggravation that is an incident of its own; breaches have events of their own and are taken from those."""


def signals_of(event: Event, payload: Payload | None) -> tuple[Signal, ...]:
    """Return the signals of one record, in its own order; none for types that say nothing of the kind."""
    match payload:
        case RiskScored():
            found = (_of_aggravation(event, item) for item in payload.aggravations)
            return tuple(signal for signal in found if signal is not None)
        case ThresholdBreached():
            return (_of_breach(event, payload, Kind.THRESHOLD_BREACH),)
        case DriftDetected():
            return (_of_breach(event, payload, Kind.DRIFT),)
        case IncidentReported():
            return (_of_report(event, payload),)
        case _:
            return ()


def _of_aggravation(event: Event, item: Aggravation) -> Signal | None:
    if item.code != FAILED_VALIDATION_DEPLOYED or item.version is None or item.evidence_id is None:
        return None
    return Signal(
        kind=Kind.FAILED_VALIDATION,
        severity=Severity(item.severity),
        about=(event.subject,),
        summary=item.detail,
        evidence_id=item.evidence_id,
        said_at=event.known_at,
        version=item.version,
        environment=item.environment,
    )


def _of_breach(event: Event, breach: ThresholdBreached | DriftDetected, kind: Kind) -> Signal:
    group = f" for {breach.subgroup}" if breach.subgroup else ""
    side = {"min": "below", "max": "above"}.get(breach.bound_kind, "outside")
    figure = f"{breach.metric}{group} is {breach.value:g}"
    return Signal(
        kind=kind,
        severity=Severity(breach.severity),
        about=(event.subject,),
        summary=f"{figure}, {side} its bound {breach.bound:g}, in {breach.environment}",
        evidence_id=breach.observation_id or event.id,
        said_at=event.known_at,
        version=breach.version,
        environment=breach.environment,
        metric=breach.metric,
        subgroup=breach.subgroup,
        occurred_at=breach.window.start,
        detected_at=breach.window.end,
    )


def _of_report(event: Event, report: IncidentReported) -> Signal:
    return Signal(
        kind=Kind.REPORTED,
        severity=Severity(report.severity),
        about=(event.subject,),
        summary=report.summary,
        evidence_id=event.id,
        said_at=event.known_at,
        version=report.version,
        environment=report.environment,
        occurred_at=report.occurred_at,
        detected_at=report.detected_at,
        near_miss=report.near_miss,
        exercise=report.exercise,
    )
