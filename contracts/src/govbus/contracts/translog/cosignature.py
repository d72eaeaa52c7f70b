"""Witness cosignatures: "at this time, this was the newest tree I had seen of this log, and it kept the earlier ones".

Source: c2sp.org/tlog-cosignature, version 1.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.contracts.translog.note import (
    Ed25519Verifier,
    Signature,
    Verifier,
    ed25519_verifies,
)
from govbus.contracts.translog.vkey import COSIGNATURE, VerificationKey

_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = _TIME_BYTES + 64


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """Believes a witness's timestamped signatures (type 0x04)."""

    key: VerificationKey

    def verify(self, text: str, signature: bytes) -> bool:
        """Return whether the witness made `signature` (8-byte big-endian seconds ‖ Ed25519) over `text`."""
        if self.key.kind != COSIGNATURE or len(signature) != _SIGNATURE_BYTES:
            return False
        message = _message(cosigned_at_seconds(signature), text)
        return ed25519_verifies(self.key.public_key, signature[_TIME_BYTES:], message)


def verifier_of(key: VerificationKey) -> Verifier:
    """Return the verifier of a key by its signature type."""
    return CosignatureVerifier(key) if key.kind == COSIGNATURE else Ed25519Verifier(key)


def cosign(name: str, private_key: Ed25519PrivateKey, text: str, at_seconds: int) -> Signature:
    """Return the witness `name`'s signature line over a checkpoint's text at a Unix time in seconds."""
    key = VerificationKey(name, COSIGNATURE, private_key.public_key().public_bytes_raw())
    signed = private_key.sign(_message(at_seconds, text))
    return Signature(name, key.key_id, at_seconds.to_bytes(_TIME_BYTES) + signed)


def cosigned_at_seconds(signature: bytes) -> int:
    """Return the Unix time a cosignature states."""
    return int.from_bytes(signature[:_TIME_BYTES])


def _message(at_seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {at_seconds}\n{text}".encode()
