"""Proves that a log only ever grew, and that an entry is in it: the Merkle tree of RFC 9162 (and RFC 6962). Pure.

A *complete node* (level, index) is the hash over the 2**level leaves from index * 2**level on; whoever keeps the log
hands them in as a function, kept or computed from lower ones. All hashes are SHA-256, 32 bytes.

>>> leaves = [leaf_hash(text) for text in (b"a", b"b", b"c")]
>>> node = complete_nodes(leaves)
>>> verify_inclusion(leaves[2], 2, 3, inclusion_proof(2, 3, node), root(3, node))
True
>>> verify_consistency(2, 3, root(2, node), root(3, node), consistency_proof(2, 3, node))
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from hashlib import sha256
from typing import TypeAlias

Node: TypeAlias = Callable[[int, int], bytes]

EMPTY_ROOT = sha256(b"").digest()  # RFC 9162, 2.1.1: the hash of an empty list
_LARGEST = 1 << 63


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def parent(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(size: int, node: Node) -> bytes:
    """Return the root over the first ``size`` leaves; O(log size) hashes."""
    return range_hash(0, size, node)


def range_hash(start: int, end: int, node: Node) -> bytes:
    """Return MTH(D[start:end]); ``start`` is a multiple of the smallest power of two that holds the range."""
    if start >= end:
        return EMPTY_ROOT
    *others, last = (node(level, index) for level, index in _pieces(start, end))
    return reduce(lambda right, left: parent(left, right), reversed(others), last)


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return PATH(index, D[size]), leaf side first (RFC 9162, 2.1.3.1). Raises ValueError for no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """Return PROOF(old, D[new]) (RFC 9162, 2.1.4.1). Raises ValueError unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} has no older one of {old} to agree with")
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(range_hash(start, end, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Say whether ``leaf`` is number ``index`` of the ``size`` leaves under the root ``expected``."""
    return verify_subtree_inclusion(leaf, index, 0, size, proof, expected)


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], expected: bytes
) -> bool:
    """Say whether ``leaf`` is number ``index`` under the node over the leaves from ``start`` to before ``end``."""
    if not (start <= index < end and _is_subtree(start, end) and _are_hashes(leaf, expected, *proof)):
        return False
    here, last, found = index - start, end - start - 1, leaf
    for other in proof:  # RFC 9162, 2.1.3.2
        if last == 0:
            return False
        if here & 1 or here == last:
            found = parent(other, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = parent(found, other)
        here, last = here >> 1, last >> 1
    return last == 0 and found == expected


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the tree of ``new`` leaves begins with the tree of ``old``; an empty old tree proves nothing."""
    if old == 0 and new != 0:
        return False
    if old == new and old_root != new_root:
        return False
    return verify_subtree_consistency(0, old, new, old_root, new_root, proof)


def verify_subtree_consistency(
    start: int, end: int, size: int, node_hash: bytes, root_hash: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether ``node_hash`` over [start, end) is a part of the tree of ``size`` leaves under ``root_hash``.

    Source: draft-ietf-plants-merkle-tree-certs, consistency of subtrees; with start 0 it is RFC 9162, 2.1.4.2.
    """
    if not (0 <= start <= end <= size and _is_subtree(start, end)):
        return False
    if start == end:
        return node_hash == EMPTY_ROOT and not proof
    if not _are_hashes(*proof):
        return False
    first, second, last = start, end - 1, size - 1
    while first != second and (second == last or second & 1):
        first, second, last = first >> 1, second >> 1, last >> 1
    rest = list(proof)
    if first != second and not rest:
        return False
    known = found = node_hash if first == second else rest.pop(0)
    for other in rest:
        if last == 0:
            return False
        if second & 1 or second == last:
            if first < second:
                known = parent(other, known)
            found = parent(other, found)
            while not second & 1 and second:
                first, second, last = first >> 1, second >> 1, last >> 1
        else:
            found = parent(found, other)
        first, second, last = first >> 1, second >> 1, last >> 1
    return last == 0 and known == node_hash and found == root_hash


def complete_nodes(leaves: Sequence[bytes], start: int = 0) -> Node:
    """Make the function of complete nodes over leaf hashes in memory; ``start``: the number of the first of them."""

    def node(level: int, index: int) -> bytes:
        begin = (index << level) - start
        hashes = list(leaves[begin : begin + (1 << level)])
        while len(hashes) > 1:
            hashes = [parent(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
        return hashes[0]

    return node


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a range into complete nodes, left to right, each the largest that starts there and still fits."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (RFC 9162, 2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _is_subtree(start: int, end: int) -> bool:
    if not 0 <= start <= end < _LARGEST:
        return False
    return start == end or start % (1 << (end - start - 1).bit_length()) == 0


def _are_hashes(*texts: bytes) -> bool:
    return all(len(text) == len(EMPTY_ROOT) for text in texts)
