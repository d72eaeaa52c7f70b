"""Log entries: the canonical JSON whose hash is a leaf, and commitments to what it does not spell out.

An entry names what happened and commits to attributes and payload by HMAC under a random key that is kept with the
payload: deleting both erases what was said, and the leaf and every proof stay.

Source: RFC 8785; shared design, audit-log.md, "Entry and leaf".
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import rfc8785

from govbus.contracts import strict_json
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.tiles import ENTRY_BYTES

VERSION: Final = 1
EVENT: Final = "event"
UNPARSEABLE: Final = "unparseable"
DUPLICATE_REFUSED: Final = "duplicate_refused"
ACCESS: Final = "access"
CLOSED: Final = "closed"
SUCCESSOR: Final = "successor"
COMMITMENT_KEY_BYTES: Final = 32

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_WHOLE: Final = 2**53
"""From here on a JSON number is not exact for every reader."""

_TEXTS: Final = ("id", "source", "type", "subject", "time", "recordedtime")
_KAFKA: Final = {"topic": str, "partition": int, "offset": int, "timestamp": int}
_FIELDS: Final = frozenset({"v", "kind", *_TEXTS, "kafka", "attributes_commitment", "payload_commitment"})


class EntryRejected(ValueError):
    """Bytes that are not an entry, or an entry that cannot be one; the message says why."""


@dataclass(frozen=True, slots=True)
class KafkaPlace:
    """Where the record stands on Kafka; the timestamp is the broker's, in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. What could not be read has no id, source, type, subject or time; the log's own have no Kafka place."""

    kind: str
    id: str | None
    source: str | None
    type: str | None
    subject: str | None
    time: str | None
    recordedtime: str | None
    kafka: KafkaPlace | None
    attributes_commitment: bytes
    payload_commitment: bytes

    def canonical(self) -> bytes:
        """Return the RFC 8785 bytes, at most 65,535.

        Raises:
            EntryRejected: longer, or with strings that are not Unicode.
        """
        return self.committed(self.attributes_commitment, self.payload_commitment)

    def committed(self, attributes_commitment: bytes, payload_commitment: bytes) -> bytes:
        """Return what `canonical` returns of this entry with other commitments.

        Raises:
            EntryRejected: as `canonical`.
        """
        written = _Written(
            base64_strict.encode(attributes_commitment), self.id, _place(self.kafka), self.kind,
            base64_strict.encode(payload_commitment), self.recordedtime, self.source, self.subject, self.time,
            self.type,
        )  # fmt: skip
        return _bounded(_encoded(written))


class _Place(msgspec.Struct):
    """Members in the order of RFC 8785."""

    offset: int
    partition: int
    timestamp: int
    topic: str


class _Written(msgspec.Struct):
    """An entry's members in the order of RFC 8785, so that writing them one after the other is canonical."""

    attributes_commitment: str
    id: str | None
    kafka: _Place | None
    kind: str
    payload_commitment: str
    recordedtime: str | None
    source: str | None
    subject: str | None
    time: str | None
    type: str | None
    v: int = VERSION


def _place(kafka: KafkaPlace | None) -> _Place | None:
    if kafka is None:
        return None
    if max(kafka.offset, abs(kafka.timestamp_ms)) >= _WHOLE:
        raise EntryRejected("a Kafka offset or timestamp that JSON does not hold exactly")
    return _Place(kafka.offset, kafka.partition, kafka.timestamp_ms, kafka.topic)


def canonical_texts(texts: Mapping[str, str]) -> bytes:
    """Return RFC 8785 bytes of an object of strings with ASCII keys, fifty times faster than `canonical_json`.

    For text, whole numbers below 2^53 and null msgspec writes the same bytes: tests hold both to that.

    Raises:
        EntryRejected: text that is not Unicode.
    """
    return _encoded(texts)


def _encoded(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError as error:
        raise EntryRejected(str(error)) from None


def canonical_json(value: Any) -> bytes:
    """Return RFC 8785 bytes.

    Raises:
        EntryRejected: not representable.
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise EntryRejected(str(error)) from None


def commit(key: bytes, content: bytes) -> bytes:
    """Return HMAC-SHA-256 of `content` under a 32-byte commitment key."""
    if len(key) != COMMITMENT_KEY_BYTES:
        raise EntryRejected(f"a commitment key of {len(key)} bytes instead of {COMMITMENT_KEY_BYTES}")
    return hmac.digest(key, content, hashlib.sha256)


def parse_entry(raw: bytes) -> Entry:
    """Return the entry in `raw`, which is exactly its canonical form.

    Raises:
        EntryRejected: other JSON, other fields, another version, not canonical.
    """
    try:
        fields = strict_json.parse(_bounded(raw))
    except strict_json.InvalidJson as error:
        raise EntryRejected(error.detail) from None
    if not isinstance(fields, dict) or fields.keys() != _FIELDS or fields["v"] != VERSION:
        raise EntryRejected(f"not an entry of version {VERSION} with its fields")
    if not isinstance(fields["kind"], str) or not all(isinstance(fields[name], str | None) for name in _TEXTS):
        raise EntryRejected("a field that must be text is not")
    entry = Entry(
        kind=fields["kind"],
        **{name: fields[name] for name in _TEXTS},
        kafka=_kafka_place(fields["kafka"]),
        attributes_commitment=_commitment(fields["attributes_commitment"]),
        payload_commitment=_commitment(fields["payload_commitment"]),
    )
    if entry.canonical() != raw:
        raise EntryRejected("not in canonical form")
    return entry


def _kafka_place(value: Any) -> KafkaPlace | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != _KAFKA.keys():
        raise EntryRejected("kafka is not topic, partition, offset, timestamp")
    if any(type(value[name]) is not kind for name, kind in _KAFKA.items()):
        raise EntryRejected("kafka has a field of another type")
    return KafkaPlace(value["topic"], value["partition"], value["offset"], value["timestamp"])


def _commitment(value: Any) -> bytes:
    try:
        return base64_strict.decode_hash(value if isinstance(value, str) else "")
    except ValueError as error:
        raise EntryRejected(f"commitment: {error}") from None


def _bounded(raw: bytes) -> bytes:
    if len(raw) > ENTRY_BYTES:
        raise EntryRejected(f"{len(raw)} bytes, more than an entry's {ENTRY_BYTES}")
    return raw
