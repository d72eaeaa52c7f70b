"""Inclusion and consistency proofs: which nodes they need, how they are made of them, and their verification.

A node is (level, index): the root of the perfect subtree over leaves [index·2^level, (index+1)·2^level).
Making is split in two so that nodes may be fetched in one go: `*_plan` says which, `make` joins them.

Source: RFC 9162, sections 2.1.3 and 2.1.4.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from govbus.contracts.translog.merkle import HASH_BYTES, fold, node_hash

Node: TypeAlias = tuple[int, int]
Plan: TypeAlias = tuple[tuple[Node, ...], ...]
"""One item per proof hash: the perfect subtrees, side by side, that it is folded from."""


class ProofRejected(ValueError):
    """A proof that does not prove what it claims; the message says which rule it breaks."""


def cover(start: int, end: int) -> tuple[Node, ...]:
    """Return the perfect subtrees that make leaves [start, end), left to right; `start` is aligned to the range."""
    nodes: list[Node] = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start % (1 << level):
            raise ValueError(f"leaf {start} does not begin a subtree of 2^{level}")
        nodes.append((level, start >> level))
        start += 1 << level
    return tuple(nodes)


def inclusion_plan(index: int, size: int) -> Plan:
    """Return what the inclusion proof of leaf `index` in a tree of `size` is made of, leaf first."""
    if not 0 <= index < size:
        raise ValueError(f"index {index} is not in a tree of size {size}")
    plan: list[tuple[Node, ...]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            plan.append(cover(middle, end))
            end = middle
        else:
            plan.append(cover(start, middle))
            start = middle
    return tuple(reversed(plan))


def consistency_plan(old: int, new: int) -> Plan:
    """Return what the consistency proof between trees of sizes `old` and `new` is made of."""
    if not 0 <= old <= new:
        raise ValueError(f"size {old} does not come before size {new}")
    if old in (0, new):
        return ()
    plan: list[tuple[Node, ...]] = []
    start, end, whole = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            plan.append(cover(middle, end))
            end = middle
        else:
            plan.append(cover(start, middle))
            start, whole = middle, False
    if not whole:
        plan.append(cover(start, end))
    return tuple(reversed(plan))


def make(plan: Plan, hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """Return the proof of a plan, given the hash of every node in it."""
    return tuple(fold([hashes[node] for node in nodes]) for nodes in plan)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if the leaf hash is at `index` of the tree of `size` with `root`.

    Raises:
        ProofRejected: it is not shown to be.
    Source: RFC 9162, section 2.1.3.2.
    """
    _check_hashes((leaf, root, *proof))
    if index < 0 or index >= size:
        raise ProofRejected(f"index {index} is not in a tree of size {size}")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise ProofRejected("the inclusion proof has more hashes than the tree has levels")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofRejected("the inclusion proof has too few hashes")
    if r != root:
        raise ProofRejected("the inclusion proof leads to another root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Return if the tree of size `new` begins with the tree of size `old`.

    Raises:
        ProofRejected: it is not shown to.
    Source: RFC 9162, section 2.1.4.2.
    """
    _check_hashes((old_root, new_root, *proof))
    if not 0 <= old <= new:
        raise ProofRejected(f"size {old} does not come before size {new}")
    if old in (0, new):
        _verify_trivial(old, new, proof, old_root, new_root)
        return
    if not proof:
        raise ProofRejected("an empty consistency proof between different sizes")
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise ProofRejected("the consistency proof has more hashes than the tree has levels")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofRejected("the consistency proof has too few hashes")
    if fr != old_root:
        raise ProofRejected("the consistency proof leads to another old root")
    if sr != new_root:
        raise ProofRejected("the consistency proof leads to another new root")


def _verify_trivial(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    if proof:
        raise ProofRejected("a consistency proof with hashes where none are needed")
    if old == new and old_root != new_root:
        raise ProofRejected("two roots of one size")
    if old == 0 and old_root != fold(()):
        raise ProofRejected("a root of the empty tree that is not SHA-256 of nothing")


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for found in hashes:
        if len(found) != HASH_BYTES:
            raise ProofRejected(f"a hash of {len(found)} bytes instead of {HASH_BYTES}")
