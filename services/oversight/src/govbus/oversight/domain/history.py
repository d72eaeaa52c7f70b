"""Lines of an incident's history: append-only, numbered by the incident's revision."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    SIGNAL_ATTACHED = "signal_attached"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: who did what, when, in which words; `event_id` is the event that says it or caused it."""

    at: datetime
    by: str
    action: Action
    note: str | None = None
    event_id: str | None = None
