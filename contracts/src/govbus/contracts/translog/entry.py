"""Log entries: the canonical JSON whose hash is a leaf, and commitments to what it does not spell out.

An entry names what happened and commits to attributes and payload by HMAC under a random key that is kept with the
payload: deleting both erases what was said, and the leaf and every proof stay.

Source: RFC 8785; shared design, audit-log.md, "Entry and leaf".
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from typing import Any, Final

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

        Written member by member, as the shape is fixed: a test holds it to `canonical_json`.

        Raises:
            EntryRejected: as `canonical`.
        """
        attributes, payload = base64_strict.encode(attributes_commitment), base64_strict.encode(payload_commitment)
        text = (
            f'{{"attributes_commitment":"{attributes}","id":{_text(self.id)},"kafka":{_place(self.kafka)},'
            f'"kind":{quoted(self.kind)},"payload_commitment":"{payload}","recordedtime":{_text(self.recordedtime)},'
            f'"source":{_text(self.source)},"subject":{_text(self.subject)},"time":{_text(self.time)},'
            f'"type":{_text(self.type)},"v":{VERSION}}}'
        )
        return _bounded(_encoded(text))


def _text(value: str | None) -> str:
    return "null" if value is None else quoted(value)


def _place(kafka: KafkaPlace | None) -> str:
    if kafka is None:
        return "null"
    if max(kafka.offset, abs(kafka.timestamp_ms)) >= _WHOLE:
        raise EntryRejected("a Kafka offset or timestamp that JSON does not hold exactly")
    return (
        f'{{"offset":{kafka.offset},"partition":{kafka.partition},"timestamp":{kafka.timestamp_ms},'
        f'"topic":{quoted(kafka.topic)}}}'
    )


def canonical_texts(texts: Mapping[str, str]) -> bytes:
    """Return RFC 8785 bytes of an object of strings with ASCII keys, twenty times faster than `canonical_json`.

    Raises:
        EntryRejected: text that is not Unicode.
    """
    return _encoded(f"{{{','.join([f'{quoted(name)}:{quoted(texts[name])}' for name in sorted(texts)])}}}")


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
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
