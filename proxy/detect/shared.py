"""Findings that the serving processes of one machine share: a table in memory, of one fixed size.

A conversation's next turn may come to another worker; that one finds here what the first has had
analysed. An entry lies where its key says, over whatever was there: the table forgets, and never
grows. Nobody locks it. An entry carries a keyed hash over all of it, so one that is half written,
or partly overwritten, is none.

Invariants: as in cache.py, there is no text here, and without the key (the parent's, which dies
with it) nobody can test a guess against it; what is read is what was written under just that key.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from collections.abc import Iterator

import orjson

from proxy.detect.cache import KEY_BYTES, Findings
from proxy.exchange import Finding

_NAME = "privet-findings"
_PLACE = 512  # bytes; entries begin at multiples of it
_MOST = 16 * 1024  # bytes of one entry; what takes more is analysed by each process
_HEAD = struct.Struct(">16s16sH")  # key, hash over the rest, length of the findings


class SharedFindings:
    """The table, as one of its processes has it.

    Attributes:
        descriptor: the memory's file, for processes that are to share it.
        key: secret that goes with it.
    """

    def __init__(self, descriptor: int, key: bytes) -> None:
        """Take part in a table that `create` has made."""
        self.descriptor = descriptor
        self.key = key
        self._memory = mmap.mmap(descriptor, 0)
        self._places = (len(self._memory) - _MOST) // _PLACE

    @classmethod
    def create(cls, entries: int) -> SharedFindings:
        """A new one with room for about so many entries, under a key of its own."""
        descriptor = os.memfd_create(_NAME)
        os.ftruncate(descriptor, max(1, entries) * _PLACE + _MOST)
        return cls(descriptor, os.urandom(32))

    def get(self, key: bytes) -> Findings | None:
        """What is there under a chunk's key."""
        for at in self._where(key):
            found, check, length = _HEAD.unpack_from(self._memory, at)
            if found == key:
                begin = at + _HEAD.size
                data = self._memory[begin : begin + length]
                if self._check(key, data) == check:
                    return tuple(Finding(*one) for one in orjson.loads(data))
        return None

    def put(self, key: bytes, findings: Findings) -> None:
        """Remember findings, in the place of what nobody has, or else of another entry."""
        said = [[one.entity, one.start, one.end, one.score, one.recognizer] for one in findings]
        data = orjson.dumps(said)
        if _HEAD.size + len(data) > _MOST:
            return
        first, second = self._where(key)
        at = second if self._taken(first) and not self._taken(second) else first
        entry = _HEAD.pack(key, self._check(key, data), len(data)) + data
        self._memory[at : at + len(entry)] = entry

    def close(self) -> None:
        """Let go of it."""
        self._memory.close()
        os.close(self.descriptor)

    def _where(self, key: bytes) -> Iterator[int]:
        """The two places of a key, which is as good as random."""
        for half in (key[:8], key[8:]):
            yield int.from_bytes(half, "big") % self._places * _PLACE

    def _taken(self, at: int) -> bool:
        return self._memory[at : at + KEY_BYTES] != bytes(KEY_BYTES)

    def _check(self, key: bytes, data: bytes) -> bytes:
        return hashlib.blake2b(key + data, key=self.key, digest_size=16).digest()
