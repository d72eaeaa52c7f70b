"""Checkpoints: origin, size and root of the tree, as the text of a signed note whose key name is the origin.

Source: c2sp.org/tlog-checkpoint, without extension lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.cosignature import verifier_of
from govbus.contracts.translog.note import Note, NoteRejected, NoteSigner, open_note
from govbus.contracts.translog.vkey import VerificationKey

DECIMAL: Final = re.compile("0|[1-9][0-9]{0,18}")
"""A size or index: no sign, no leading zero, below 2^63."""

_LINES_COUNT: Final = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: the tree of `size` leaves under `origin` has `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note's text."""
        return f"{self.origin}\n{self.size}\n{base64_strict.encode(self.root)}\n"


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint that the log's key signed, with the note and the names of the witnesses that cosigned it."""

    checkpoint: Checkpoint
    note: Note
    witnesses: tuple[str, ...] = ()


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> Note:
    """Return the signed note; the signer's name is the origin.

    Raises:
        NoteRejected: another name, or an origin that a note cannot carry.
    """
    if signer.name != checkpoint.origin:
        raise NoteRejected(f"key {signer.name!r} does not sign for origin {checkpoint.origin!r}")
    return signer.sign(checkpoint.text())


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint in a note's text.

    Raises:
        NoteRejected: not exactly three lines, a size not in plain decimal, a root not of 32 bytes.
    """
    lines = text.split("\n")
    if len(lines) != _LINES_COUNT or lines[3] or not lines[0]:
        raise NoteRejected("a checkpoint has exactly three lines: origin, size, root")
    if not DECIMAL.fullmatch(lines[1]):
        raise NoteRejected(f"size {lines[1][:30]!r} is not plain decimal")
    try:
        root = base64_strict.decode_hash(lines[2])
    except ValueError as error:
        raise NoteRejected(f"root: {error}") from None
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(
    raw: bytes | str, key: VerificationKey, witnesses: Sequence[VerificationKey] = ()
) -> OpenedCheckpoint:
    """Return the checkpoint if the log's `key` signed it and its origin is the key's name.

    Raises:
        NoteRejected: malformed, not signed by the log's key, another origin, or a known witness's signature is wrong.
    """
    note, signatures = open_note(raw, [verifier_of(known) for known in (key, *witnesses)])
    if (key.name, key.key_id) not in {(found.name, found.key_id) for found in signatures}:
        raise NoteRejected(f"not signed by {key.name}")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise NoteRejected(f"origin {checkpoint.origin[:80]!r} is not the key's name {key.name!r}")
    known = {(witness.name, witness.key_id) for witness in witnesses}
    seen = tuple(found.name for found in signatures if (found.name, found.key_id) in known)
    return OpenedCheckpoint(checkpoint, note, seen)
