"""Which events are alerts, and what of them people need: the only place here that knows payloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from govbus.contracts import catalogue
from govbus.contracts.catalogue import Payload
from govbus.contracts.envelope import Event
from govbus.contracts.personal import is_sealed
from govbus.notifier.domain.alert import Alert
from govbus.notifier.domain.wording import WORDS

_CONFIDENTIAL: Final = frozenset({"confidential", "personal"})
_SEALED: Final = "(personal, sealed)"
_DEFAULT_SEVERITY: Final = {
    "validation.failed": "medium",
    "release.blocked": "medium",
    "asset.unregistered": "high",
    "record.parked": "high",
    "audit.gap_detected": "critical",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    """Fields of a payload that become details, and those that tell news from repeats."""

    details: tuple[str, ...]
    same_when: tuple[str, ...]


_INCIDENT: Final = _Reading(
    ("incident_id", "kind", "severity", "summary", "version", "environment", "evidence_id", "by", "resolution"),
    ("incident_id",),
)
_JUDGED: Final = _Reading(("version", "kind", "validation_id", "worst_gap", "reasons"), ("version", "kind", "reasons"))
_DECIDED: Final = _Reading(
    ("decision", "version", "environment", "requested_by", "reasons", "decision_id", "policy_digest"),
    ("decision", "version", "environment", "reasons"),
)
_BREACH: Final = _Reading(
    (
        "metric",
        "severity",
        "environment",
        "version",
        "subgroup",
        "value",
        "bound",
        "bound_kind",
        "baseline",
        "consecutive_count",
    ),
    ("metric", "severity", "environment", "version", "subgroup"),
)
_RECORD: Final = _Reading(
    ("service", "reason", "topic", "partition", "offset", "how", "by", "detail"), ("service", "reason", "how")
)
_READINGS: Final[Mapping[str, _Reading]] = {
    "incident.opened": _INCIDENT,
    "incident.acknowledged": _INCIDENT,
    "incident.resolved": _INCIDENT,
    "validation.failed": _JUDGED,
    "validation.passed": _JUDGED,
    "release.blocked": _DECIDED,
    "release.allowed": _DECIDED,
    "threshold.breached": _BREACH,
    "drift.detected": _BREACH,
    "asset.unregistered": _Reading(
        ("missing", "how", "version", "environment"), ("missing", "how", "version", "environment")
    ),
    "policy.activated": _Reading(("mode", "digest", "activated_by"), ("mode", "digest")),
    "record.parked": _RECORD,
    "record.resumed": _RECORD,
    "audit.gap_detected": _Reading(
        ("topic", "partition", "first_offset", "last_offset", "missing_count", "noticed_at"),
        ("topic", "partition", "first_offset"),
    ),
    "event.rejected": _Reading(
        ("reason", "source_name", "count", "detail", "disposition", "rejected_id"), ("reason", "source_name")
    ),
}


def alert_of(event: Event, payload: Payload | None) -> Alert | None:
    """Return the alert that an event is, or None when people are not told of its type."""
    if payload is None:
        return None
    name = catalogue.type_of(type(payload)).name
    reading = _READINGS.get(name)
    if reading is None or name not in WORDS:
        return None
    values = {field: _text(value) for field, value in payload.model_dump(exclude_none=True).items()}
    about = getattr(payload, "about", ())
    return Alert(
        type=name,
        source=event.source,
        subject=event.subject,
        known_at=event.known_at,
        about=tuple(about) if isinstance(about, tuple) else (),
        severity=values.get("severity") or _DEFAULT_SEVERITY.get(name),
        reason=values.get("reason"),
        details=tuple((field, values[field]) for field in reading.details if field in values),
        same_when=tuple(values.get(field, "") for field in reading.same_when),
        is_confidential=event.dataclassification in _CONFIDENTIAL,
    )


def _text(value: object) -> str:
    """Return a field as people read it; sealed personal text stays sealed."""
    if isinstance(value, str):
        return _SEALED if is_sealed(value) else value
    if isinstance(value, dict):
        return str(value.get("message") or "; ".join(_text(part) for part in value.values()))
    if isinstance(value, list | tuple):
        return "; ".join(_text(part) for part in value)
    return str(value)
