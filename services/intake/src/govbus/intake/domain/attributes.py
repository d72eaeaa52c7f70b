"""CloudEvents context attributes: their names, their values as text, and the limits on them.

Source: CloudEvents 1.0.2, "Context Attributes" and "Type System"; shared design, events.md, "Limits".
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from govbus.contracts.envelope import CONTEXT_ATTRIBUTES
from govbus.contracts.limits import ATTRIBUTE_BYTES, ATTRIBUTES_BYTES
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.sequence import is_number

REQUIRED: Final = ("specversion", "id", "source", "type")
INDEXED: Final = ("id", "source", "type", "subject")
TEXTS: Final = frozenset({*REQUIRED, "subject", "time", "dataschema", "datacontenttype"})
"""The standard's own attributes are strings: `1` is not the id `"1"`."""

SET_BY_INTAKE: Final = frozenset(
    {
        "recordedtime",
        "authtype",
        "authid",
        "actorassurance",
        "mappingname",
        "mappingversion",
        "mappingdigest",
        "rawdigest",
    }
)
"""A sender's own values of these are dropped: who it was, when we knew and what read it is ours to say."""

CLASSIFICATIONS: Final = frozenset({"public", "internal", "confidential", "personal"})

_NAME: Final = re.compile(r"[a-z0-9]{1,20}")
"""Twenty characters are a SHOULD of the standard; every reader behind intake counts on it."""
_RESERVED: Final = frozenset({"data", "data_base64"})
OWN_NAMES: Final = frozenset(CONTEXT_ATTRIBUTES) | TEXTS
"""Attributes that need no look at their name."""

_FORBIDDEN_CHARACTER: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters, surrogates and non-characters. Source: CloudEvents 1.0.2, type "String"."""

_INT32: Final = range(-(2**31), 2**31)

_FEW_COUNT: Final = 64
"""So many names of twenty characters, and values of `ATTRIBUTE_BYTES` in all, are far below `ATTRIBUTES_BYTES`."""


def check_name(name: str, reason: str) -> None:
    """Refuse an attribute name that is not lower-case ASCII letters and digits, or that is reserved."""
    if name not in OWN_NAMES and (not _NAME.fullmatch(name) or name in _RESERVED):
        raise Refused(reason, f"{name[:40]!r} is not an attribute name: 1 to 20 lower-case letters and digits")


def is_said(name: str, value: str) -> bool:
    """Return whether a header says something: KServe sends extensions of its own without a value, so they are absent.

    An empty attribute of the standard or of ours is not absent: it is refused later.
    """
    return bool(value) or name in TEXTS or name in CONTEXT_ATTRIBUTES


def text_of(name: str, value: Any) -> str | None:
    """Return the canonical text of a JSON attribute value, None for null (an absent attribute)."""
    if value is None or isinstance(value, str):
        return value
    if name in TEXTS:
        raise Refused("invalid_envelope", f"attribute {name!r} is not a string")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value in _INT32:
        return str(value)
    raise Refused("invalid_envelope", f"attribute {name!r} is neither a string, a boolean nor a 32-bit integer")


def check(attributes: Mapping[str, str]) -> None:
    """Refuse attributes that are missing, empty, too large or not text.

    Raises:
        Refused: `invalid_envelope` or `too_large`.
    """
    if not _is_plain(attributes):
        _check_each(attributes)
    for name in REQUIRED:
        if name not in attributes:
            raise Refused("invalid_envelope", f"attribute {name!r} is missing")
    if attributes["specversion"] != "1.0":
        raise Refused("invalid_envelope", f"specversion {attributes['specversion'][:20]!r} is not 1.0")
    if "sequence" in attributes and not is_number(attributes["sequence"]):
        raise Refused("invalid_envelope", "sequence is not a whole number from 0 to 2^53 - 1 in decimal digits")
    if attributes.get("dataclassification", "internal") not in CLASSIFICATIONS:
        raise Refused("invalid_envelope", f"dataclassification is none of {', '.join(sorted(CLASSIFICATIONS))}")


def _is_plain(attributes: Mapping[str, str]) -> bool:
    """Return whether all values at once are seen to be visible ASCII, none empty, and together below every limit."""
    values = attributes.values()
    together = "".join(values)
    small = len(together) <= ATTRIBUTE_BYTES and len(attributes) <= _FEW_COUNT
    return small and together.isascii() and together.isprintable() and "" not in values


def _check_each(attributes: Mapping[str, str]) -> None:
    total = 0
    for name, value in attributes.items():
        if not value:
            raise Refused("invalid_envelope", f"attribute {name!r} is empty")
        if _FORBIDDEN_CHARACTER.search(value):
            raise Refused("invalid_envelope", f"attribute {name!r} holds a control character")
        size = len(value) if value.isascii() else len(value.encode())
        if name in INDEXED and size > ATTRIBUTE_BYTES:
            raise Refused("too_large", f"attribute {name!r} has {size} bytes, at most {ATTRIBUTE_BYTES} are taken")
        total += len(name) + size
    if total > ATTRIBUTES_BYTES:
        raise Refused("too_large", f"the attributes have {total} bytes, at most {ATTRIBUTES_BYTES} are taken")
