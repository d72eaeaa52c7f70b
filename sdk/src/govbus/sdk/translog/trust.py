"""Whom to believe: the log's keys that came another way, and the witnesses whose word is asked for besides."""

from collections.abc import Iterable
from dataclasses import dataclass

from govbus.contracts.translog.checkpoint import OpenedCheckpoint, open_checkpoint
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.note import NoteRejected
from govbus.contracts.translog.paths import ProofRejected, verify_inclusion
from govbus.contracts.translog.policy import Policy, PolicyRejected, parse_policy, quorum_met
from govbus.contracts.translog.proof import ProofMalformed, parse_proof
from govbus.contracts.translog.verification import Verified
from govbus.contracts.translog.vkey import KeyRejected, VerificationKey, parse_vkeys
from govbus.sdk.failures import NotConfigured, NotProved


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys of a log that are believed, any one of which is enough; with a policy, witnesses have a say too."""

    keys: tuple[VerificationKey, ...]
    policy: Policy | None = None

    def open(self, raw: bytes | str, place: str = "checkpoint") -> OpenedCheckpoint:
        """Return a checkpoint that the log signed and enough witnesses cosigned; `place` is where it lies.

        Raises:
            NotProved: none of the keys signed it, too few witnesses did, or it is no checkpoint.
        """
        opened = self.open_older(raw, place)
        if self.policy is not None and not quorum_met(self.policy, opened.cosigned_by):
            found = ", ".join(opened.witnesses) or "none"
            raise NotProved.at(place, f"too few witnesses for quorum {self.policy.quorum}; cosigned by: {found}")
        return opened

    def open_older(self, raw: bytes | str, place: str) -> OpenedCheckpoint:
        """Return a checkpoint that the log signed, witnessed or not: a newer one stands for it.

        Raises:
            NotProved: none of the keys signed it, or it is no checkpoint.
        """
        try:
            return open_checkpoint(raw, self.keys, () if self.policy is None else self.policy.witness_keys)
        except NoteRejected as error:
            raise NotProved.at(place, str(error)) from None

    def prove(self, entry: bytes, proof_text: str, place: str = "proof") -> Verified:
        """Return what a `.tlog-proof` text shows of an entry's exact bytes.

        Raises:
            NotProved: nothing.
        """
        try:
            proof = parse_proof(proof_text)
        except ProofMalformed as error:
            raise NotProved.at(place, f"{error} (bad_proof_file)") from None
        opened = self.open(proof.checkpoint, place)
        signed = opened.checkpoint
        try:
            verify_inclusion(leaf_hash(entry), proof.index, signed.size, proof.hashes, signed.root)
        except ProofRejected as error:
            raise NotProved.at(place, f"{error} (not_included)", proof.index) from None
        return Verified(signed.origin, proof.index, signed.size, signed.root, opened.witnesses, opened.cosigned_by)


def trust_in(vkeys: Iterable[str], policy: bytes | None = None) -> Trust:
    """Return the trust in keys, each text holding vkeys one a line, and in a C2SP policy file.

    Raises:
        NotConfigured: a key or the policy is none, or there is no key of a log.
    """
    try:
        known = None if policy is None else parse_policy(policy)
        keys = tuple(key for text in vkeys for key in parse_vkeys(text))
    except KeyRejected as error:
        raise NotConfigured(f"--key: {error}") from None
    except PolicyRejected as error:
        raise NotConfigured(f"--policy: {error}") from None
    logs = () if known is None else tuple(log.key for log in known.logs)
    if not (keys or logs):
        raise NotConfigured("no key of a log to believe: pass --key VKEY, or name the log in the policy")
    return Trust(tuple(dict.fromkeys((*keys, *logs))), known)
