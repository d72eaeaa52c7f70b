"""What goes on record about the keys of persons: who read them and why, and that they were deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from govbus.contracts.conclusions.person import PersonErased, PersonKeyRead
from govbus.contracts.envelope import Event
from govbus.contracts.making import Actor, person_did
from govbus.intake.domain.personal_fields import subject_of_person

_CLASSIFICATION: Final = "confidential"
"""Who looks at whose data is for auditors, not for everybody who may read the log."""


def key_read(
    person: str, purpose: str, key_ids: Sequence[str], refusal: str | None, actor: Actor, at: datetime
) -> Event:
    """Return the `person.key_read` about one request for a person's keys, granted unless `refusal` says why not."""
    payload = PersonKeyRead(
        person=person, purpose=purpose, granted=refusal is None, refusal=refusal, key_ids=tuple(key_ids)
    )
    return _recorded(person, payload, actor, at)


def erased(person: str, reason: str, key_ids: Sequence[str], actor: Actor, at: datetime) -> Event:
    """Return the `person.erased` about one erasure that deleted something."""
    payload = PersonErased(person=person, reason=reason, erased_at=at, key_ids=tuple(key_ids))
    return _recorded(person, payload, actor, at)


def _recorded(person: str, payload: PersonKeyRead | PersonErased, actor: Actor, at: datetime) -> Event:
    return person_did("intake", subject_of_person(person), payload, actor, at, classification=_CLASSIFICATION)
