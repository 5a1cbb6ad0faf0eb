"""Entries in this process's memory: bounded, the oldest go first, and a restart forgets them."""

from __future__ import annotations

from collections import OrderedDict

#: Bytes of all entries together.
MOST_BYTES = 256 * 1024 * 1024


class MemoryStore:
    """A `clerk.Store`."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._entries: OrderedDict[bytes, tuple[bytes, int]] = OrderedDict()
        self._bytes = 0

    def put(self, tag: bytes, sealed: bytes, expires: int, now: int) -> None:
        """Keep an entry, and drop what has expired or is too much."""
        self._drop(tag)
        self._entries[tag] = (sealed, expires)
        self._bytes += len(sealed)
        # Every entry lives equally long, so those that expire first come first.
        while self._entries:
            oldest, (_, until) = next(iter(self._entries.items()))
            if until > now and self._bytes <= self._most:
                break
            self._drop(oldest)

    def get(self, tag: bytes, now: int) -> bytes | None:
        """An entry that hasn't expired."""
        sealed, expires = self._entries.get(tag, (None, 0))
        return sealed if expires > now else None

    def delete(self, tag: bytes) -> bool:
        """Drop an entry."""
        return self._drop(tag)

    def close(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def _drop(self, tag: bytes) -> bool:
        known = self._entries.pop(tag, None)
        self._bytes -= len(known[0]) if known else 0
        return known is not None
