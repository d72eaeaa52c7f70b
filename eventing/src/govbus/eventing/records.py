"""Kafka records and their mapping to CloudEvents, binary and structured mode.

Source: CloudEvents Kafka protocol binding 1.0.2, sections 3.1 to 3.3.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import msgspec

from govbus.contracts import strict_json
from govbus.contracts.envelope import (
    CONTEXT_ATTRIBUTES,
    JSON_CONTENT_TYPE,
    SPECVERSION,
    STRUCTURED_CONTENT_TYPE,
    Event,
    format_time,
    parse_time,
)

Headers = tuple[tuple[str, bytes | None], ...]

_ATTRIBUTE_NAME: Final = re.compile(r"[a-z0-9]{1,20}")
_REQUIRED: Final = ("id", "source", "type", "subject", "time")
_TIMES: Final = ("time", "recordedtime")
_FINGERPRINT_BYTES: Final = 16

_SPECVERSION: Final = ("ce_specversion", SPECVERSION.encode())
_UNTRACED: Final = tuple(name for name in CONTEXT_ATTRIBUTES if name != "traceparent")
_HEADERS: Final = tuple(f"ce_{name}" for name in _UNTRACED)
_values_of: Final = attrgetter(*_UNTRACED)


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One Kafka record as it was read, bytes untouched."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    def fingerprint(self) -> bytes:
        """Return 16 bytes that change when the topic was truncated or recreated and another record stands here."""
        digest = hashlib.sha256(f"{self.timestamp_ms}\n".encode())
        for part in (self.key, self.value, *(item for name, value in self.headers for item in (name.encode(), value))):
            digest.update(b"-" if part is None else len(part).to_bytes(8) + part)
        return digest.digest()[:_FINGERPRINT_BYTES]


class Undecodable(ValueError):
    """A record that is not a CloudEvent; `reason` is `bad_headers`, `invalid_envelope` or a strict-JSON reason."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the closed-list reason and what was found."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def encode(event: Event, traceparent: str | None = None) -> tuple[bytes, bytes, Headers]:
    """Return key, value and headers of `event` in binary mode; the key is the governed subject.

    A `traceparent` takes the place of the event's own.
    """
    headers = [("content-type", event.datacontenttype.encode()), _SPECVERSION]
    for header, value in zip(_HEADERS, _values_of(event), strict=True):
        if value is not None:
            text: str = value if type(value) is str else format_time(value)
            headers.append((header, text.encode()))
    headers += [(f"ce_{name}", value.encode()) for name, value in event.extensions.items()]
    if (traced := traceparent or event.traceparent) is not None:
        headers += [("ce_traceparent", traced.encode()), ("traceparent", traced.encode())]
    return event.subject.encode(), event.data, tuple(headers)


def decode(raw: RawRecord) -> Event:
    """Return the event in `raw`, the mode chosen by its content type.

    Raises:
        Undecodable: bytes that are no CloudEvent of Govbus's profile.
    """
    headers = _texts(raw.headers)
    content_type = headers.get("content-type", "")
    if content_type.lower().startswith(STRUCTURED_CONTENT_TYPE):
        return _structured(raw.value or b"")
    attributes = {name.removeprefix("ce_"): value for name, value in headers.items() if name.startswith("ce_")}
    event = _event(attributes, raw.value or b"", content_type or JSON_CONTENT_TYPE)
    _require_json(event)
    return event


def _texts(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        try:
            text = (b"\xff" if value is None else value).decode("utf-8")
        except UnicodeDecodeError:
            raise Undecodable("bad_headers", f"header {name[:40]!r} is not UTF-8") from None
        if name in found and found[name] != text:
            raise Undecodable("bad_headers", f"header {name[:40]!r} stands twice with different values")
        found[name] = text
    return found


class _Document(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"")


_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def _structured(value: bytes) -> Event:
    try:
        document = strict_json.parse(value)
    except strict_json.InvalidJson as error:
        raise Undecodable(error.reason, error.detail) from None
    if not isinstance(document, dict):
        raise Undecodable("invalid_envelope", "a structured CloudEvent is a JSON object")
    attributes = {name: _text(name, item) for name, item in document.items() if name not in {"data", "data_base64"}}
    content_type = attributes.pop("datacontenttype", JSON_CONTENT_TYPE)
    return _event(attributes, _data(document, value), content_type)


def _data(document: Mapping[str, Any], value: bytes) -> bytes:
    if "data_base64" in document:
        try:
            return base64.b64decode(str(document["data_base64"]), validate=True)
        except ValueError:
            raise Undecodable("invalid_envelope", "data_base64 is not base64") from None
    return bytes(_DOCUMENT.decode(value).data)


def _text(name: str, item: object) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str | int):
        return str(item)
    raise Undecodable("invalid_envelope", f"attribute {name[:40]!r} is neither string, integer nor boolean")


def _event(attributes: dict[str, str], data: bytes, content_type: str) -> Event:
    if attributes.pop("specversion", None) != SPECVERSION:
        raise Undecodable("invalid_envelope", "specversion is not 1.0")
    absent = [name for name in _REQUIRED if not attributes.get(name)]
    if absent:
        raise Undecodable("invalid_envelope", f"required attributes are absent or empty: {', '.join(absent)}")
    known: dict[str, Any] = {name: attributes.pop(name) for name in CONTEXT_ATTRIBUTES if name in attributes}
    for name in _TIMES:
        if name in known:
            known[name] = _time(name, known[name])
    wrong = [name for name in attributes if not _ATTRIBUTE_NAME.fullmatch(name)]
    if wrong:
        raise Undecodable("invalid_envelope", f"not an attribute name: {wrong[0][:40]!r}")
    return Event(data=data, datacontenttype=content_type, extensions=attributes, **known)


def _time(name: str, text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise Undecodable("invalid_envelope", f"{name}: {error}") from None


def _require_json(event: Event) -> None:
    media_type = event.datacontenttype.partition(";")[0].strip().lower()
    if media_type == JSON_CONTENT_TYPE and event.data:
        try:
            event.json()
        except strict_json.InvalidJson as error:
            raise Undecodable(error.reason, error.detail) from None
