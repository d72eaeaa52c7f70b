"""Every known answer of the design comes out of our code, to the byte."""

import pytest

from govbus.contracts.translog.checkpoint import (
    Checkpoint,
    open_checkpoint,
    sign_checkpoint,
)
from govbus.contracts.translog.merkle import CompactRange, grow
from govbus.contracts.translog.paths import (
    consistency_plan,
    inclusion_plan,
    make,
    verify_consistency,
    verify_inclusion,
)
from govbus.contracts.translog.proof import Proof, parse_proof
from govbus.contracts.translog.tiles import tiles_at
from govbus.contracts.translog.verification import verify_proof
from govbus.contracts.translog.vkey import parse_vkey
from translog_answers import known, naive


def _proof_of(plan: tuple[tuple[tuple[int, int], ...], ...], size: int) -> tuple[bytes, ...]:
    leaves = known.leaves(size)
    nodes = {node for part in plan for node in part}
    return make(
        plan,
        {(level, at): naive.root(leaves[at << level : (at + 1) << level]) for level, at in nodes},
    )


@pytest.mark.parametrize("size", sorted(known.ROOTS))
def test_roots_are_the_known_ones(size: int) -> None:
    assert grow(CompactRange(), known.leaves(size)).compact.root == known.ROOTS[size]


def test_inclusion_proof_of_entry_3_in_5_is_the_known_one() -> None:
    proof = _proof_of(inclusion_plan(3, 5), 5)
    assert proof == known.INCLUSION_3_OF_5
    verify_inclusion(known.leaves(5)[3], 3, 5, proof, known.ROOTS[5])


def test_consistency_proof_from_3_to_5_is_the_known_one() -> None:
    proof = _proof_of(consistency_plan(3, 5), 5)
    assert proof == known.CONSISTENCY_3_TO_5
    verify_consistency(3, 5, proof, known.ROOTS[3], known.ROOTS[5])


def test_the_verification_key_is_the_known_one() -> None:
    assert str(known.signer().key) == known.VKEY
    assert parse_vkey(known.VKEY) == known.signer().key


def test_the_signed_checkpoint_of_size_5_is_the_known_one() -> None:
    checkpoint = Checkpoint(known.ORIGIN, 5, known.ROOTS[5])
    note = str(sign_checkpoint(checkpoint, known.signer()))
    assert note == checkpoint.text() + "\n" + known.SIGNATURE_LINE_OF_5
    assert open_checkpoint(note, parse_vkey(known.VKEY)).checkpoint == checkpoint


def test_a_proof_file_travels_alone() -> None:
    note = str(sign_checkpoint(Checkpoint(known.ORIGIN, 5, known.ROOTS[5]), known.signer()))
    text = str(Proof(3, known.INCLUSION_3_OF_5, note))
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 3\nBJ19zbVrz+")
    assert str(parse_proof(text)) == text
    verified = verify_proof(known.entry(3), text, known.VKEY)
    assert (verified.origin, verified.index, verified.size) == (known.ORIGIN, 3, 5)


def test_a_tree_of_70000_has_the_known_tiles() -> None:
    paths = [tile.path() for tile in tiles_at(70_000)]
    assert len([path for path in paths if path.startswith("0/") and ".p/" not in path]) == 273
    assert [path for path in paths if ".p/" in path or not path.startswith("0/")] == [
        "0/273.p/112",
        "1/000",
        "1/001.p/17",
        "2/000.p/1",
    ]
