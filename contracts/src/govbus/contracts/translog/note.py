"""Signed notes: text, an empty line, signature lines; signing with Ed25519 and opening with known keys.

Source: c2sp.org/signed-note.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from typing_extensions import override

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.vkey import ED25519, KeyRejected, VerificationKey

_LINE_START: Final = "\u2014 "
_KEY_ID_BYTES: Final = 4
_NOTE_BYTES: Final = 1_000_000
"""As golang.org/x/mod/sumdb/note: nobody has to read more."""

_SIGNATURES_COUNT: Final = 100
"""As golang.org/x/mod/sumdb/note: bounds the verifications that a stranger can cost us."""


class NoteRejected(ValueError):
    """A note that is malformed or not signed as it must be; the message says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, key id (4 bytes), signature bytes as the key's type defines them."""

    name: str
    key_id: bytes
    signature: bytes

    @override
    def __str__(self) -> str:
        """The line, with its newline."""
        return f"{_LINE_START}{self.name} {base64_strict.encode(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note's text (ends in a newline) and its signature lines, none of them verified."""

    text: str
    signatures: tuple[Signature, ...]

    @override
    def __str__(self) -> str:
        """The note as it travels."""
        return self.text + "\n" + "".join(map(str, self.signatures))


class Verifier(Protocol):
    """Believes signatures of one key."""

    @property
    def key(self) -> VerificationKey:
        """Whose signatures."""
        ...

    def verify(self, text: str, signature: bytes) -> bool:
        """Return whether the key made `signature` over `text`."""
        ...


@dataclass(frozen=True, slots=True)
class Ed25519Verifier:
    """Believes plain Ed25519 signatures (type 0x01) over the note's text."""

    key: VerificationKey

    def verify(self, text: str, signature: bytes) -> bool:
        """Return whether the key made `signature` over `text`."""
        if self.key.kind != ED25519:
            raise KeyRejected(f"key {self.key.name} does not sign with plain Ed25519")
        return ed25519_verifies(self.key.public_key, signature, text.encode())


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """Signs notes with one Ed25519 key; the key's name is the origin of the log."""

    name: str
    private_key: Ed25519PrivateKey

    @property
    def key(self) -> VerificationKey:
        """The public half."""
        return VerificationKey(self.name, ED25519, self.private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> Note:
        """Return the note of `text` with one signature.

        Raises:
            NoteRejected: text that a note cannot carry.
        """
        _check_text(text)
        return Note(
            text,
            (Signature(self.name, self.key.key_id, self.private_key.sign(text.encode())),),
        )


def ed25519_verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether `signature` over `message` is the key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_note(raw: bytes | str) -> Note:
    """Return text and signature lines, nothing verified.

    Raises:
        NoteRejected: not UTF-8, control characters, no empty line, no or malformed signature lines.
    """
    whole = _decode(raw)
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteRejected("no empty line before signatures, or the last line is cut")
    found = lines.removesuffix("\n").split("\n")
    if len(found) > _SIGNATURES_COUNT:
        raise NoteRejected(f"more than {_SIGNATURES_COUNT} signatures")
    return Note(text + "\n", tuple(map(_parse_line, found)))


def open_note(raw: bytes | str, verifiers: Sequence[Verifier]) -> tuple[Note, tuple[Signature, ...]]:
    """Return the note and those of its signatures that known keys made: at least one.

    A repeated signature of one key counts once. Signatures of unknown keys are ignored.

    Raises:
        NoteRejected: malformed; a signature under a known key's name and id that this key did not make; or none known.
    """
    note = parse_note(raw)
    by_key = {(verifier.key.name, verifier.key.key_id): verifier for verifier in verifiers}
    verified: dict[tuple[str, bytes], Signature] = {}
    for signature in note.signatures:
        key = (signature.name, signature.key_id)
        if key not in by_key or key in verified:
            continue
        if not by_key[key].verify(note.text, signature.signature):
            raise NoteRejected(f"the signature of {signature.name} is not of this text")
        verified[key] = signature
    if not verified:
        raise NoteRejected("no signature of a key that is trusted here")
    return note, tuple(verified.values())


def with_signatures(note: Note, more: Iterable[Signature]) -> Note:
    """Return the note with further signature lines, such as witnesses' cosignatures."""
    return Note(note.text, (*note.signatures, *more))


def _decode(raw: bytes | str) -> str:
    encoded = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    if len(encoded) > _NOTE_BYTES:
        raise NoteRejected(f"longer than {_NOTE_BYTES} bytes")
    try:
        whole = encoded.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteRejected("not UTF-8") from None
    _check_control(whole)
    return whole


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteRejected("a note's text ends in a newline")
    _check_control(text)


def _check_control(text: str) -> None:
    if any(character < " " and character != "\n" for character in text):
        raise NoteRejected("a control character other than newline")


def _parse_line(line: str) -> Signature:
    name, blank, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START) or not blank or not name or "+" in name:
        raise NoteRejected(f"{line[:60]!r} is not a signature line")
    try:
        raw = base64_strict.decode(encoded)
    except ValueError as error:
        raise NoteRejected(str(error)) from None
    if len(raw) <= _KEY_ID_BYTES:
        raise NoteRejected(f"the signature of {name[:60]!r} is empty")
    return Signature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])
