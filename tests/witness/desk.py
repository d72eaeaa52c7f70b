"""A log made by hand, whose checkpoints a witness is asked to cosign."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.audit_log.witness.answering import Witness
from govbus.audit_log.witness.state import WitnessState
from govbus.contracts.translog.add_checkpoint import AddCheckpoint
from govbus.contracts.translog.checkpoint import Checkpoint, sign_checkpoint
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.note import NoteSigner
from govbus.contracts.translog.paths import consistency_plan, make
from translog_answers import known, naive

NAME = "witness.example/w1"
SECONDS = 1_780_000_000
LOGS = {known.ORIGIN: [known.signer().key]}


def leaves(count: int, branch: str = "") -> list[bytes]:
    """Return leaf hashes; those of a branch differ from the third on."""
    return [leaf_hash(f"entry-{index}{branch if index > 2 else ''}".encode()) for index in range(count)]


def request(
    old: int, new: int, *, branch: str = "", signers: Sequence[NoteSigner] = (), proof_of: Sequence[bytes] = ()
) -> bytes:
    """Return an add-checkpoint body of a log with this branch."""
    found = list(proof_of) or leaves(max(old, new), branch)
    plan = consistency_plan(old, new) if old <= new else ()
    nodes = {node: naive.root(found[node[1] << node[0] : (node[1] + 1) << node[0]]) for part in plan for node in part}
    note = sign_checkpoint(
        Checkpoint(known.ORIGIN, new, naive.root(leaves(new, branch))), *(signers or [known.signer()])
    )
    return AddCheckpoint(old, make(plan, nodes), str(note)).to_bytes()


def witness_of(state: WitnessState) -> Witness:
    """Return the witness of the tests on a state."""
    return Witness(NAME, private_key(), LOGS, state, lambda: SECONDS)


def private_key() -> Ed25519PrivateKey:
    """Return the witness's key."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"seed-w1").digest())


def key_file(folder: Path) -> Path:
    """Return a file with the witness's key."""
    file = folder / "witness-key"
    file.write_text(hashlib.sha256(b"seed-w1").hexdigest(), encoding="ascii")
    file.chmod(0o600)
    return file
