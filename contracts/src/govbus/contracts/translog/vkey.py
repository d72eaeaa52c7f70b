"""Verification keys: `<name>+<8 hex key id>+<base64(type ‖ public key)>`.

Source: c2sp.org/signed-note, "Verifier keys".
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from govbus.contracts.translog import base64_strict

ED25519: Final = 0x01
"""Signature type of a log's checkpoint."""

COSIGNATURE: Final = 0x04
"""Signature type of a witness: a timestamped Ed25519 cosignature."""

_PUBLIC_KEY_BYTES: Final = 32


class KeyRejected(ValueError):
    """A verification key that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """Whose signatures to believe: name, signature type, Ed25519 public key (32 bytes)."""

    name: str
    kind: int
    public_key: bytes

    def __post_init__(self) -> None:
        """Refuse names that a signature line cannot carry, unknown types and keys of another length."""
        if not self.name or any(character.isspace() or character == "+" for character in self.name):
            raise KeyRejected(f"{self.name[:60]!r} cannot name a key: empty, or with a blank or a plus")
        if self.kind not in (ED25519, COSIGNATURE):
            raise KeyRejected(f"signature type {self.kind:#04x} is not known")
        if len(self.public_key) != _PUBLIC_KEY_BYTES:
            raise KeyRejected(f"a public key of {len(self.public_key)} bytes instead of {_PUBLIC_KEY_BYTES}")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:4]

    @override
    def __str__(self) -> str:
        """The vkey text."""
        return f"{self.name}+{self.key_id.hex()}+{base64_strict.encode(bytes([self.kind]) + self.public_key)}"


def parse_vkey(text: str) -> VerificationKey:
    """Return the key written in `text`.

    Raises:
        KeyRejected: malformed, unknown type, or a key id that is not this key's.
    """
    name, first, rest = text.strip("\n").partition("+")
    stated_id, second, encoded = rest.partition("+")
    if not first or not second:
        raise KeyRejected(f"{text[:80]!r} is not <name>+<key id>+<key>")
    try:
        raw = base64_strict.decode(encoded)
    except ValueError as error:
        raise KeyRejected(f"key {name[:60]!r}: {error}") from None
    if not raw:
        raise KeyRejected(f"key {name[:60]!r} is empty")
    key = VerificationKey(name, raw[0], raw[1:])
    if stated_id != key.key_id.hex():
        raise KeyRejected(f"key {name[:60]!r} has the id {key.key_id.hex()}, not {stated_id[:16]!r}")
    return key


def parse_vkeys(text: str) -> tuple[VerificationKey, ...]:
    """Return the keys written in `text`, one a line or with blanks between them; a key written twice counts once.

    Raises:
        KeyRejected: none, or one that is malformed.
    """
    keys = tuple(dict.fromkeys(map(parse_vkey, text.split())))
    if not keys:
        raise KeyRejected("no key: a key is written <name>+<key id>+<key>")
    return keys
