"""One set of subtree hashes proves many leaves at once, and nothing else does."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash, perfect_root
from govbus.contracts.translog.multiproof import nodes_needed, root_of
from govbus.contracts.translog.paths import Node, cover, inclusion_plan
from govbus.contracts.translog.verification import VerificationFailed

LEAVES = [leaf_hash(str(index).encode()) for index in range(5_000)]


def _hashes(nodes: Sequence[Node]) -> dict[Node, bytes]:
    return {(level, at): perfect_root(LEAVES[at << level : (at + 1) << level]) for level, at in nodes}


def _root(size: int) -> bytes:
    return grow(CompactRange(), LEAVES[:size]).compact.root


@pytest.mark.parametrize("size", range(1, 71))
def test_any_set_of_leaves_leads_to_the_root(size: int) -> None:
    chance = random.Random(size)  # noqa: S311 - the same sets in every run
    for _ in range(12):
        indexes = sorted(chance.sample(range(size), chance.randint(0, size)))
        nodes = _hashes(nodes_needed(indexes, size))
        assert root_of({index: LEAVES[index] for index in indexes}, nodes, size) == _root(size)


@pytest.mark.parametrize("size", range(1, 71))
def test_one_leaf_needs_what_its_inclusion_proof_is_made_of(size: int) -> None:
    for index in range(size):
        plan = inclusion_plan(index, size)
        assert set(nodes_needed([index], size)) == {node for nodes in plan for node in nodes}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nodes_are_the_largest_subtrees_without_a_chosen_leaf_in_their_order(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    indexes = sorted(data.draw(st.sets(st.integers(0, size - 1), max_size=200)))
    nodes = nodes_needed(indexes, size)
    spans = [range(at << level, (at + 1) << level) for level, at in nodes]
    covered = [leaf for span in spans for leaf in span]
    assert covered == [leaf for leaf in range(size) if leaf not in set(indexes)]
    assert not any((level, at ^ 1) in nodes for level, at in nodes if (at | 1) < size >> level)
    assert root_of({index: LEAVES[index] for index in indexes}, _hashes(nodes), size) == _root(size)


@given(st.integers(0, 2**62), st.sets(st.integers(0, 2**62), max_size=20))
def test_a_tree_of_any_size_is_covered_once(size: int, wanted: set[int]) -> None:
    indexes = sorted(index for index in wanted if index < size)
    spans = [(at << level, (at + 1) << level) for level, at in nodes_needed(indexes, size)]
    spans += [(index, index + 1) for index in indexes]
    place = 0
    for start, end in sorted(spans):
        assert start == place
        place = end
    assert place == size


def test_no_leaf_at_all_needs_the_subtrees_of_the_tree() -> None:
    assert nodes_needed([], 11) == cover(0, 11)
    assert root_of({}, {}, 0) == CompactRange().root


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_anything_changed_leads_elsewhere_or_nowhere(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    indexes = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=size - 1)))
    leaves, nodes = {index: LEAVES[index] for index in indexes}, _hashes(nodes_needed(indexes, size))
    other = LEAVES[-1]
    node = data.draw(st.sampled_from(sorted(nodes)))
    leaf = data.draw(st.sampled_from(indexes))
    assert root_of(leaves | {leaf: other}, nodes, size) != _root(size)
    assert root_of(leaves, nodes | {node: other}, size) != _root(size)
    without_leaf = {index: found for index, found in leaves.items() if index != leaf}
    without_node = {at: found for at, found in nodes.items() if at != node}
    for changed_leaves, changed_nodes, changed_size in (
        (without_leaf, nodes, size),
        (leaves, without_node, size),
        (leaves, nodes | {(0, size): other}, size),
        (leaves | {size: other}, nodes, size),
        (leaves | {-1: other}, nodes, size),
        (leaves | {leaf: other[:-1]}, nodes, size),
        (leaves, nodes | {node: other + b"\0"}, size),
        (leaves, nodes, -1),
    ):
        with pytest.raises(VerificationFailed, match="not_included"):
            root_of(changed_leaves, changed_nodes, changed_size)


@pytest.mark.parametrize("indexes", [[1, 1], [2, 1], [-1], [7], [0, 7]])
def test_indexes_that_are_no_places_of_the_tree_are_refused(indexes: list[int]) -> None:
    with pytest.raises(ValueError, match="indexes"):
        nodes_needed(indexes, 7)
