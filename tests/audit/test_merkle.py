"""The tree against RFC 6962's definition, written down as it stands there: slow and obvious."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.merkle import (
    Tree,
    consistency_proof,
    inclusion_path,
    is_consistent,
    leaf_hash,
    root_from_inclusion,
    tree_hash,
)
from audit.tiles import WIDTH, TileSet, tile_path, write_tiles


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    if not d:
        return sha(b"")
    if len(d) == 1:
        return sha(b"\x00" + d[0])
    k = power_below(len(d))
    return sha(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = power_below(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: list[bytes]) -> list[bytes]:
    return subproof(m, d, known=True)


def subproof(m: int, d: list[bytes], *, known: bool) -> list[bytes]:
    if m == len(d):
        return [] if known else [mth(d)]
    k = power_below(len(d))
    if m <= k:
        return [*subproof(m, d[:k], known=known), mth(d[k:])]
    return [*subproof(m - k, d[k:], known=False), mth(d[:k])]


entries = st.lists(st.binary(max_size=4), max_size=70)


@given(entries)
def test_roots(d: list[bytes]) -> None:
    tree = Tree()
    for entry in d:
        tree.add(leaf_hash(entry))
    assert tree.root() == mth(d) == tree_hash([leaf_hash(entry) for entry in d])
    assert tree.size == len(d)


@given(entries.filter(bool), st.data())
def test_inclusion(d: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(d) - 1))
    found = inclusion_path(index, len(d), lambda a, b: mth(d[a:b]))
    assert found == path(index, d)
    assert root_from_inclusion(leaf_hash(d[index]), index, len(d), found) == mth(d)
    assert root_from_inclusion(leaf_hash(b"another"), index, len(d), found) != mth(d)
    assert root_from_inclusion(leaf_hash(d[index]), index, len(d), [*found, mth(d)]) is None
    if found:
        assert root_from_inclusion(leaf_hash(d[index]), index, len(d), found[:-1]) is None


@given(entries.filter(bool), st.data())
def test_consistency(d: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(d)))
    found = consistency_proof(old, len(d), lambda a, b: mth(d[a:b]))
    assert found == proof(old, d)
    old_root, new_root = mth(d[:old]), mth(d)
    assert is_consistent(old, old_root, len(d), new_root, found)
    assert not is_consistent(old, sha(b"another"), len(d), new_root, found)
    assert not is_consistent(old, old_root, len(d), sha(b"another"), found)
    assert not is_consistent(old, old_root, len(d), new_root, [*found, new_root])
    if found:
        assert not is_consistent(old, old_root, len(d), new_root, found[:-1])


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 3), st.integers(0, WIDTH - 1))
def test_tiles_read_back_as_the_same_tree(full: int, rest: int) -> None:
    size = full * WIDTH + rest
    tiles = TileSet()
    for number in range(size):
        tiles.add(b"entry %d" % number)
    with TemporaryDirectory() as folder:
        write_tiles(Path(folder), tiles.full() + tiles.partial())
        again = TileSet.load(Path(folder), size)
        for index in range(full):
            hashes = [leaf_hash(b"entry %d" % (index * WIDTH + i)) for i in range(WIDTH)]
            assert (Path(folder) / tile_path(0, index)).read_bytes() == b"".join(hashes)
    assert again.tree.root() == tiles.tree.root() == mth([b"entry %d" % n for n in range(size)])
    for number in range(size, size + 300):
        tiles.add(b"entry %d" % number)
        again.add(b"entry %d" % number)
    tiles.written(len(tiles.full()))
    assert again.tree.root() == tiles.tree.root()
    assert again.partial() == tiles.partial()


def test_tiles_of_a_tree_with_three_levels() -> None:
    """C2SP tlog-tiles' own example: 70,000 entries."""
    tiles = TileSet()
    for number in range(70_000):
        tiles.add(number.to_bytes(4))
    names = [name for name, _ in tiles.full()]
    assert sum(name.startswith("tile/0/") for name in names) == 273
    assert sum(name.startswith("tile/1/") for name in names) == 1
    partial = {name: len(data) // 32 for name, data in tiles.partial() if "entries" not in name}
    assert partial == {"tile/0/273.p/112": 112, "tile/1/001.p/17": 17, "tile/2/000.p/1": 1}
