"""The question a proof answers offline: was this entry in that log, and is this what was said?

Needs the entry's bytes, the `.tlog-proof` text and the log's public key; no network, no database, no trust in Govbus.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.entry import Entry, EntryRejected, commit, parse_entry
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.note import NoteRejected
from govbus.contracts.translog.paths import ProofRejected, verify_inclusion
from govbus.contracts.translog.proof import ProofMalformed, parse_proof
from govbus.contracts.translog.vkey import KeyRejected, VerificationKey, parse_vkey, parse_vkeys


class VerificationFailed(ValueError):
    """Nothing was proved.

    Attributes:
        reason: `bad_key`, `bad_proof_file`, `bad_checkpoint`, `not_included`, `too_few_witnesses`, `bad_entry`,
            `payload_differs` or `attributes_differ`.
        detail: a sentence that says what was found.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the closed-list reason and the sentence."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Verified:
    """What is now known: the entry is leaf `index` of the tree of `size` that `origin` signed, witnesses by name."""

    origin: str
    index: int
    size: int
    root: bytes
    witnesses: tuple[str, ...]
    cosigned_by: tuple[VerificationKey, ...] = ()


def verify_proof(
    entry_bytes: bytes,
    proof_text: str,
    vkey: str,
    *,
    witness_vkeys: Sequence[str] = (),
    witnesses_count: int = 0,
) -> Verified:
    """Return what the proof shows of `entry_bytes`, believing only the keys given.

    The bytes need not be one of our entries: any log in these formats is verified alike. `vkey` is the log's key, or
    its keys, one a line: a signature of one of them is enough.

    Raises:
        VerificationFailed: the proof shows nothing; see its `reason`.
    """
    keys, witnesses = _keys(vkey), tuple(map(_key, witness_vkeys))
    try:
        proof = parse_proof(proof_text)
    except ProofMalformed as error:
        raise VerificationFailed("bad_proof_file", str(error)) from None
    try:
        opened = open_checkpoint(proof.checkpoint, keys, witnesses)
    except NoteRejected as error:
        raise VerificationFailed("bad_checkpoint", str(error)) from None
    signed = opened.checkpoint
    try:
        verify_inclusion(leaf_hash(entry_bytes), proof.index, signed.size, proof.hashes, signed.root)
    except ProofRejected as error:
        raise VerificationFailed("not_included", str(error)) from None
    if len(set(opened.witnesses)) < witnesses_count:
        found = ", ".join(opened.witnesses) or "none"
        raise VerificationFailed(
            "too_few_witnesses",
            f"{witnesses_count} witnesses are needed, found: {found}",
        )
    return Verified(signed.origin, proof.index, signed.size, signed.root, opened.witnesses, opened.cosigned_by)


def verify_payload(
    entry_bytes: bytes,
    payload: bytes,
    commitment_key: bytes,
    *,
    attributes: bytes | None = None,
) -> Entry:
    """Return the entry if it commits to exactly this payload (and, when given, to these canonical attribute bytes).

    Raises:
        VerificationFailed: `bad_entry`, `payload_differs`, `attributes_differ`.
    """
    try:
        entry = parse_entry(entry_bytes)
        found = commit(commitment_key, payload)
    except EntryRejected as error:
        raise VerificationFailed("bad_entry", str(error)) from None
    if not hmac.compare_digest(found, entry.payload_commitment):
        raise VerificationFailed("payload_differs", "the entry commits to another payload or key")
    if attributes is not None and not hmac.compare_digest(
        commit(commitment_key, attributes), entry.attributes_commitment
    ):
        raise VerificationFailed("attributes_differ", "the entry commits to other attributes")
    return entry


def _keys(vkeys: str) -> tuple[VerificationKey, ...]:
    try:
        return parse_vkeys(vkeys)
    except KeyRejected as error:
        raise VerificationFailed("bad_key", str(error)) from None


def _key(vkey: str) -> VerificationKey:
    try:
        return parse_vkey(vkey)
    except KeyRejected as error:
        raise VerificationFailed("bad_key", str(error)) from None
