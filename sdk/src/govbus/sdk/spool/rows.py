"""What a spool holds, as values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a spool may hold, waiting and refused together; beyond it `emit` raises `SpoolFull`.

    A hundred thousand events are hours of a busy platform; 256 MiB fit on every disk that holds a model.
    """

    rows_count: int = 100_000
    body_bytes: int = 256 * MIB


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose events a spool holds, and for which Govbus: a spool never mixes two."""

    url: str
    source: str


@dataclass(frozen=True, slots=True)
class Said:
    """An event as it is spooled: its identity, its subject, and its bytes in the CloudEvents JSON format."""

    id: str
    source: str
    type: str
    subject: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A spooled event; positions grow in the order of `emit`."""

    position: int
    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event was not taken."""

    position: int
    status: int
    problem: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that was not taken and is kept until somebody retries or discards it."""

    position: int
    said: Said
    status: int
    problem: dict[str, Any]
    refused_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How sending goes: `clear`, or `waiting` and what it waits for."""

    state: str
    detail: str = ""
    retry_after_seconds: float | None = None


CLEAR: Final = Standing("clear")


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """What a spool holds; `standing` is what the last process that sent from it found, None before the first."""

    owner: Owner
    waiting_count: int
    refused_count: int
    body_bytes: int
    oldest_waiting_at: datetime | None
    standing: Standing | None
    standing_at: datetime | None
