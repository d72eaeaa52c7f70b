"""Signed statements: a DSSE envelope, alone or inside a sigstore bundle, with its JSON payload opened.

The signature is not verified here, nor anywhere in intake: what the payload says is a claim, and so is who signed it.

Source: secure-systems-lab/dsse, envelope v1; sigstore bundle v0.1 to v0.3.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.intake.domain.decoders import json_values
from govbus.intake.domain.refusals import Refused

_BUNDLE_MEMBER: Final = "dsseEnvelope"


def decode(raw: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"envelope", "bundle", "payload_type", "payload"}`; `bundle` is what lies around the envelope, or None.

    A payload whose type is not JSON is handed on as None. There are no options.

    Raises:
        Refused: `undecodable` for anything but such an envelope; the strict parser's own reasons, for the payload too.
    """
    outer = json_values.decode(raw, options)
    if not isinstance(outer, dict):
        raise Refused("undecodable", "a DSSE envelope is a JSON object")
    bundled = _BUNDLE_MEMBER in outer
    envelope = outer[_BUNDLE_MEMBER] if bundled else outer
    if not isinstance(envelope, dict) or not isinstance(envelope.get("payload"), str):
        raise Refused("undecodable", "neither a DSSE envelope nor a sigstore bundle that holds one: no payload")
    payload_type = envelope.get("payloadType")
    if not isinstance(payload_type, str):
        raise Refused("undecodable", "the DSSE envelope does not say what its payload is: no payloadType")
    return {
        "envelope": envelope,
        "bundle": {key: value for key, value in outer.items() if key != _BUNDLE_MEMBER} if bundled else None,
        "payload_type": payload_type,
        "payload": _payload(envelope["payload"]) if payload_type.endswith(("+json", "/json")) else None,
    }


def _payload(encoded: str) -> Any:
    compact = encoded.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("undecodable", "the payload of the DSSE envelope is not base64") from None
    try:
        return strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise Refused(error.reason, f"payload of the DSSE envelope: {error.detail}") from None
