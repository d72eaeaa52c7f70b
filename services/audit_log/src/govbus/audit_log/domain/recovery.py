"""Entries that come back from `govbus.audit` after a restore: read strictly, and made the rows that they were."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from govbus.audit_log.domain.classification import CONFIDENTIAL, classify
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.domain.drafts import Draft, day_of
from govbus.audit_log.domain.sequencing import Leaf
from govbus.contracts import strict_json
from govbus.contracts.identity import identity_digest
from govbus.contracts.translog.entry import DUPLICATE_REFUSED, EVENT, Entry, EntryRejected, parse_entry
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.verification import VerificationFailed, verify_payload

_NO_COMMITMENT: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Republished:
    """One entry as it was read back; payload, attributes and key are None where they were not published."""

    index: int
    entry: bytes
    payload: bytes | None
    attributes: bytes | None
    key: bytes | None
    known_at: datetime
    correlation_id: str | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it was read back: the note, where it lay, and when it was signed."""

    note: str
    where: str
    signed_at: datetime | None = None


def stated(item: Republished) -> Entry:
    """Return what an entry says, after its payload and attributes were held against its commitments.

    Raises:
        Inconsistent: it is no entry, or commits to something else than came with it.
    """
    try:
        if item.key is None or item.payload is None:
            return parse_entry(item.entry)
        return verify_payload(item.entry, item.payload, item.key, attributes=item.attributes)
    except (EntryRejected, VerificationFailed) as error:
        raise Inconsistent(f"entry {item.index} on govbus.audit is not what the log wrote: {error}") from None


def recovered_leaf(item: Republished, original: Draft | None) -> Leaf:
    """Return the row that an entry was; `original` is its record's draft, where the record still stands on its topic.

    A payload that was never published has lost its commitment key with the restore. It is not kept beside the entry,
    even where the record still stands: nothing could show that it is the payload that the entry commits to.

    Raises:
        Inconsistent: see `stated`.
    """
    entry = stated(item)
    is_open = item.key is not None and item.payload is not None and item.attributes is not None
    if is_open:
        found = _draft_of_published(item, entry)
    else:
        found = _draft_of_closed(item, entry, original if original and _same_record(original.fields, entry) else None)
    return Leaf(item.index, found, entry.kind, item.entry, leaf_hash(item.entry), item.key if is_open else None)


def _draft_of_published(item: Republished, entry: Entry) -> Draft:
    attributes: dict[str, Any] = strict_json.parse(item.attributes or b"{}")
    return Draft(
        fields=entry,
        identity=_identity(entry),
        attributes=item.attributes or b"",
        payload=item.payload or b"",
        correlation_id=attributes.get("correlationid"),
        causation_id=attributes.get("causationid"),
        actor=attributes.get("authid"),
        classification=classify(attributes.get("dataclassification")),
        known_at=item.known_at,
        logged_on=day_of(entry.kafka.timestamp_ms) if entry.kafka else item.known_at.date(),
    )


def _draft_of_closed(item: Republished, entry: Entry, original: Draft | None) -> Draft:
    return Draft(
        fields=entry,
        identity=_identity(entry),
        attributes=b"",
        payload=b"",
        correlation_id=original.correlation_id if original else _correlation(item, entry),
        causation_id=original.causation_id if original else None,
        actor=None,
        classification=original.classification if original else CONFIDENTIAL,
        known_at=item.known_at,
        logged_on=day_of(entry.kafka.timestamp_ms) if entry.kafka else item.known_at.date(),
    )


def _correlation(item: Republished, entry: Entry) -> str | None:
    """Return the correlation under which it was published, unless that only repeats the entry's id."""
    return None if item.correlation_id == entry.id else item.correlation_id


def _identity(entry: Entry) -> bytes | None:
    if entry.kind not in (EVENT, DUPLICATE_REFUSED):
        return None
    return identity_digest(entry.source or "", entry.type or "", entry.id or "")


def _same_record(one: Entry, other: Entry) -> bool:
    """Compare everything but the commitments, whose key is lost, and the kind, which the sequencer decides."""
    return _bare(one) == _bare(other)


def _bare(entry: Entry) -> Entry:
    return dataclasses.replace(
        entry, kind=EVENT, attributes_commitment=_NO_COMMITMENT, payload_commitment=_NO_COMMITMENT
    )
