"""The decoder of signed statements: envelope, bundle and payload, none of it verified."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.intake.domain.decoders import dsse
from govbus.intake.domain.refusals import Refused

PAYLOAD = b'{"subject": "\xc3\xa0?>"}'


def envelope(payload: str, payload_type: Any = "application/vnd.in-toto+json") -> dict[str, Any]:
    """Return an envelope."""
    return {"payload": payload, "payloadType": payload_type, "signatures": []}


def decoded(value: Any) -> Any:
    """Return what the decoder makes of a JSON value."""
    return dsse.decode(json.dumps(value).encode(), {})


def reason(raw: bytes) -> str:
    """Return the reason for which the bytes are refused."""
    with pytest.raises(Refused) as refused:
        dsse.decode(raw, {})
    return refused.value.reason


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padding", ["=", ""])
def test_both_alphabets_are_read_padded_or_not(encode: Any, padding: str) -> None:
    found = decoded(envelope(encode(PAYLOAD).decode().rstrip("=") + padding * (-len(PAYLOAD) % 3)))
    assert found["payload"] == {"subject": "à?>"}
    assert found["bundle"] is None


def test_what_lies_around_the_envelope_is_kept_apart() -> None:
    inside = envelope(base64.b64encode(PAYLOAD).decode())
    found = decoded({"mediaType": "m", "verificationMaterial": {"tlogEntries": []}, "dsseEnvelope": inside})
    assert found["bundle"] == {"mediaType": "m", "verificationMaterial": {"tlogEntries": []}}
    assert found["envelope"] == inside
    assert found["payload_type"] == "application/vnd.in-toto+json"


def test_a_payload_of_another_type_is_not_opened() -> None:
    assert decoded(envelope("AAAA", "application/octet-stream"))["payload"] is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"[]", "undecodable"),
        (b"{}", "undecodable"),
        (b'{"dsseEnvelope": null}', "undecodable"),
        (b'{"messageSignature": {"signature": "MEQ="}}', "undecodable"),
        (json.dumps(envelope("AAAA", None)).encode(), "undecodable"),
        (json.dumps(envelope("é")).encode(), "undecodable"),
        (json.dumps(envelope("A")).encode(), "undecodable"),
        (json.dumps(envelope(base64.b64encode(b'{"a": 1, "a": 2}').decode())).encode(), "duplicate_key"),
        (json.dumps(envelope(base64.b64encode(b"\xff").decode())).encode(), "invalid_utf8"),
        (b'{"payload": 1', "invalid_json"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, expected: str) -> None:
    assert reason(raw) == expected


@given(st.text(max_size=200), st.booleans())
def test_any_payload_is_opened_or_refused(payload: str, bundled: bool) -> None:
    value = {"dsseEnvelope": envelope(payload)} if bundled else envelope(payload)
    try:
        found = dsse.decode(json.dumps(value).encode(), {})
    except Refused:
        return
    assert set(found) == {"envelope", "bundle", "payload_type", "payload"}
