"""What a log sends to a witness: the size it cosigned last, the consistency proof from there, and the checkpoint.

Source: c2sp.org/tlog-witness, "add-checkpoint".
"""

from dataclasses import dataclass
from typing import Final

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.checkpoint import DECIMAL

SIZE_MEDIA_TYPE: Final = "text/x.tlog.size"
"""Of the 409 that says which size the witness cosigned last."""

PATH: Final = "add-checkpoint"
_HASHES_COUNT: Final = 63
_OLD: Final = "old"


class RequestMalformed(ValueError):
    """Bytes that are no add-checkpoint request; the message says why."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """One request; `checkpoint` is the note's text with its signature lines."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def to_bytes(self) -> bytes:
        """Return the body."""
        lines = [f"{_OLD} {self.old_size}", *map(base64_strict.encode, self.proof)]
        return ("\n".join(lines) + "\n\n" + self.checkpoint).encode()


def parse_add_checkpoint(raw: bytes) -> AddCheckpoint:
    """Return the request in a body; nothing is verified.

    Raises:
        RequestMalformed: not UTF-8, another first line, more hashes than a proof has, or no checkpoint.
    """
    try:
        head, separator, checkpoint = raw.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError:
        raise RequestMalformed("not UTF-8") from None
    first, *hashes = head.split("\n")
    word, _, number = first.partition(" ")
    if not separator or not checkpoint:
        raise RequestMalformed("no checkpoint after an empty line")
    if word != _OLD or not DECIMAL.fullmatch(number):
        raise RequestMalformed(f"{first[:40]!r} is not an old size line")
    if len(hashes) > _HASHES_COUNT:
        raise RequestMalformed(f"more than {_HASHES_COUNT} hashes")
    try:
        return AddCheckpoint(int(number), tuple(map(base64_strict.decode_hash, hashes)), checkpoint)
    except ValueError as error:
        raise RequestMalformed(str(error)) from None
