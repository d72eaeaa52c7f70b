"""Two checkpoints of one log: does the newer tree begin with the older one?"""

from dataclasses import dataclass

from govbus.contracts import strict_json
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.checkpoint import Checkpoint
from govbus.contracts.translog.paths import ProofRejected, verify_consistency
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.trust import Trust


@dataclass(frozen=True, slots=True)
class Pair:
    """Two checkpoints that one trusted log signed, the older one first."""

    older: Checkpoint
    newer: Checkpoint

    def check(self, hashes: tuple[bytes, ...], place: str) -> None:
        """Return if the proof shows that the newer tree begins with the older one.

        Raises:
            NotProved: it does not.
        """
        try:
            verify_consistency(self.older.size, self.newer.size, hashes, self.older.root, self.newer.root)
        except ProofRejected as error:
            raise NotProved.at(place, f"from size {self.older.size} to {self.newer.size}: {error}") from None


def open_pair(one: bytes, other: bytes, trust: Trust, places: tuple[str, str]) -> Pair:
    """Return the two checkpoints by size.

    Raises:
        NotProved: not signed as they must be, of different logs, or two roots of one size.
    """
    found = [trust.open_older(note, place).checkpoint for note, place in zip((one, other), places, strict=True)]
    older, newer = sorted(found, key=lambda checkpoint: checkpoint.size)
    if older.origin != newer.origin:
        raise NotProved(f"checkpoints of two logs: {older.origin} and {newer.origin}")
    if older.size == newer.size and older.root != newer.root:
        raise NotProved.at(places[1], f"another signed root of size {newer.size} than {places[0]}: two histories")
    return Pair(older, newer)


def read_consistency(raw: bytes, place: str) -> tuple[bytes, ...]:
    """Return the hashes of a consistency proof: one base64 a line, or what `/v1/log/consistency` answers.

    Raises:
        NotProved: neither.
    """
    try:
        if raw.lstrip().startswith(b"{"):
            return tuple(base64_strict.decode_hash(text) for text in strict_json.parse(raw)["hashes"])
        return tuple(base64_strict.decode_hash(line) for line in raw.decode("ascii").split())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotProved.at(place, f"is not a consistency proof: {error}") from None
