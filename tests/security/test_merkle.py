"""The tree agrees with the proofs of others, good and bad, and with its own definition on every small tree."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from baigong.security import merkle


def _decoded(case: Path) -> dict[str, Any]:
    told = json.loads(case.read_text("utf-8"))
    for name in ("root", "root1", "root2", "leafHash"):
        if name in told:
            told[name] = base64.b64decode(told[name])
    told["proof"] = [base64.b64decode(p) for p in told["proof"] or []]
    return told


def _verdict(kind: str, v: dict[str, Any]) -> bool:
    match kind:
        case "inclusion":
            return merkle.verify_inclusion(v["leafHash"], v["leafIdx"], v["treeSize"], v["proof"], v["root"])
        case "subtreeinclusion":
            return merkle.verify_subtree_inclusion(
                v["leafHash"], v["leafIdx"], v["start"], v["end"], v["proof"], v["root"]
            )
        case "consistency":
            return merkle.verify_consistency(v["size1"], v["size2"], v["root1"], v["root2"], v["proof"])
        case _:
            return merkle.verify_subtree_consistency(
                v["start"], v["end"], v["size"], v["root1"], v["root2"], v["proof"]
            )


@pytest.mark.parametrize("kind", ["inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"])
def test_agrees_with_the_proofs_of_transparency_dev(kind: str, shared: Path) -> None:
    vectors = shared / "data" / "vectors" / "merkle" / "testdata"
    cases = sorted((vectors / kind).rglob("*.json"))
    assert len(cases) >= 98
    wrong = []
    for case in cases:
        told = _decoded(case)
        if _verdict(kind, told) == told["wantErr"]:
            wrong.append((str(case.relative_to(vectors)), told["desc"]))
    assert wrong == []


def _definition(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.parent(_definition(leaves[:k]), _definition(leaves[k:]))


LEAVES = [merkle.leaf_hash(str(i).encode()) for i in range(40)]
NODE = merkle.complete_nodes(LEAVES)


def test_root_is_the_definition() -> None:
    for size in range(len(LEAVES) + 1):
        assert merkle.root(size, NODE) == _definition(LEAVES[:size])


def test_every_leaf_of_every_tree_is_proven_and_a_foreign_one_is_not() -> None:
    for size in range(1, len(LEAVES) + 1):
        root = merkle.root(size, NODE)
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, NODE)
            assert merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
            assert not merkle.verify_inclusion(merkle.leaf_hash(b"forged"), index, size, proof, root)
            assert not merkle.verify_inclusion(LEAVES[index], index + 1, size, proof, root) or size == 1


def test_every_growth_is_proven_and_a_rewritten_past_is_not() -> None:
    forged = merkle.complete_nodes([merkle.leaf_hash(b"forged"), *LEAVES[1:]])
    for new in range(1, len(LEAVES) + 1):
        for old in range(1, new + 1):
            proof = merkle.consistency_proof(old, new, NODE)
            old_root, new_root = merkle.root(old, NODE), merkle.root(new, NODE)
            assert merkle.verify_consistency(old, new, old_root, new_root, proof)
            assert not merkle.verify_consistency(
                old, new, old_root, merkle.root(new, forged), merkle.consistency_proof(old, new, forged)
            )


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="leaf 3 is not in a tree of 3"):
        merkle.inclusion_proof(3, 3, NODE)
    with pytest.raises(ValueError, match="no older one of 0"):
        merkle.consistency_proof(0, 3, NODE)
