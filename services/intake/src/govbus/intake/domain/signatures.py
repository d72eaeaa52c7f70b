"""How platforms sign what they send: schemes as data, checked over the raw bytes in constant time.

A new scheme that signs with HMAC-SHA256 is one more row of `SCHEMES`.

Source: samples/SIGNATURES.md; MLflow 3.17.2 (captured); GitHub "Validating webhook deliveries"; Standard Webhooks 1.0.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from govbus.intake.domain.refusals import Refused

_WHSEC: Final = "whsec_"


def _plain_key(secret: str) -> bytes:
    return secret.encode()


def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_WHSEC), validate=True)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of signing.

    The signed bytes are delivery id, timestamp and body joined by dots where the scheme has these headers, else the
    body alone. The signature header holds candidates parted by `separator`, each with `prefix` before the digest;
    one that fits is enough (a platform sends two while it rotates its secret).
    """

    signature_header: str
    prefix: str = ""
    separator: str | None = None
    id_header: str | None = None
    timestamp_header: str | None = None
    encode: Callable[[bytes], str] = bytes.hex
    key: Callable[[str], bytes] = _plain_key


SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {
        "mlflow": Scheme(
            signature_header="x-mlflow-signature",
            prefix="v1,",
            id_header="x-mlflow-delivery-id",
            timestamp_header="x-mlflow-timestamp",
            encode=_base64,
        ),
        "standard-webhooks": Scheme(
            signature_header="webhook-signature",
            prefix="v1,",
            separator=" ",
            id_header="webhook-id",
            timestamp_header="webhook-timestamp",
            encode=_base64,
            key=_standard_key,
        ),
        "github": Scheme(signature_header="x-hub-signature-256", prefix="sha256="),
    }
)


def check_secret(scheme: str, secret: str) -> None:
    """Refuse a secret that the scheme cannot use, at registration rather than at the first delivery.

    Raises:
        ValueError: a sentence that does not hold the secret.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"known schemes are {', '.join(sorted(SCHEMES))}")
    try:
        key = SCHEMES[scheme].key(secret)
    except (binascii.Error, ValueError):
        raise ValueError("the secret of this scheme is base64, after whsec_") from None
    if not key:
        raise ValueError("the secret is empty")


def verify(scheme: Scheme, secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Let a delivery pass that was signed with `secret`; `headers` have lower-case names.

    Raises:
        Refused: `unsigned` or `bad_signature`.
    """
    signature = headers.get(scheme.signature_header, "")
    if not signature:
        raise Refused("unsigned", f"header {scheme.signature_header} is missing: this source signs its deliveries")
    signed = _signed_bytes(scheme, headers, body)
    expected = scheme.prefix + scheme.encode(hmac.new(scheme.key(secret), signed, hashlib.sha256).digest())
    candidates = signature.split(scheme.separator) if scheme.separator else [signature]
    fits = [hmac.compare_digest(candidate.encode(), expected.encode()) for candidate in candidates]
    if not any(fits):
        raise Refused("bad_signature", f"{scheme.signature_header} does not fit this body and the source's secret")


def check_window(scheme: Scheme, headers: Mapping[str, str], now: datetime, window_seconds: int) -> None:
    """Refuse a signed timestamp further from `now` than the window, in either direction; call it after `verify`.

    Raises:
        Refused: `outside_replay_window`, or `bad_headers` for a timestamp that is none.
    """
    if scheme.timestamp_header is None:
        return
    text = headers.get(scheme.timestamp_header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= len("99999999999")):
        raise Refused("bad_headers", f"{scheme.timestamp_header} is not a Unix time in seconds")
    age_seconds = now.timestamp() - int(text)
    if abs(age_seconds) > window_seconds:
        where = "old" if age_seconds > 0 else "in the future"
        raise Refused(
            "outside_replay_window", f"signed {abs(age_seconds):.0f} s {where}, the window is {window_seconds} s"
        )


def _signed_bytes(scheme: Scheme, headers: Mapping[str, str], body: bytes) -> bytes:
    parts = []
    for header in (scheme.id_header, scheme.timestamp_header):
        if header is not None:
            value = headers.get(header, "")
            if not value:
                raise Refused("unsigned", f"header {header} is missing: it is part of what is signed")
            parts.append(value.encode())
    return b".".join([*parts, body])
