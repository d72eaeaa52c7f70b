"""Holds: what may be neither erased nor pruned, who ordered it, and who lifted it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from govbus.audit_log.domain.drafts import Draft
from govbus.audit_log.domain.index_ranges import Range
from govbus.contracts import catalogue, topics
from govbus.contracts.conclusions.evidence import EvidenceHeld
from govbus.contracts.envelope import format_time
from govbus.contracts.identity import identity_digest
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.entry import EVENT

PERSON: Final = "person"
BY_EVENT: Final = "event"
HELD: Final = catalogue.type_of(EvidenceHeld).full_name
"""The event by which oversight orders a hold or its end."""


@dataclass(frozen=True, slots=True)
class HoldScope:
    """What a hold covers; a subject covers what lies below it, too."""

    subjects: tuple[str, ...] = ()
    identities: tuple[bytes, ...] = ()
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it was placed; `order_id` is the id of the event that ordered it, or its own."""

    id: str
    order_id: str
    origin: str
    reason: str
    placed_by: str
    placed_at: datetime
    scope: HoldScope


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a hold that an event had placed."""

    hold_id: str
    reason: str
    asked_by: str
    released_by: str
    released_at: datetime


def said_of(action: str, hold_id: str, reason: str, by: str, at: datetime, scope: HoldScope | None) -> dict[str, Any]:
    """Return what a `hold` entry says: `placed`, `lift_asked` or `lifted`, by whom, why."""
    said: dict[str, Any] = {"action": action, "hold": hold_id, "reason": reason, "by": by, "at": format_time(at)}
    return said if scope is None else said | {"scope": shown(scope)}


def shown(scope: HoldScope) -> dict[str, Any]:
    """Return a scope as JSON."""
    return {
        "subjects": list(scope.subjects),
        "identities": [base64_strict.encode(identity) for identity in scope.identities],
        "ranges": [list(item) for item in scope.ranges],
    }


def ordered_by(draft: Draft) -> Hold | Release | None:
    """Return what an `evidence.held` of oversight orders, None for every other draft."""
    fields = draft.fields
    if fields.type != HELD or fields.kind != EVENT or fields.kafka is None or fields.kafka.topic != topics.OVERSIGHT:
        return None
    by = draft.actor or fields.source or ""
    return read_order(fields.id or "", fields.subject or "", draft.payload, by, draft.known_at)


def read_order(order_id: str, subject: str, payload: bytes, by: str, at: datetime) -> Hold | Release:
    """Return what the payload of an `evidence.held` orders.

    One that its contract does not describe holds its whole subject: two people can lift that, nobody can bring back
    what was erased.
    """
    try:
        said = EvidenceHeld.model_validate_json(payload)
    except ValidationError:
        why = "an evidence.held that could not be read"
        return Hold(f"oversight/{order_id}", order_id, BY_EVENT, why, by, at, HoldScope((subject,)))
    hold_id = f"oversight/{said.hold_id}"
    if said.released_at is not None:
        return Release(hold_id, said.reason, f"event {order_id}: {', '.join(said.held_by)}", by, at)
    identities = tuple(identity_digest(item.source, item.type, item.id) for item in said.events)
    scope = HoldScope(identities=identities) if identities else HoldScope((subject,))
    return Hold(hold_id, order_id, BY_EVENT, said.reason, by, at, scope)
