"""Who an event is: its identity, the digest of its content, and computed ids of conclusions.

Identity is (`source`, `type`, `id`) everywhere: real emitters reuse ids across types.
"""

import hashlib
import secrets
import time
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from govbus.contracts import strict_json
from govbus.contracts.envelope import Event, format_time, is_json

UNREAD: Final = object()
"""Stands for a JSON value that nobody has read yet; null is a value."""

_IDENTITY_BYTES = 16
_SAID: Final = (
    *("datacontenttype", "id", "source", "type", "subject", "dataschema", "sequence"),
    *("correlationid", "causationid", "dataclassification"),
)
"""Attributes that an emitter says, `time` beside them; what intake sets, and trace context, are not its own."""

_NOT_SAID: Final = frozenset(
    {"recordedtime", "authtype", "authid", "actorassurance", "traceparent", "tracestate", "specversion"}
)
_said_of: Final = attrgetter(*_SAID)


def identity_digest(source: str, type_: str, id_: str) -> bytes:
    """Return 16 bytes that stand for (`source`, `type`, `id`); equal exactly when all three are."""
    return hashlib.sha256(strict_json.dump_texts(source, type_, id_)).digest()[:_IDENTITY_BYTES]


def event_identity(event: Event) -> bytes:
    """Return `identity_digest` of an event."""
    return identity_digest(event.source, event.type, event.id)


def position_of(event: Event) -> str:
    """Return the opaque `position` told to an emitter: `govbus gate --after` waits until risk has read it."""
    return event_identity(event).hex()


def content_digest(event: Event, value: Any = UNREAD) -> bytes:
    """Return SHA-256 over what the emitter said: attributes of its own and data.

    JSON data is compared as a value, so that a retry which orders keys otherwise is a duplicate; other data as bytes.
    What intake sets, and trace context, which differs on every retry, do not count. `value` is the JSON value of the
    data where the caller has read it already.
    """
    said = {name: text for name, text in zip(_SAID, _said_of(event), strict=True) if text is not None}
    said["time"] = format_time(event.time)
    if event.extensions:
        said.update((name, text) for name, text in event.extensions.items() if name not in _NOT_SAID)
    data = strict_json.dump_compared(event.json() if value is UNREAD else value) if _is_json(event) else event.data
    return hashlib.sha256(strict_json.dump_compared(said) + b"\n" + data).digest()


def computed_id(service: str, type_: str, cause: bytes, ordinal: int | str = 0) -> str:
    """Return the id of a conclusion: UUIDv8 of SHA-256(service, type, identity of the cause, ordinal).

    Reprocessing, restore and rebuild make the same id.

    Source: RFC 9562, section 5.8.
    """
    return _uuid8(hashlib.sha256(strict_json.dump_texts(service, type_, cause.hex(), str(ordinal))).digest())


def scheduled_id(rule: str, subject: str, due: str) -> str:
    """Return the id of what the clock concludes: UUIDv8 of SHA-256(rule, subject, due time)."""
    return _uuid8(hashlib.sha256(strict_json.dump_texts(rule, subject, due)).digest())


def fresh_id() -> str:
    """Return a UUIDv7, for what a person starts. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(UUID(int=value))


def _is_json(event: Event) -> bool:
    return bool(event.data) and is_json(event.datacontenttype)


def _uuid8(digest: bytes) -> str:
    value = int.from_bytes(digest[:16])
    value = value & ~(0xF << 76) | (8 << 76)
    return str(UUID(int=value & ~(0b11 << 62) | (0b10 << 62)))
