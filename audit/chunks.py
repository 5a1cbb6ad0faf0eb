"""Which content already has a key row: the table that keeps long conversations from growing squared.

In memory only, bounded, least recently used first out. Keys are keyed hashes under a key that dies
with the process, so the table can't be turned back into text; FORMAT.md says what a captured process
could still test with it. Entries are made only after their record is durable.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict

from audit.record import Content, Reference

CAPACITY = 65_536


class ChunkTable:
    """(scope, bytes) -> the key row that holds them."""

    __slots__ = ("_capacity", "_key", "_rows")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._key = os.urandom(32)
        self._rows: OrderedDict[bytes, tuple[Reference, int]] = OrderedDict()

    def tag(self, content: Content) -> bytes:
        """The keyed hash under which a content is known, within its `retain_key`'s scope."""
        scope = content.retain_key.encode("utf-8", "surrogatepass")
        state = hashlib.blake2b(len(scope).to_bytes(8) + scope, key=self._key, digest_size=32)
        state.update(content.data)
        return state.digest()

    def find(self, tag: bytes, expires: int) -> Reference | None:
        """A row that holds this content and lives at least until `expires`."""
        found = self._rows.get(tag)
        if found is None or found[1] < expires:
            return None
        self._rows.move_to_end(tag)
        return found[0]

    def enter(self, tag: bytes, row: Reference, expires: int) -> None:
        """Remember a row that is durable now."""
        self._rows[tag] = (row, expires)
        self._rows.move_to_end(tag)
        if len(self._rows) > self._capacity:
            self._rows.popitem(last=False)
