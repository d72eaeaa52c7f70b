"""Whether one stored row is what its entry says: columns, identity, payload, and why a payload is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from govbus.audit_log.domain.classification import classify
from govbus.audit_log.domain.drafts import day_of
from govbus.audit_log.domain.erasures import Explained
from govbus.contracts import strict_json
from govbus.contracts.identity import identity_digest
from govbus.contracts.translog.entry import (
    COMMITMENT_KEY_BYTES,
    DUPLICATE_REFUSED,
    EVENT,
    Entry,
    EntryRejected,
    commit,
    parse_entry,
)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One entry with the columns it is found by; key, attributes and payload are None once erased or pruned."""

    index: int
    entry: bytes
    leaf_hash: bytes
    kind: str
    id: str | None
    source: str | None
    type: str | None
    subject: str | None
    topic: str | None
    partition: int | None
    kafka_offset: int | None
    identity: bytes | None
    correlation_id: str | None
    causation_id: str | None
    classification: str
    logged_on: date
    actor: str | None
    key: bytes | None
    attributes: bytes | None
    payload: bytes | None

    @property
    def label(self) -> str:
        """What retention knows it by."""
        return self.type or self.kind


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What entries of the log say is gone: all of it, and that part of which nothing should be left."""

    gone: Explained
    carried_out: Explained


def faults_of(row: StoredRow, record: OnRecord) -> Iterator[str]:
    """Return in words everything about a row that differs from its entry."""
    try:
        entry = parse_entry(row.entry)
    except EntryRejected as error:
        yield f"entry {row.index} is no entry: {error}"
        return
    if _columns(row) != _stated(entry):
        yield f"entry {row.index} is found by other words than it says"
    if entry.kind in (EVENT, DUPLICATE_REFUSED) and row.identity != _identity(entry):
        yield f"entry {row.index} has another identity than it says"
    if entry.kafka is not None and row.logged_on != day_of(entry.kafka.timestamp_ms):
        yield f"entry {row.index} is kept under another day than its record's"
    if row.payload is None or row.key is None or row.attributes is None:
        if not record.gone.covers(row.index, row.label, row.logged_on):
            yield f"payload {row.index} is missing, and no entry says that it was erased or pruned"
        return
    if record.carried_out.covers(row.index, row.label, row.logged_on):
        yield f"payload {row.index} is there, and an entry says that it was erased or pruned"
    yield from _payload_faults(row, entry)


def _payload_faults(row: StoredRow, entry: Entry) -> Iterator[str]:
    key, attributes = row.key or b"", row.attributes or b""
    differing = [
        name
        for name, content, commitment in (
            ("payload", row.payload or b"", entry.payload_commitment),
            ("attributes", attributes, entry.attributes_commitment),
        )
        if len(key) != COMMITMENT_KEY_BYTES or commit(key, content) != commitment
    ]
    if differing:
        yield f"payload {row.index} is not what the entry commits to: {', '.join(differing)}"
        return
    said = strict_json.parse(attributes)
    if row.actor != said.get("authid") and (entry.kind == EVENT or row.actor is not None):
        yield f"payload {row.index} is found by another actor than it says"
    if entry.kind not in (EVENT, DUPLICATE_REFUSED):
        return
    if (row.correlation_id, row.causation_id) != (said.get("correlationid"), said.get("causationid")):
        yield f"entry {row.index} is found by another correlation or cause than it says"
    if row.classification != classify(said.get("dataclassification")):
        yield f"entry {row.index} is classified as {row.classification}, which it does not say"


def _columns(row: StoredRow) -> tuple[object, ...]:
    return (row.kind, row.id, row.source, row.type, row.subject, row.topic, row.partition, row.kafka_offset)


def _stated(entry: Entry) -> tuple[object, ...]:
    place = (entry.kafka.topic, entry.kafka.partition, entry.kafka.offset) if entry.kafka else (None, None, None)
    return (entry.kind, entry.id, entry.source, entry.type, entry.subject, *place)


def _identity(entry: Entry) -> bytes:
    return identity_digest(entry.source or "", entry.type or "", entry.id or "")
