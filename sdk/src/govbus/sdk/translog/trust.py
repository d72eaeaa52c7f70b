"""Whom to believe: the log's keys that came another way, one of which must have signed."""

from collections.abc import Iterable
from dataclasses import dataclass

from govbus.contracts.translog.checkpoint import OpenedCheckpoint, open_checkpoint
from govbus.contracts.translog.note import NoteRejected
from govbus.contracts.translog.vkey import KeyRejected, VerificationKey, parse_vkey
from govbus.sdk.failures import NotConfigured, NotProved


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys of one log that are believed: several while it changes its key, any one of which is enough."""

    keys: tuple[VerificationKey, ...]

    def open(self, raw: bytes | str, place: str = "checkpoint") -> OpenedCheckpoint:
        """Return the checkpoint in a note; `place` is where it lies, for the message.

        Raises:
            NotProved: none of the keys signed it, or it is no checkpoint.
        """
        reasons: list[str] = []
        for key in self.keys:
            try:
                return open_checkpoint(raw, key)
            except NoteRejected as error:
                reasons.append(str(error))
        raise NotProved.at(place, "; ".join(dict.fromkeys(reasons)))


def trust_in(vkeys: Iterable[str]) -> Trust:
    """Return the trust in keys, each text holding one vkey a line.

    Raises:
        NotConfigured: a line is no vkey, there is none, or they are of several logs.
    """
    lines = [line.strip() for text in vkeys for line in text.splitlines() if line.strip()]
    try:
        keys = tuple(parse_vkey(line) for line in dict.fromkeys(lines))
    except KeyRejected as error:
        raise NotConfigured(f"--key: {error}") from None
    if len({key.name for key in keys}) != 1:
        raise NotConfigured("--key: the keys of one log are needed: vkeys that begin with one and the same name")
    return Trust(keys)
