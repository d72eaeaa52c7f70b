"""Standard base64 with padding, one spelling per value: what decodes also re-encodes to the same text."""

import base64
import binascii
from typing import Final

_HASH_BYTES: Final = 32
"""SHA-256."""


def encode(raw: bytes) -> str:
    """Return standard base64 with padding."""
    return base64.b64encode(raw).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes written in `text`.

    Raises:
        ValueError: not standard base64, or a second spelling (loose padding bits, blanks) of the same bytes.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{text[:60]!r} is not base64") from None
    if encode(raw) != text:
        raise ValueError(f"{text[:60]!r} is not canonical base64")
    return raw


def decode_hash(text: str) -> bytes:
    """Return a hash of exactly 32 bytes.

    Raises:
        ValueError: not base64, or of another length.
    """
    raw = decode(text)
    if len(raw) != _HASH_BYTES:
        raise ValueError(f"a hash of {len(raw)} bytes instead of {_HASH_BYTES}")
    return raw
