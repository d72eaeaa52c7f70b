"""Which entries of the audit log are risk's own decisions."""

import base64
import binascii
from typing import Final

from govbus.contracts import strict_json, types
from govbus.contracts.making import service_source

_SOURCE: Final = service_source("risk")
_TYPES: Final = frozenset({types.full_name("release.allowed"), types.full_name("release.blocked")})


def decision_event_in(entry: str) -> str | None:
    """Return the id of the decision's event when the entry (base64 of its bytes) holds one, else None.

    Only the envelope is read: the entry's own proof is the log's business.
    """
    try:
        fields = strict_json.parse(base64.b64decode(entry, validate=True))
    except (binascii.Error, strict_json.InvalidJson):
        return None
    if not isinstance(fields, dict) or fields.get("kind") != "event" or fields.get("source") != _SOURCE:
        return None
    event_id = fields.get("id")
    return event_id if fields.get("type") in _TYPES and isinstance(event_id, str) else None
