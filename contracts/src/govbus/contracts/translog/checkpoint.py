"""Checkpoints: origin, size and root of the tree, as the text of a signed note whose key name is the origin.

Source: c2sp.org/tlog-checkpoint, without extension lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.cosignature import verifier_of
from govbus.contracts.translog.note import Note, NoteRejected, NoteSigner, open_note, with_signatures
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
    """A checkpoint that known keys signed: the note, whose of the log's keys, and which of the known witnesses."""

    checkpoint: Checkpoint
    note: Note
    signed_by: tuple[VerificationKey, ...]
    cosigned_by: tuple[VerificationKey, ...] = ()

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The key names of the witnesses that cosigned it."""
        return tuple(key.name for key in self.cosigned_by)


def sign_checkpoint(checkpoint: Checkpoint, *signers: NoteSigner) -> Note:
    """Return the note with a signature line of each signer; a signer's name is the origin.

    Raises:
        NoteRejected: another name, no signer, or an origin that a note cannot carry.
    """
    for signer in signers:
        if signer.name != checkpoint.origin:
            raise NoteRejected(f"key {signer.name!r} does not sign for origin {checkpoint.origin!r}")
    if not signers:
        raise NoteRejected("a checkpoint that nobody signs")
    first, *more = (signer.sign(checkpoint.text()) for signer in signers)
    return with_signatures(first, (signature for note in more for signature in note.signatures))


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
    raw: bytes | str,
    keys: VerificationKey | Sequence[VerificationKey],
    witnesses: Sequence[VerificationKey] = (),
) -> OpenedCheckpoint:
    """Return the checkpoint if one of the log's `keys` signed it and its origin is that key's name.

    A log has several keys while one takes over from another; one known valid signature is enough.

    Raises:
        NoteRejected: malformed, signed by none of the keys, another origin, or a known key's signature is wrong.
    """
    known = (keys,) if isinstance(keys, VerificationKey) else tuple(keys)
    note, signatures = open_note(raw, [verifier_of(key) for key in (*known, *witnesses)])
    found = {(signature.name, signature.key_id) for signature in signatures}
    signed_by = tuple(key for key in known if (key.name, key.key_id) in found)
    if not signed_by:
        raise NoteRejected(f"not signed by {', '.join(dict.fromkeys(key.name for key in known))}")
    checkpoint = parse_checkpoint(note.text)
    own = tuple(key for key in signed_by if key.name == checkpoint.origin)
    if not own:
        raise NoteRejected(f"origin {checkpoint.origin[:80]!r} is not the key's name {signed_by[0].name!r}")
    cosigned_by = tuple(witness for witness in witnesses if (witness.name, witness.key_id) in found)
    return OpenedCheckpoint(checkpoint, note, own, cosigned_by)
