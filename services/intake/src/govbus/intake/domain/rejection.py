"""What goes on record about input that was not taken: `event.rejected`, single or as a summary."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from govbus.contracts.conclusions.rejection import (
    ClaimedIdentity,
    EventRejected,
    Violation,
)
from govbus.contracts.envelope import Event
from govbus.contracts.making import Actor, clock_concluded, person_did, service_source
from govbus.contracts.subjects import Subject
from govbus.intake.domain.inputs import Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source

_INTAKE: Final = Actor(id=service_source("intake"), type="service")
_CLAIM_CHARACTERS: Final = 1024
_MINUTE_RULE: Final = "unauthenticated_refusals"


def subject_of(source_name: str | None) -> str:
    """Return the subject of rejections: the source, or intake itself where nobody was recognised."""
    return str(Subject("source", (source_name,))) if source_name else "service/intake"


def rejected(rejected_id: str, unit: Unit, refusal: Refused, source: Source, at: datetime) -> Event:
    """Return the `event.rejected` about one unit of an authenticated sender."""
    payload = EventRejected(
        reason=refusal.reason,
        detail=storable(refusal.detail),
        source_name=source.name,
        claimed=_claimed(unit.claimed),
        errors=tuple(
            Violation(pointer=storable(item.pointer), detail=storable(item.detail)) for item in refusal.places
        ),
        raw_sha256=unit.input.digest.hex() if unit.input.digest else None,
        raw_bytes_count=len(unit.input.body) if unit.input.body is not None else None,
        rejected_id=rejected_id,
        replay=f"/v1/rejected/{rejected_id}/replay",
        first_at=at,
        last_at=at,
    )
    return person_did("intake", subject_of(source.name), payload, _INTAKE, at, id_=rejected_id)


def ignored(rejected_id: str, unit: Unit, reason: str, rule: str, source: Source, at: datetime) -> Event:
    """Return the `event.rejected` with disposition `ignored` about a delivery that was taken and means nothing."""
    payload = EventRejected(
        reason=reason,
        detail=f"rule {rule!r} of mapping {source.mapping}",
        disposition="ignored",
        source_name=source.name,
        claimed=_claimed(unit.claimed),
        raw_sha256=unit.input.digest.hex() if unit.input.digest else None,
        raw_bytes_count=len(unit.input.body) if unit.input.body is not None else None,
        rejected_id=rejected_id,
        first_at=at,
        last_at=at,
    )
    return person_did("intake", subject_of(source.name), payload, _INTAKE, at, id_=rejected_id)


def summary(
    reason: str, source_name: str | None, count: int, first_at: datetime, last_at: datetime, minute: datetime
) -> Event:
    """Return the one event that stands for a minute's unauthenticated refusals of one reason."""
    payload = EventRejected(
        reason=reason,
        detail=f"{count} refused within a minute: counted, not on record one by one",
        source_name=source_name,
        count=count,
        first_at=first_at,
        last_at=last_at,
    )
    subject = subject_of(source_name)
    return clock_concluded("intake", subject, payload, f"{_MINUTE_RULE}/{reason}", minute.isoformat(), last_at)


def _claimed(claimed: Mapping[str, str]) -> ClaimedIdentity | None:
    if not claimed:
        return None
    return ClaimedIdentity(**{name: storable(value)[:_CLAIM_CHARACTERS] for name, value in claimed.items()})


def storable(text: str) -> str:
    """Return text that every database and log keeps: no U+0000, no lone surrogates, at most 16 KiB characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:16_000]
