"""Fields of an event as figures name them: paths into the payload, and `entry.id`, `entry.subject`, `entry.time`.

Alternatives stand with a bar between them, and the first that is there counts: `external_id | entry.id`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from govbus.audit_log.domain.payload_path import parse_path
from govbus.contracts.envelope import format_time, parse_time

_OF_ENTRY: Final = {"entry.id": "id", "entry.subject": "subject", "entry.time": "time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """One event as figures see it, its type in short; `document` is None where it may not be read or is gone."""

    index: int
    type: str
    id: str
    subject: str
    time: datetime
    known_at: datetime
    document: Any


def payload_paths(*fields: str) -> tuple[str, ...]:
    """Return those alternatives that are paths into the payload."""
    return tuple(one for field in fields for one in _alternatives(field) if one not in _OF_ENTRY)


def field_of(event: LoggedEvent, field: str) -> Any:
    """Return the first value that a field names, None when there is none."""
    for name in _alternatives(field):
        if name in _OF_ENTRY:
            value = getattr(event, _OF_ENTRY[name])
            return format_time(value) if isinstance(value, datetime) else value
        found = parse_path(name).values(event.document)
        if found:
            return found[0]
    return None


def key_of(event: LoggedEvent, fields: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the values of a key as texts, None when one of them is missing."""
    found = [field_of(event, field) for field in fields]
    return None if any(value is None for value in found) else tuple(map(str, found))


def moment_of(event: LoggedEvent, field: str) -> datetime | None:
    """Return the time that a field names, None when there is none or it is no time."""
    found = field_of(event, field)
    try:
        return parse_time(found) if isinstance(found, str) else None
    except ValueError:
        return None


def _alternatives(field: str) -> list[str]:
    return [name.strip() for name in field.split("|")]
