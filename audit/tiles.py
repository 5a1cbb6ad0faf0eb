"""The tree as files: C2SP tlog-tiles, hash tiles of 256 and bundles of 256 entries.

Tiles are derived from the segments and from nothing else. A tile is written only when every record
under it is durable, full tiles never change, and a partial tile is removed only once the checkpoint
that needs its full tile is durable.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from audit.errors import FormatError
from audit.files import write_together
from audit.merkle import Tree, leaf_hash, node_hash, tree_hash

WIDTH = 256
_HASH = 32
_ENTRY = struct.Struct(">H")


def tile_path(level: int | None, index: int, width: int = WIDTH) -> str:
    """Where a tile stands under the log's folder; level None is the entry bundle.

    The index is written in groups of three digits, all but the last with an ``x`` before them.
    """
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    name = "/".join(["tile", "entries" if level is None else str(level), *groups])
    return name if width == WIDTH else f"{name}.p/{width}"


def encode_bundle(entries: list[bytes]) -> bytes:
    """Entries, each behind its length in two bytes."""
    return b"".join(_ENTRY.pack(len(entry)) + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; raises FormatError."""
    entries, position = [], 0
    while position < len(data):
        if position + _ENTRY.size > len(data):
            raise FormatError("an entry bundle ends inside a length")
        (length,) = _ENTRY.unpack_from(data, position)
        position += _ENTRY.size + length
        if position > len(data):
            raise FormatError("an entry bundle ends inside an entry")
        entries.append(data[position - length : position])
    return entries


def hashes_of(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[at : at + _HASH] for at in range(0, len(data), _HASH)]


class TileSet:
    """The rightmost tiles of a growing tree, and which full ones came out of them.

    Holds at most 255 hashes per level and 255 entries, and the full tiles until they are `written`.
    """

    __slots__ = ("_entries", "_full", "_levels", "size", "tree")

    def __init__(self) -> None:
        self.size = 0
        self.tree = Tree()
        self._levels: list[list[bytes]] = [[]]
        self._entries: list[bytes] = []
        self._full: list[tuple[str, bytes]] = []

    @classmethod
    def load(cls, folder: Path, size: int) -> TileSet:
        """The right edge of the tree of `size` leaves, read back from its tiles.

        Raises FormatError when a tile is missing or short; comparing the root is the caller's part.
        """
        tiles = cls()
        tiles.size = size
        bundle = decode_bundle(read_tile(folder, None, size // WIDTH, size % WIDTH))
        tiles._entries = bundle[: size % WIDTH]
        tiles._levels = []
        rest = size
        while rest or not tiles._levels:
            level, width = len(tiles._levels), rest % WIDTH
            row = hashes_of(read_tile(folder, level, rest // WIDTH, width))[:width]
            if len(row) != width:
                raise FormatError(f"the tile {tile_path(level, rest // WIDTH, width)} is short")
            tiles._levels.append(row)
            rest //= WIDTH
        for level in reversed(range(len(tiles._levels))):
            for root in tiles._levels[level]:
                tiles.tree.add(root, 8 * level)
        return tiles

    def add(self, entry: bytes, hashed: bytes | None = None) -> None:
        """Append one leaf, which has the leaf hash `hashed`."""
        hashed = hashed or leaf_hash(entry)
        self.tree.add(hashed)
        self._entries.append(entry)
        self._levels[0].append(hashed)
        self.size += 1
        if len(self._entries) == WIDTH:
            index = self.size // WIDTH - 1
            self._full.append((tile_path(None, index), encode_bundle(self._entries)))
            self._entries = []
            self._carry()

    def _carry(self) -> None:
        """Turn each level's full row into a tile and one hash of the level above."""
        for level in range(len(self._levels)):
            row = self._levels[level]
            if len(row) < WIDTH:
                return
            index = self.size // WIDTH ** (level + 1) - 1
            self._full.append((tile_path(level, index), b"".join(row)))
            self._levels[level] = []
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(tree_hash(row))

    def full(self) -> list[tuple[str, bytes]]:
        """Full tiles that came out since `written` was last called: (path, bytes)."""
        return list(self._full)

    def partial(self) -> list[tuple[str, bytes]]:
        """The partial tiles that a checkpoint at this size needs."""
        tiles = []
        if self._entries:
            path = tile_path(None, self.size // WIDTH, len(self._entries))
            tiles.append((path, encode_bundle(self._entries)))
        for level, row in enumerate(self._levels):
            if row:
                path = tile_path(level, self.size // WIDTH ** (level + 1), len(row))
                tiles.append((path, b"".join(row)))
        return tiles

    def written(self, count: int) -> None:
        """Forget the first `count` full tiles: they and a checkpoint over them are durable."""
        del self._full[:count]


class TileHashes:
    """Hashes of ranges of leaves, read from the tiles of a tree of `size` leaves.

    `range_hash` is what inclusion and consistency proofs ask for; it raises FormatError where a
    tile that it needs is missing or short.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def range_hash(self, start: int, end: int) -> bytes:
        """The Merkle tree hash of leaves `start` to `end`, which must be a node of the tree."""
        level = 0
        while WIDTH ** (level + 1) <= end - start:
            level += 1
        if end - start == WIDTH**level:
            return self._node(level, start // WIDTH**level)
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        return node_hash(self.range_hash(start, middle), self.range_hash(middle, end))

    def _node(self, level: int, number: int) -> bytes:
        index, place = divmod(number, WIDTH)
        if (level, index) not in self._tiles:
            width = min(WIDTH, self._size // WIDTH**level - index * WIDTH)
            self._tiles[level, index] = hashes_of(read_tile(self._folder, level, index, width))
        hashes = self._tiles[level, index]
        if place >= len(hashes):
            raise FormatError(f"the tile {tile_path(level, index)} is short")
        return hashes[place]


def read_entries(folder: Path, size: int) -> Iterator[bytes]:
    """The first `size` leaves of a log, from its entry bundles; raises FormatError."""
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        yield from decode_bundle(read_tile(folder, None, index, width))[:width]


def write_tiles(folder: Path, tiles: list[tuple[str, bytes]]) -> None:
    """Write tiles under the log's folder, each atomically."""
    write_together({folder / name: data for name, data in tiles})


def prune(folder: Path, full: list[tuple[str, bytes]]) -> None:
    """Remove the partial tiles that these full ones make superfluous."""
    for name, _ in full:
        partial = folder / f"{name}.p"
        if partial.is_dir():
            for old in partial.iterdir():
                old.unlink()
            partial.rmdir()


def read_tile(folder: Path, level: int | None, index: int, width: int) -> bytes:
    """The first `width` items of a tile: the partial file, or else the full one that followed it.

    For an entry bundle the whole file is returned. Raises FormatError when neither is there.
    """
    if width == 0:
        return b""
    for name in (tile_path(level, index, width), tile_path(level, index)):
        try:
            return (folder / name).read_bytes()
        except FileNotFoundError:
            continue
    raise FormatError(f"the tile {tile_path(level, index, width)} is missing")
