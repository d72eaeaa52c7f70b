"""What leaves the log on `govbus.audit`; ids are computed, so an entry is the same event at every resend."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.domain.gaps import read_record_gap
from govbus.audit_log.domain.log_name import log_subject
from govbus.contracts import catalogue
from govbus.contracts.catalogue import EventType
from govbus.contracts.conclusions.log import AuditGapDetected, CheckpointPublished, EntryPublished
from govbus.contracts.envelope import Event
from govbus.contracts.identity import computed_id
from govbus.contracts.making import service_source
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.merkle import leaf_hash

_SERVICE: Final = "audit_log"
_SOURCE: Final = service_source(_SERVICE)
_ENTRY: Final = catalogue.type_of(EntryPublished)
_GAP: Final = catalogue.type_of(AuditGapDetected)
_CHECKPOINT: Final = catalogue.type_of(CheckpointPublished)
_TRACE: Final = re.compile(rb'[{,]"traceparent":"([\x20\x21\x23-\x5b\x5d-\x7e]*)"')


@dataclass(frozen=True, slots=True)
class Publishable:
    """One stored entry with what may go with it; key, attributes and payload are None once erased or pruned."""

    index: int
    kind: str
    entry: bytes
    id: str | None
    correlation_id: str | None
    classification: str
    known_at: datetime
    key: bytes | None
    attributes: bytes | None
    payload: bytes | None


def published_entry(origin: str, stored: Publishable) -> Event:
    """Return `entry.published`; payload, attributes and key only where they are public or internal."""
    cause, at = leaf_hash(stored.entry), stored.known_at
    trace = _trace_of(stored.attributes)
    return _event(origin, _ENTRY, _said_of(stored), cause, stored.index, at, stored.id, stored.correlation_id, trace)


def _said_of(stored: Publishable) -> bytes:
    """Return what `catalogue.dump` returns of an `EntryPublished`, in a tenth of the time: a test holds it to that."""
    said = f'{{"index":{stored.index},"entry":"{base64_strict.encode(stored.entry)}"'
    if is_open(stored.classification) and stored.key is not None:
        if stored.payload is not None:
            said += f',"payload":"{base64_strict.encode(stored.payload)}"'
        if stored.attributes is not None:
            said += f',"attributes":"{base64_strict.encode(stored.attributes)}"'
        said += f',"commitment_key":"{base64_strict.encode(stored.key)}"'
    return (said + "}").encode("ascii")


def published_gap(origin: str, stored: Publishable) -> Event | None:
    """Return `audit.gap_detected` where an entry reports records that the log could not read."""
    gap = read_record_gap(stored.kind, stored.payload)
    if gap is None:
        return None
    payload = AuditGapDetected(
        topic=gap.topic,
        partition=gap.partition,
        first_offset=gap.first_offset,
        last_offset=gap.last_offset,
        missing_count=gap.missing_count,
        noticed_at=gap.noticed_at,
    )
    cause, at = leaf_hash(stored.entry), stored.known_at
    return _event(origin, _GAP, catalogue.dump(payload), cause, stored.index, at, stored.id, None, None)


def published_checkpoint(origin: str, size: int, root: bytes, note: str, signed_at: datetime) -> Event:
    """Return `checkpoint.published`."""
    payload = CheckpointPublished(origin=origin, size=size, root=base64_strict.encode(root), checkpoint=note)
    return _event(origin, _CHECKPOINT, catalogue.dump(payload), root, size, signed_at, None, None, None)


def _event(
    origin: str,
    declared: EventType,
    data: bytes,
    cause: bytes,
    ordinal: int,
    at: datetime,
    causation: str | None,
    correlation: str | None,
    trace: str | None,
) -> Event:
    own_id = computed_id(_SERVICE, declared.full_name, cause, ordinal)
    return Event(
        id=own_id,
        source=_SOURCE,
        type=declared.full_name,
        subject=log_subject(origin),
        time=at,
        data=data,
        dataschema=declared.schema_address,
        correlationid=correlation or causation or own_id,
        causationid=causation,
        authtype="service",
        authid=_SOURCE,
        actorassurance="authenticated",
        traceparent=trace,
        dataclassification="internal",
    )


def _trace_of(attributes: bytes | None) -> str | None:
    """Return the trace the event came with, so that its publication is a span of the same trace.

    Attributes are one object of strings in canonical form, where no other place can look like that member.
    """
    found = _TRACE.search(attributes) if attributes else None
    return found[1].decode("ascii") if found else None
