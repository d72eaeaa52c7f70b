"""Multi-proofs: one set of subtree hashes that proves many leaves of one tree at once.

A search result of ten thousand entries needs no ten thousand inclusion proofs: the subtrees that hold none of its
leaves, each as large as can be, lead with the leaves' own hashes to the root. A node is (level, index) as in `paths`.

Source: the perfect subtrees of RFC 9162, section 2.1.1; for one leaf these are the nodes of its inclusion proof.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from govbus.contracts.translog.merkle import HASH_BYTES, fold, node_hash
from govbus.contracts.translog.paths import Node
from govbus.contracts.translog.verification import VerificationFailed

_REASON: Final = "not_included"


def nodes_needed(indexes: Sequence[int], size: int) -> tuple[Node, ...]:
    """Return the fewest perfect subtrees that with the leaves at `indexes` make the whole tree of `size`.

    In the order of the leaves they stand for, left to right, which is the order they are written in. Of no leaves,
    the subtrees of the tree itself.

    Raises:
        ValueError: indexes not rising, or not in the tree.
    """
    if any(later <= earlier for earlier, later in itertools.pairwise(indexes)):
        raise ValueError("indexes that do not rise")
    if indexes and not 0 <= indexes[0] <= indexes[-1] < size:
        raise ValueError(f"indexes that are not in a tree of size {size}")
    known: set[int] = set(indexes)
    needed: list[Node] = []
    for level in range(size.bit_length()):
        nodes_count = size >> level
        if nodes_count & 1:
            if nodes_count - 1 not in known:
                needed.append((level, nodes_count - 1))
            known.discard(nodes_count - 1)
        needed.extend((level, index ^ 1) for index in known if index ^ 1 not in known)
        known = {index >> 1 for index in known}
    return tuple(sorted(needed, key=lambda node: node[1] << node[0]))


def root_of(leaf_hashes: Mapping[int, bytes], nodes: Mapping[Node, bytes], size: int) -> bytes:
    """Return the root of the tree of `size` with these leaves, by index, and exactly the nodes they need.

    Raises:
        VerificationFailed: `not_included`; a node is missing or too many, or a hash or an index is malformed.
    """
    _check(leaf_hashes, nodes, size)
    level_hashes = dict(leaf_hashes)
    subtrees: list[bytes] = []
    given: dict[int, dict[int, bytes]] = {}
    for (level, index), found in nodes.items():
        given.setdefault(level, {})[index] = found
    for level in range(size.bit_length()):
        level_hashes |= given.get(level, {})
        nodes_count = size >> level
        if nodes_count & 1:
            subtrees.append(level_hashes.pop(nodes_count - 1))
        level_hashes = {
            index >> 1: node_hash(found, level_hashes[index + 1])
            for index, found in level_hashes.items()
            if not index & 1
        }
    return fold(subtrees[::-1])


def _check(leaf_hashes: Mapping[int, bytes], nodes: Mapping[Node, bytes], size: int) -> None:
    for found in (*leaf_hashes.values(), *nodes.values()):
        if len(found) != HASH_BYTES:
            raise VerificationFailed(_REASON, f"a hash of {len(found)} bytes instead of {HASH_BYTES}")
    if size < 0:
        raise VerificationFailed(_REASON, f"there is no tree of size {size}")
    try:
        needed = set(nodes_needed(sorted(leaf_hashes), size))
    except ValueError as error:
        raise VerificationFailed(_REASON, str(error)) from None
    missing, surplus = needed - nodes.keys(), nodes.keys() - needed
    if missing:
        raise VerificationFailed(_REASON, f"{len(missing)} nodes are missing, the first is {_spelled(min(missing))}")
    if surplus:
        raise VerificationFailed(_REASON, f"{len(surplus)} nodes too many, the first is {_spelled(min(surplus))}")


def _spelled(node: Node) -> str:
    return f"{node[1]} of level {node[0]}"
