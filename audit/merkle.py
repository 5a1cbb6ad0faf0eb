"""RFC 6962 section 2: the Merkle tree hash, inclusion paths and consistency proofs.

`Tree` grows leaf by leaf and keeps one hash per height, so its root costs a few hashes whatever its
size. Proofs take a function that gives the hash of a range of leaves, wherever that comes from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

#: (start, end) -> Merkle tree hash of the leaves in that range.
RangeHash = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The right edge of a growing tree: for each bit of `size`, the root of that full subtree."""

    __slots__ = ("_edge", "size")

    def __init__(self) -> None:
        self._edge: list[tuple[int, bytes]] = []  # (height, root), tallest first
        self.size = 0

    def add(self, root: bytes, height: int = 0) -> None:
        """Append a full subtree of 2**height leaves (a leaf hash, for height 0).

        Subtrees must come tallest first: none is taller than the shortest one on the edge unless
        they merge evenly, which is what left-to-right order gives.
        """
        self.size += 1 << height
        while self._edge and self._edge[-1][0] == height:
            root = node_hash(self._edge.pop()[1], root)
            height += 1
        self._edge.append((height, root))

    def root(self) -> bytes:
        """The Merkle tree hash of everything added."""
        if not self._edge:
            return EMPTY_ROOT
        root = self._edge[-1][1]
        for _, left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root


def tree_hash(hashes: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over leaf (or equal-height subtree) hashes."""
    tree = Tree()
    for one in hashes:
        tree.add(one)
    return tree.root()


def inclusion_path(index: int, size: int, range_hash: RangeHash) -> list[bytes]:
    """RFC 6962 2.1.1: the siblings from leaf `index` up to the root of the first `size` leaves."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end))
            end = middle
        else:
            path.append(range_hash(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, range_hash: RangeHash) -> list[bytes]:
    """RFC 6962 2.1.2: that the tree of `new` leaves begins with the tree of `old` leaves."""
    if not 0 < old <= new:
        raise ValueError("a consistency proof needs 0 < old <= new")
    start, end, proof = 0, new, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end))
            end = middle
        else:
            proof.append(range_hash(start, middle))
            start = middle
    if start > 0:  # the old tree isn't itself a subtree on the left edge: its last part is needed
        proof.append(range_hash(start, end))
    return proof[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion path leads to, or None when the path has the wrong length."""
    if not 0 <= index < size:
        return None
    root, last, rest = leaf, size - 1, list(path)
    while last > 0:
        if index % 2 or index < last:
            if not rest:
                return None
            sibling = rest.pop(0)
            root = node_hash(sibling, root) if index % 2 else node_hash(root, sibling)
        index, last = index // 2, last // 2
    return root if not rest else None


def is_consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the second tree extends the first (RFC 9162 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return old_root == new_root and not proof
    rest = list(proof)
    index, last = old - 1, new - 1
    while index % 2:
        index, last = index // 2, last // 2
    if index == 0:
        first = second = old_root
    elif rest:
        first = second = rest.pop(0)
    else:
        return False
    while last > 0:
        if index % 2 or index < last:
            if not rest:
                return False
            sibling = rest.pop(0)
            if index % 2:
                first, second = node_hash(sibling, first), node_hash(sibling, second)
            else:
                second = node_hash(second, sibling)
        index, last = index // 2, last // 2
    return not rest and first == old_root and second == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
