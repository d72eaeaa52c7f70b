"""Whether a stored cosignature is what it must be: its witness's line over the checkpoint it is kept with."""

from collections.abc import Iterator
from dataclasses import dataclass

from govbus.contracts.translog.cosignature import CosignatureVerifier
from govbus.contracts.translog.note import NoteRejected, open_note, parse_note
from govbus.contracts.translog.vkey import KeyRejected, parse_vkey


@dataclass(frozen=True, slots=True)
class StoredCosignature:
    """One line as it was read back, with the note of its checkpoint; the witness is named by its vkey."""

    size: int
    note: str
    witness: str
    line: str


def cosignature_faults(stored: StoredCosignature) -> Iterator[str]:
    """Return in words what is wrong: readers who know the witness refuse a checkpoint with a wrong line of it."""
    try:
        text = parse_note(stored.note).text
        open_note(f"{text}\n{stored.line}", [CosignatureVerifier(parse_vkey(stored.witness))])
    except (NoteRejected, KeyRejected) as error:
        yield f"the cosignature of size {stored.size} by {stored.witness} is not of this checkpoint: {error}"
