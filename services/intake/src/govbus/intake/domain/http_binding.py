"""CloudEvents over HTTP: which mode a request is in, and its headers as attributes.

Source: CloudEvents HTTP protocol binding 1.0.2, sections 3.1 to 3.3.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final
from urllib.parse import unquote_to_bytes

from govbus.contracts.envelope import BATCH_CONTENT_TYPE, STRUCTURED_CONTENT_TYPE
from govbus.intake.domain import attributes as naming
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Said

PREFIX: Final = "ce-"
Headers = Sequence[tuple[str, str]]
"""Header names in lower case and values as Latin-1 text, in the order of the request, repetitions kept."""

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")


class Mode(Enum):
    """How a request carries its CloudEvents."""

    BINARY = "binary"
    STRUCTURED = "structured"
    BATCH = "batch"


def mode_of(headers: Headers) -> Mode:
    """Return the mode: content-type decides, `ce-` headers make it binary.

    Raises:
        Refused: `unsupported_media_type`, or `bad_headers` when Content-Type is given twice.
    """
    content_type = _content_type(headers)
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip().lower()
    if media_type in {STRUCTURED_CONTENT_TYPE, BATCH_CONTENT_TYPE}:
        charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters.lower())
        if charset and charset[1] not in {"utf-8", "utf8", "us-ascii"}:
            raise Refused("unsupported_media_type", f"charset {charset[1][:20]!r}: JSON is UTF-8")
        return Mode.STRUCTURED if media_type == STRUCTURED_CONTENT_TYPE else Mode.BATCH
    if media_type.startswith("application/cloudevents"):
        raise Refused("unsupported_media_type", f"{media_type[:60]!r}: of the event formats only JSON is read")
    if any(name.startswith(PREFIX) for name, _ in headers):
        return Mode.BINARY
    raise Refused(
        "unsupported_media_type",
        f"send {STRUCTURED_CONTENT_TYPE}, {BATCH_CONTENT_TYPE}, or ce-* headers; this is {media_type[:60]!r}",
    )


def read_binary(headers: Headers, body: bytes) -> Said:
    """Return the event of a request in binary mode.

    Raises:
        Refused: `bad_headers`.
    """
    attributes: dict[str, str] = {}
    for header, value in headers:
        if not header.startswith(PREFIX):
            continue
        name = header.removeprefix(PREFIX)
        naming.check_name(name, "bad_headers")
        if name in attributes:
            raise Refused("bad_headers", f"header {header!r} is given twice")
        if name == "datacontenttype":
            raise Refused("bad_headers", "datacontenttype travels as Content-Type in binary mode")
        decoded = decode_value(header, value)
        if naming.is_said(name, decoded):
            attributes[name] = decoded
    content_type = _content_type(headers)
    if content_type:
        attributes["datacontenttype"] = content_type
    return Said(attributes, body)


def decode_value(header: str, value: str) -> str:
    """Return the attribute value: quoted strings unquoted, percent-encoded UTF-8 decoded. Source: section 3.1.3.2."""
    if not _PRINTABLE.fullmatch(value):
        raise Refused("bad_headers", f"header {header!r} is not printable ASCII: percent-encode it")
    quoted = _QUOTED.fullmatch(value)
    plain = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value
    if _BROKEN_PERCENT.search(plain):
        raise Refused("bad_headers", f"header {header!r}: a percent sign is not followed by two hex digits")
    try:
        return unquote_to_bytes(plain).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("bad_headers", f"header {header!r} is not percent-encoded UTF-8") from None


def _content_type(headers: Headers) -> str:
    values = [value for name, value in headers if name == "content-type"]
    if len(values) > 1:
        raise Refused("bad_headers", "Content-Type is given twice")
    return values[0].strip() if values else ""
