"""An independent implementation of RFC 6962 agrees with our roots and proofs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from audit.merkle import (
    consistency_proof,
    inclusion_path,
    is_consistent,
    leaf_hash,
    root_from_inclusion,
)
from audit.tiles import TileHashes, TileSet, write_tiles


def theirs(entries: list[bytes]) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    return tree


def hashes(proof: object) -> set[bytes]:
    return {bytes.fromhex(one) for one in proof.serialize()["path"]}  # type: ignore[attr-defined]


def agrees(entries: list[bytes], old: int, index: int) -> None:
    """Our tree, its proofs taken from tiles on disk, against theirs."""
    size, tree = len(entries), theirs(entries)
    tiles = TileSet()
    for entry in entries:
        tiles.add(entry)
    root, old_root = tree.get_root(), tree.get_root(old)
    assert tiles.tree.root() == root
    with TemporaryDirectory() as folder:
        write_tiles(Path(folder), tiles.full() + tiles.partial())
        ours = TileHashes(Path(folder), size).range_hash
        path, proof = inclusion_path(index, size, ours), consistency_proof(old, size, ours)
    leaf = leaf_hash(entries[index])
    their_path = tree.prove_inclusion(index + 1, size)  # they count from 1
    verify_inclusion(leaf, root, their_path)
    assert set(path) | {leaf} == hashes(their_path)
    assert root_from_inclusion(leaf, index, size, path) == root
    their_proof = tree.prove_consistency(old, size)  # not RFC 6962's shortest
    verify_consistency(old_root, root, their_proof)
    assert is_consistent(old, old_root, size, root, proof)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.data())
def test_small_trees_agree(size: int, data: st.DataObject) -> None:
    old, index = data.draw(st.integers(1, size)), data.draw(st.integers(0, size - 1))
    agrees([b"entry %d" % number for number in range(size)], old, index)


@pytest.mark.parametrize(("size", "old", "index"), [(700, 256, 699), (600, 511, 300)])
def test_trees_of_several_tiles_agree(size: int, old: int, index: int) -> None:
    agrees([b"entry %d" % number for number in range(size)], old, index)
