"""Amazon SNS: messages signed with RSA over named fields, under a certificate that is pinned, never fetched.

The certificate of SNS signs for every topic of every customer, so a signature alone proves nothing about who speaks:
the topic's ARN is part of what is authenticated.

Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages" and "Parsing message formats".
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import parse_json

NOTIFICATION: Final = "Notification"
CONFIRMATION: Final = "SubscriptionConfirmation"
TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}")

_HOST: Final = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?")
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType({"1": hashes.SHA1(), "2": hashes.SHA256()})  # noqa: S303 - version 1 is what topics use unless told otherwise
_NOTIFICATION_FIELDS: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_HANDSHAKE_FIELDS: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED_FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        NOTIFICATION: _NOTIFICATION_FIELDS,
        CONFIRMATION: _HANDSHAKE_FIELDS,
        "UnsubscribeConfirmation": _HANDSHAKE_FIELDS,
    }
)
_OPTIONAL: Final = frozenset({"Subject"})


@dataclass(frozen=True, slots=True)
class Message:
    """One SNS message: its type, topic, stated time and everything else as it came."""

    type: str
    topic: str
    timestamp: str
    fields: Mapping[str, Any]

    def signed_bytes(self) -> bytes:
        """Return what the signature stands over: names and values of the type's fields, a line each.

        Raises:
            Refused: `unsigned`, a field is missing.
        """
        lines = []
        for name in _SIGNED_FIELDS[self.type]:
            value = self.fields.get(name)
            if value is None and name in _OPTIONAL:
                continue
            if not isinstance(value, str):
                raise Refused("unsigned", f"{name} is missing: it is part of what SNS signs")
            lines += [name, value]
        return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True, slots=True)
class Notified:
    """The scheme `sns`: what stands in the place of a secret is the signing certificate in PEM."""

    reads_body = True

    def check_secret(self, secret: str) -> None:
        """Refuse what is no certificate of an RSA key.

        Raises:
            ValueError: what is wanted.
        """
        if not _is_rsa(_certificate(secret)):
            raise ValueError("SNS signs with RSA: this certificate has another kind of key")

    def authenticate(self, secrets: Sequence[str], evidence: Evidence) -> None:
        """Let a message pass that was signed under one of the pinned certificates.

        Raises:
            Refused: `unsigned`, `bad_signature`, or why the body cannot be read.
        """
        message = read_message(evidence.body)
        check_host(message.fields.get("SigningCertURL"), "SigningCertURL")
        hashing = _HASHES.get(str(message.fields.get("SignatureVersion")))
        if hashing is None:
            raise Refused("unsigned", "SignatureVersion is neither 1 nor 2")
        signature = _decoded(message.fields.get("Signature"))
        signed = message.signed_bytes()
        if not any(_fits(_certificate(secret), signature, signed, hashing) for secret in secrets):
            raise Refused("bad_signature", "Signature does not fit the message under any certificate of this source")

    def timestamp(self, evidence: Evidence) -> str | None:
        """Return the signed time."""
        return read_message(evidence.body).timestamp


def read_message(body: bytes) -> Message:
    """Return the message in a body that was or will be authenticated.

    Raises:
        Refused: `unsigned`, not an SNS message, or why it is not JSON.
    """
    fields = parse_json(body)
    if not isinstance(fields, dict) or fields.get("Type") not in _SIGNED_FIELDS:
        raise Refused("unsigned", "not an SNS message: raw message delivery sends no signature, switch it off")
    return Message(fields["Type"], str(fields.get("TopicArn")), str(fields.get("Timestamp")), fields)


def check_topic(message: Message, topics: Sequence[str]) -> None:
    """Refuse a message of a topic that is not this source's: anybody may have SNS sign for theirs.

    Raises:
        Refused: `foreign_source`.
    """
    if message.topic not in topics:
        raise Refused("foreign_source", f"topic {message.topic[:300]!r} is none of those this source registered")


def check_host(url: Any, field: str) -> str:
    """Return a URL that leads to SNS itself, over TLS, on its usual port.

    Raises:
        Refused: `bad_signature`.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_good = (
            parts.scheme == "https"
            and parts.username is None
            and parts.port in {None, 443}
            and _HOST.fullmatch(parts.hostname or "") is not None
        )
    except ValueError:
        is_good = False
    if not is_good:
        raise Refused("bad_signature", f"{field} does not lead to https://sns.<region>.amazonaws.com")
    return str(url)


def fingerprint(pem: str) -> str:
    """Return the SHA-256 of a certificate in hex, by which an operator knows it again."""
    return _certificate(pem).fingerprint(hashes.SHA256()).hex()


def expires_at(pem: str) -> datetime:
    """Return when a certificate ends."""
    return _certificate(pem).not_valid_after_utc


def _fits(certificate: x509.Certificate, signature: bytes, signed: bytes, hashing: hashes.HashAlgorithm) -> bool:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, PKCS1v15(), hashing)
    except InvalidSignature:
        return False
    return True


def _is_rsa(certificate: x509.Certificate) -> bool:
    try:
        return isinstance(certificate.public_key(), RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except (ValueError, x509.InvalidVersion):
        raise ValueError("the signing certificate of SNS in PEM, as its SigningCertURL serves it") from None


def _decoded(signature: Any) -> bytes:
    try:
        return base64.b64decode(signature if isinstance(signature, str) else "!", validate=True)
    except (binascii.Error, ValueError):
        raise Refused("unsigned", "Signature is not base64") from None
