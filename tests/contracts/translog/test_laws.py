"""Laws of the tree, against the recursive definition."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts.translog.merkle import CompactRange, grow, node_hash
from govbus.contracts.translog.paths import (
    Node,
    Plan,
    ProofRejected,
    consistency_plan,
    inclusion_plan,
    make,
    verify_consistency,
    verify_inclusion,
)
from govbus.contracts.translog.tiles import node_from, tile_of
from translog_answers import naive

LEAVES = [hashlib.sha256(str(index).encode()).digest() for index in range(700)]
SIZES = st.integers(min_value=0, max_value=len(LEAVES))


def _nodes(plan: Plan) -> dict[Node, bytes]:
    wanted = {node for part in plan for node in part}
    return {(level, at): naive.root(LEAVES[at << level : (at + 1) << level]) for level, at in wanted}


@given(SIZES, SIZES)
def test_growing_in_two_steps_is_growing_in_one(first: int, second: int) -> None:
    low, high = sorted((first, second))
    grown = grow(grow(CompactRange(), LEAVES[:low]).compact, LEAVES[low:high]).compact
    assert grown == grow(CompactRange(), LEAVES[:high]).compact
    assert grown.root == naive.root(LEAVES[:high])
    assert CompactRange.from_bytes(grown.size, grown.to_bytes()) == grown


@given(SIZES)
def test_every_full_tile_is_reported_once_with_its_root(size: int) -> None:
    full = grow(CompactRange(), LEAVES[:size]).full_tiles
    assert [(level, index) for level, index, _ in full] == [(0, index) for index in range(size // 256)]
    assert all(root == naive.root(LEAVES[index * 256 : (index + 1) * 256]) for _, index, root in full)


def test_a_full_tile_of_the_second_level_is_reported() -> None:
    full = grow(CompactRange(), [LEAVES[0]] * 65_536).full_tiles
    node = LEAVES[0]
    for _ in range(16):
        node = node_hash(node, node)
    assert full[-1] == (1, 0, node)
    assert len(full) == 257


@given(st.data())
def test_inclusion_proofs_are_the_recursive_ones_and_verify(
    data: st.DataObject,
) -> None:
    size = data.draw(st.integers(min_value=1, max_value=len(LEAVES)))
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    plan = inclusion_plan(index, size)
    proof = make(plan, _nodes(plan))
    assert list(proof) == naive.inclusion(index, LEAVES[:size])
    verify_inclusion(LEAVES[index], index, size, proof, naive.root(LEAVES[:size]))


@given(st.data())
def test_consistency_proofs_are_the_recursive_ones_and_verify(
    data: st.DataObject,
) -> None:
    new = data.draw(st.integers(min_value=1, max_value=len(LEAVES)))
    old = data.draw(st.integers(min_value=1, max_value=new))
    plan = consistency_plan(old, new)
    proof = make(plan, _nodes(plan))
    assert list(proof) == naive.consistency(old, LEAVES[:new])
    verify_consistency(old, new, proof, naive.root(LEAVES[:old]), naive.root(LEAVES[:new]))


@given(st.data())
def test_a_changed_inclusion_proof_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(min_value=2, max_value=len(LEAVES)))
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = naive.inclusion(index, LEAVES[:size])
    root = naive.root(LEAVES[:size])
    place = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
    changed = [*proof]
    changed[place] = hashlib.sha256(b"forged").digest()
    short = [*changed[:place], changed[place][:31], *changed[place + 1 :]]
    for bad in (changed, proof[:-1], [*proof, proof[-1]], short, proof[1:], []):
        with pytest.raises(ProofRejected):
            verify_inclusion(LEAVES[index], index, size, bad, root)
    with pytest.raises(ProofRejected):
        verify_inclusion(LEAVES[index], index, index, proof, root)
    with pytest.raises(ProofRejected):
        verify_inclusion(LEAVES[(index + 1) % size], index, size, proof, root)


@given(st.data())
def test_a_changed_consistency_proof_proves_nothing(data: st.DataObject) -> None:
    new = data.draw(st.integers(min_value=2, max_value=len(LEAVES)))
    old = data.draw(st.integers(min_value=1, max_value=new - 1))
    proof = naive.consistency(old, LEAVES[:new])
    roots = (naive.root(LEAVES[:old]), naive.root(LEAVES[:new]))
    place = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
    changed = [*proof]
    changed[place] = hashlib.sha256(b"forged").digest()
    for bad in (changed, proof[:-1], [*proof, proof[-1]], []):
        with pytest.raises(ProofRejected):
            verify_consistency(old, new, bad, *roots)
    with pytest.raises(ProofRejected):
        verify_consistency(old, new, proof, roots[1], roots[0])
    with pytest.raises(ProofRejected):
        verify_consistency(new, old, proof, roots[1], roots[0])


def test_equal_sizes_need_equal_roots_and_no_hashes() -> None:
    verify_consistency(3, 3, (), LEAVES[0], LEAVES[0])
    with pytest.raises(ProofRejected):
        verify_consistency(3, 3, (), LEAVES[0], LEAVES[1])
    with pytest.raises(ProofRejected):
        verify_consistency(3, 3, (LEAVES[0],), LEAVES[0], LEAVES[0])


def test_only_the_empty_root_precedes_every_tree() -> None:
    verify_consistency(0, 3, (), naive.root([]), LEAVES[0])
    with pytest.raises(ProofRejected):
        verify_consistency(0, 3, (), LEAVES[1], LEAVES[0])
    with pytest.raises(ProofRejected):
        verify_consistency(0, 0, (), LEAVES[1], LEAVES[1])


@given(st.integers(min_value=0, max_value=9), st.data())
def test_a_node_is_found_in_its_tile(level: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(min_value=0, max_value=(len(LEAVES) >> level) - 1))
    tile, _ = tile_of((level, at))
    assert tile.exists_at(len(LEAVES))
    base = int(tile.level) * 8
    hashes = [
        naive.root(LEAVES[place << base : (place + 1) << base]) for place in range(tile.start, tile.start + tile.width)
    ]
    assert node_from((level, at), b"".join(hashes)) == naive.root(LEAVES[at << level : (at + 1) << level])


def test_a_range_that_no_tree_has_is_refused() -> None:
    for size, subtrees in ((3, LEAVES[:1]), (0, LEAVES[:1]), (1, [b"short"])):
        with pytest.raises(ValueError, match="subtree"):
            CompactRange(size, tuple(subtrees))
