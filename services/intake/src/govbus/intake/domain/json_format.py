"""CloudEvents in JSON: structured mode and batches. Data keep their exact bytes.

Source: CloudEvents JSON event format 1.0.2.
"""

import base64
import binascii
from typing import Any, Final

import msgspec

from govbus.contracts.envelope import JSON_CONTENT_TYPE, is_json
from govbus.contracts.identity import UNREAD
from govbus.intake.domain import attributes as naming
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Said, parse_json

BATCH_COUNT: Final = 5_000
"""Events of one batch: Azure Event Grid sends up to 5,000; 8 MiB of `{},` would be millions of refusals."""


_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_structured(raw: bytes) -> Said:
    """Return the event that the JSON object `raw` holds.

    Raises:
        Refused: not strict JSON, not an object, wrong attribute names or values, `data` and `data_base64` at once.
    """
    members = parse_json(raw)
    if not isinstance(members, dict):
        raise Refused("invalid_envelope", "a structured CloudEvent is one JSON object")
    attributes = {name: value for name, value in members.items() if name in naming.OWN_NAMES and type(value) is str}
    if len(attributes) + ("data" in members) != len(members):
        attributes = _attributes(members)
    content_type = attributes.get("datacontenttype", JSON_CONTENT_TYPE)
    value = members["data"] if "data" in members and is_json(content_type) else UNREAD
    return Said(attributes, _data(raw, members, content_type), value)


def _attributes(members: dict[str, Any]) -> dict[str, str]:
    """Return the attributes as text, extensions too, null ones left out."""
    attributes: dict[str, str] = {}
    for name, value in members.items():
        if name in {"data", "data_base64"}:
            continue
        naming.check_name(name, "invalid_envelope")
        text = naming.text_of(name, value)
        if text is not None:
            attributes[name] = text
    return attributes


def split_batch(raw: bytes) -> list[bytes]:
    """Return the exact bytes of each event of a batch; each is judged on its own.

    Raises:
        Refused: the whole is not a JSON array, or has more than `BATCH_COUNT` elements.
    """
    try:
        elements = _ELEMENTS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        parse_json(raw)
        raise Refused("invalid_json", "a batch is one JSON array of CloudEvents") from None
    if len(elements) > BATCH_COUNT:
        raise Refused("too_large", f"{len(elements)} events in one batch, at most {BATCH_COUNT} are taken")
    return [bytes(element) for element in elements]


def _data(raw: bytes, members: dict[str, Any], content_type: str) -> bytes:
    encoded = members.get("data_base64")
    if encoded is not None:
        if "data" in members:
            raise Refused("invalid_envelope", "data and data_base64 exclude each other")
        return _decoded(encoded)
    if "data" not in members:
        return b""
    value = members["data"]
    if not is_json(content_type) and isinstance(value, str):
        return value.encode()
    return bytes(_MEMBERS.decode(raw)["data"])


def _decoded(encoded: Any) -> bytes:
    if not isinstance(encoded, str):
        raise Refused("invalid_envelope", "data_base64 is not a string")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("invalid_envelope", "data_base64 is not base64") from None
