"""Which content already has a key row: so that long conversations don't grow squared.

In memory only, bounded, least recently used first out. Keys are keyed hashes under a key that dies
with the process, so the table can't be turned back into text; FORMAT.md says what a captured
process could still test with it. Entries are made only after their record is durable.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from typing import NamedTuple

from audit.record import Content, Reference

CAPACITY = 65_536


class Chunk(NamedTuple):
    """A content's newest place, its name there, and when its key row may be deleted."""

    name: str
    where: Reference
    expires: int


class ChunkTable:
    """(scope, bytes) -> the newest record that has them among its contents."""

    __slots__ = ("_capacity", "_key", "_rows")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._key = os.urandom(32)
        self._rows: OrderedDict[bytes, Chunk] = OrderedDict()

    def tag(self, content: Content) -> bytes:
        """The keyed hash under which a content is known, within its `retain_key`'s scope."""
        scope = content.retain_key.encode("utf-8", "surrogatepass")
        state = hashlib.blake2b(len(scope).to_bytes(8) + scope, key=self._key, digest_size=32)
        state.update(content.data)
        return state.digest()

    def find(self, tag: bytes, expires: int) -> Chunk | None:
        """Where this content stands, if its key row lives at least until `expires`."""
        found = self._rows.get(tag)
        if found is None or found.expires < expires:
            return None
        self._rows.move_to_end(tag)
        return found

    def enter(self, tag: bytes, chunk: Chunk) -> None:
        """Remember a content of a record that is durable now."""
        self._rows[tag] = chunk
        self._rows.move_to_end(tag)
        if len(self._rows) > self._capacity:
            self._rows.popitem(last=False)
