"""Proof files (`.tlog-proof`): index, inclusion hashes and checkpoint of one entry, in one text that travels alone.

Source: c2sp.org/tlog-proof.
"""

from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.checkpoint import DECIMAL

HEADER: Final = "c2sp.org/tlog-proof@v1"
MEDIA_TYPE: Final = "text/plain; charset=utf-8"
_HASHES_COUNT: Final = 63
"""No tree whose size fits in 63 bits is deeper."""

_PREFIX_LINES: Final = 2


class ProofMalformed(ValueError):
    """Text that is not a proof file; the message says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One entry's inclusion proof and the signed checkpoint (note text) it leads to."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    @override
    def __str__(self) -> str:
        """The file's text."""
        lines = [HEADER, f"index {self.index}", *map(base64_strict.encode, self.hashes)]
        return "\n".join(lines) + "\n\n" + self.checkpoint


def parse_proof(text: str) -> Proof:
    """Return the proof in a file's text; nothing is verified.

    Raises:
        ProofMalformed: another header, index, hash line, or no checkpoint.
    """
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or not checkpoint or len(lines) < _PREFIX_LINES or lines[0] != HEADER:
        raise ProofMalformed(f"not a proof file: it begins with {HEADER!r} and holds a checkpoint after an empty line")
    word, _, number = lines[1].partition(" ")
    if word != "index" or not DECIMAL.fullmatch(number):
        raise ProofMalformed(f"{lines[1][:40]!r} is not an index line")
    if len(lines) - _PREFIX_LINES > _HASHES_COUNT:
        raise ProofMalformed(f"more than {_HASHES_COUNT} hashes")
    try:
        hashes = tuple(map(base64_strict.decode_hash, lines[_PREFIX_LINES:]))
    except ValueError as error:
        raise ProofMalformed(str(error)) from None
    return Proof(int(number), hashes, checkpoint)
