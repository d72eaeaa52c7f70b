"""Which key was in force when: read off the checkpoints themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from govbus.contracts.translog.checkpoint import parse_checkpoint
from govbus.contracts.translog.cosignature import verifier_of
from govbus.contracts.translog.note import NoteRejected, open_note, parse_note
from govbus.contracts.translog.vkey import VerificationKey


@dataclass(frozen=True, slots=True)
class Reign:
    """A key of an origin, from the smallest to the largest tree that it signed, and whether its signatures hold.

    `is_known` is false for a key that was not given: its lines are counted, none of them verified.
    """

    origin: str
    key_id: str
    first_size: int
    last_size: int
    checkpoint_count: int
    is_known: bool


def reigns(notes: Iterable[str], known: Sequence[VerificationKey] = ()) -> list[Reign]:
    """Return, by first size, which keys signed these checkpoints as their log; witnesses' lines are left out.

    Raises:
        NoteRejected: no checkpoint, or a known key's signature is wrong.
    """
    sizes: dict[tuple[str, bytes], list[int]] = {}
    for text in notes:
        note = parse_note(text)
        checkpoint = parse_checkpoint(note.text)
        _verify(text, [key for key in known if key.name == checkpoint.origin])
        for signature in note.signatures:
            if signature.name == checkpoint.origin:
                sizes.setdefault((signature.name, signature.key_id), []).append(checkpoint.size)
    held = {(key.name, key.key_id) for key in known}
    found = [
        Reign(origin, key_id.hex(), min(those), max(those), len(those), (origin, key_id) in held)
        for (origin, key_id), those in sizes.items()
    ]
    return sorted(found, key=lambda reign: (reign.origin, reign.first_size, reign.last_size, reign.key_id))


def _verify(text: str, known: Sequence[VerificationKey]) -> None:
    """Check the lines of known keys, where there are any."""
    signed = {(signature.name, signature.key_id) for signature in parse_note(text).signatures}
    present = [key for key in known if (key.name, key.key_id) in signed]
    if present:
        open_note(text, [verifier_of(key) for key in present])
    elif known:
        raise NoteRejected("a checkpoint that none of the given keys signed")
