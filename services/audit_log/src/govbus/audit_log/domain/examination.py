"""Whether one stored row is what its entry says: columns, identity, payload."""

from collections.abc import Iterator
from dataclasses import dataclass

from govbus.contracts.identity import identity_digest
from govbus.contracts.translog.entry import DUPLICATE_REFUSED, EVENT, Entry, EntryRejected, parse_entry
from govbus.contracts.translog.verification import VerificationFailed, verify_payload


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One entry with the columns it is found by; key, attributes and payload are None once erased or pruned."""

    index: int
    entry: bytes
    kind: str
    id: str | None
    source: str | None
    type: str | None
    subject: str | None
    topic: str | None
    partition: int | None
    kafka_offset: int | None
    identity: bytes | None
    key: bytes | None
    attributes: bytes | None
    payload: bytes | None


def faults_of(row: StoredRow) -> Iterator[str]:
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
    if row.key is not None and row.payload is not None:
        try:
            verify_payload(row.entry, row.payload, row.key, attributes=row.attributes)
        except VerificationFailed as failure:
            yield f"payload {row.index} is not what the entry commits to: {failure.reason}"


def _columns(row: StoredRow) -> tuple[object, ...]:
    return (row.kind, row.id, row.source, row.type, row.subject, row.topic, row.partition, row.kafka_offset)


def _stated(entry: Entry) -> tuple[object, ...]:
    place = (entry.kafka.topic, entry.kafka.partition, entry.kafka.offset) if entry.kafka else (None, None, None)
    return (entry.kind, entry.id, entry.source, entry.type, entry.subject, *place)


def _identity(entry: Entry) -> bytes:
    return identity_digest(entry.source or "", entry.type or "", entry.id or "")
