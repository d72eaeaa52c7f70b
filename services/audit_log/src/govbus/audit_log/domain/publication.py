"""What leaves the log on `govbus.audit`; ids are computed, so an entry is the same event at every resend."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from govbus.audit_log.domain.classification import is_open
from govbus.contracts import catalogue, strict_json
from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.log import CheckpointPublished, EntryPublished
from govbus.contracts.envelope import Event
from govbus.contracts.identity import computed_id
from govbus.contracts.making import service_source
from govbus.contracts.subjects import Subject
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.merkle import leaf_hash

_SERVICE: Final = "audit_log"


@dataclass(frozen=True, slots=True)
class Publishable:
    """One stored entry with what may go with it; key, attributes and payload are None once erased or pruned."""

    index: int
    entry: bytes
    id: str | None
    correlation_id: str | None
    classification: str
    known_at: datetime
    key: bytes | None
    attributes: bytes | None
    payload: bytes | None


def log_subject(origin: str) -> str:
    """Return the subject of a log's own events: `log/<origin>`."""
    return str(Subject("log", (origin,)))


def published_entry(origin: str, stored: Publishable) -> Event:
    """Return `entry.published`; payload, attributes and key only where they are public or internal."""
    opened = is_open(stored.classification) and stored.key is not None
    payload = EntryPublished(
        index=stored.index,
        entry=base64_strict.encode(stored.entry),
        payload=base64_strict.encode(stored.payload) if opened and stored.payload is not None else None,
        attributes=base64_strict.encode(stored.attributes) if opened and stored.attributes is not None else None,
        commitment_key=base64_strict.encode(stored.key) if opened and stored.key is not None else None,
    )
    trace = _trace_of(stored.attributes)
    cause, at = leaf_hash(stored.entry), stored.known_at
    return _event(origin, payload, cause, stored.index, at, stored.id, stored.correlation_id, trace)


def published_checkpoint(origin: str, size: int, root: bytes, note: str, signed_at: datetime) -> Event:
    """Return `checkpoint.published`."""
    payload = CheckpointPublished(origin=origin, size=size, root=base64_strict.encode(root), checkpoint=note)
    return _event(origin, payload, root, size, signed_at, None, None, None)


def _event(
    origin: str,
    payload: Payload,
    cause: bytes,
    ordinal: int,
    at: datetime,
    causation: str | None,
    correlation: str | None,
    trace: str | None,
) -> Event:
    declared = catalogue.type_of(type(payload))
    own_id = computed_id(_SERVICE, declared.full_name, cause, ordinal)
    return Event(
        id=own_id,
        source=service_source(_SERVICE),
        type=declared.full_name,
        subject=log_subject(origin),
        time=at,
        data=catalogue.dump(payload),
        dataschema=declared.schema_address,
        correlationid=correlation or causation or own_id,
        causationid=causation,
        authtype="service",
        authid=service_source(_SERVICE),
        actorassurance="authenticated",
        traceparent=trace,
        dataclassification="internal",
    )


def _trace_of(attributes: bytes | None) -> str | None:
    """Return the trace the event came with, so that its publication is a span of the same trace."""
    found = strict_json.parse(attributes).get("traceparent") if attributes else None
    return found if isinstance(found, str) else None
