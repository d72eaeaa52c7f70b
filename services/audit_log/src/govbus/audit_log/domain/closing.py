"""A log that ends and the log that goes on: the last entry of the one names the other, whose first entry names it.

Both entries are public, so that whoever holds the topic or an export can follow from log to log.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from govbus.audit_log.domain.classification import PUBLIC
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.domain.drafts import Draft
from govbus.audit_log.domain.own_entries import draft_own
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time
from govbus.contracts.making import service_source
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint
from govbus.contracts.translog.entry import CLOSED, SUCCESSOR, EntryRejected, canonical_json, parse_entry
from govbus.contracts.translog.note import NoteRejected
from govbus.contracts.translog.proof import ProofMalformed, parse_proof
from govbus.contracts.translog.verification import VerificationFailed, verify_payload, verify_proof
from govbus.contracts.translog.vkey import KeyRejected, VerificationKey, parse_vkeys

BUNDLE_FORMAT: Final = "govbus-proof-bundle/1"
"""As `govbus verify` reads it."""

ENDED_CLOSED: Final = "closed"
ENDED_LOST: Final = "key_lost"
ENDED_STOLEN: Final = "key_stolen"
ENDINGS: Final = (ENDED_CLOSED, ENDED_LOST, ENDED_STOLEN)


class LogClosed(Inconsistent):
    """An operator closed the log: nothing is appended any more; what is there is still signed, copied and read."""


class PredecessorRejected(ValueError):
    """What was given does not show how the other log ended; the message says why."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What the last entry of a closed log says; None where its payload is gone."""

    index: int
    successor: VerificationKey | None
    reason: str | None

    def sentence(self) -> str:
        """Return what every refusal says."""
        successor = self.successor.name if self.successor else "named in its last entry"
        return (
            f"the log is closed at {self.index + 1} entries, its successor is {successor}: nothing is appended any more"
        )


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The log that ended: its last checkpoint, believed because one of `keys` signed it.

    `successor` is what its last entry names, None when it was not closed.
    """

    checkpoint: Checkpoint
    note: str
    keys: tuple[VerificationKey, ...]
    successor: VerificationKey | None


def draft_closed(origin: str, successor: VerificationKey, reason: str, at: datetime, id_: str) -> Draft:
    """Return the draft of a log's last entry."""
    named = {"origin": successor.name, "vkey": str(successor)}
    return _public(CLOSED, origin, {"successor": named, "reason": reason, "at": format_time(at)}, at, id_)


def draft_successor(origin: str, predecessor: Predecessor, ended: str, reason: str, at: datetime, id_: str) -> Draft:
    """Return the draft of a log's first entry, which names the log it goes on from."""
    signed = predecessor.checkpoint
    said = {
        "predecessor": {
            "origin": signed.origin,
            "vkeys": [str(key) for key in predecessor.keys],
            "size": signed.size,
            "root": base64_strict.encode(signed.root),
            "checkpoint": predecessor.note,
        },
        "ended": ended,
        "closed_in_favour_of_this_log": predecessor.successor is not None,
        "reason": reason,
        "at": format_time(at),
    }
    return _public(SUCCESSOR, origin, said, at, id_)


def read_closing(index: int, payload: bytes | None) -> Closing:
    """Return what a stored entry of kind `closed` says."""
    try:
        said = strict_json.parse(payload) if payload else {}
        [successor] = parse_vkeys(said["successor"]["vkey"])
        return Closing(index, successor, str(said["reason"]))
    except (strict_json.InvalidJson, KeyRejected, KeyError, TypeError):
        return Closing(index, None, None)


def dump_closing(vkeys: Sequence[str], entry: bytes, proof: str, opened: Mapping[str, bytes]) -> bytes:
    """Return the file that shows a closing: a proof bundle, `opened` being payload, attributes and commitment key."""
    document = {
        "format": BUNDLE_FORMAT,
        "entry": base64_strict.encode(entry),
        "proof": proof,
        "vkey": "\n".join(vkeys),
    }
    return strict_json.dump(document | {name: base64_strict.encode(raw) for name, raw in opened.items()}) + b"\n"


def predecessor_of(raw: bytes, keys: Sequence[VerificationKey]) -> Predecessor:
    """Return the log that ended, from the file that closing it wrote, or from its last checkpoint seen outside.

    Raises:
        PredecessorRejected: not signed by one of `keys`, or a closing that is not the last entry of its log.
    """
    if raw.lstrip().startswith(b"{"):
        return _closed(raw, keys)
    try:
        opened = open_checkpoint(raw, keys)
    except NoteRejected as error:
        raise PredecessorRejected(f"the checkpoint is not of the log of these keys: {error}") from None
    return Predecessor(opened.checkpoint, str(opened.note), tuple(keys), None)


def check_succession(predecessor: Predecessor, ended: str, own: Sequence[VerificationKey]) -> None:
    """Return if a log with these keys may begin as the successor.

    Raises:
        PredecessorRejected: the same origin, another successor, or no closing where one is claimed.
    """
    origin = own[0].name
    if predecessor.checkpoint.origin == origin:
        raise PredecessorRejected(f"both logs are called {origin}: a successor has an origin of its own")
    if predecessor.successor is not None and predecessor.successor not in own:
        raise PredecessorRejected(f"{predecessor.checkpoint.origin} names another successor: {predecessor.successor}")
    if ended == ENDED_CLOSED and predecessor.successor is None:
        raise PredecessorRejected(
            "a closed log is shown by the file that `govbus log close` wrote, not by a checkpoint"
        )


def _closed(raw: bytes, keys: Sequence[VerificationKey]) -> Predecessor:
    try:
        document = strict_json.parse(raw)
        entry, payload, key = (base64_strict.decode(document[name]) for name in ("entry", "payload", "commitment_key"))
        proof = parse_proof(document["proof"])
        verified = verify_proof(entry, document["proof"], "\n".join(map(str, keys)))
        verify_payload(entry, payload, key)
        is_closing = parse_entry(entry).kind == CLOSED and verified.index == verified.size - 1
    except (strict_json.InvalidJson, VerificationFailed, ProofMalformed, EntryRejected, ValueError) as error:
        raise PredecessorRejected(f"the file does not show a closing: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise PredecessorRejected("the file is not one that `govbus log close` writes") from None
    successor = read_closing(verified.index, payload).successor
    if not is_closing or successor is None:
        raise PredecessorRejected("the entry is not the last one of a closed log")
    signed = Checkpoint(verified.origin, verified.size, verified.root)
    return Predecessor(signed, proof.checkpoint, tuple(keys), successor)


def _public(kind: str, origin: str, said: Mapping[str, Any], at: datetime, id_: str) -> Draft:
    author = service_source("audit_log")
    draft = draft_own(kind, origin, author, said, at, id_)
    attributes = canonical_json({"authid": author, "dataclassification": PUBLIC})
    return dataclasses.replace(draft, classification=PUBLIC, attributes=attributes)
