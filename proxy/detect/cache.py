"""What was found in a chunk, remembered without the chunk.

Invariants: keys are keyed hashes and values are offsets, types and scores, so the cache holds no
text, and without the key (which dies with the process that made it) nobody can test a guess against
it. The tenant is part of the key: one tenant's timing says nothing about another's text. A chunk
that is asked for again while it is being analysed is analysed once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from proxy.detect.chunk import Chunk
from proxy.exchange import Finding

#: Findings of a chunk, with offsets into its window.
Findings = tuple[Finding, ...]
#: Length of a chunk's key.
KEY_BYTES = 16


def chunk_key(key: bytes, digest: bytes, tenant: str, models: bool, piece: Chunk) -> bytes:
    """Return the cache key of a chunk: BLAKE2b, keyed, over unambiguous fields.

    Args:
        key: secret of at most 64 bytes.
        digest: what stands for the detector's configuration, its language and what it was taught.
        tenant: whose text it is.
        models: whether models look at it, or patterns only.
        piece: the chunk.
    """
    owner = tenant.encode("utf-8", "surrogatepass")
    head = f"{len(owner)},{int(models)},{piece.start},{piece.end},{piece.language};".encode()
    hashed = hashlib.blake2b(digest + head + owner, key=key, digest_size=KEY_BYTES)
    hashed.update(piece.text.encode("utf-8", "surrogatepass"))
    return hashed.digest()


@dataclass(slots=True)
class _Pending:
    """An analysis under way and how many callers wait for it."""

    future: asyncio.Future[Findings]
    waiters: int = 0


class FindingCache:
    """Bounded, least recently used first out; one analysis for concurrent askers."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._known: OrderedDict[bytes, Findings] = OrderedDict()
        self._pending: dict[bytes, _Pending] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: bytes) -> Findings | None:
        """Return what is remembered under `key`, or None."""
        if (found := self._known.get(key)) is not None:
            self._known.move_to_end(key)
        return found

    def missing(self, keys: list[bytes]) -> list[int]:
        """Return the positions of `keys` that nobody knows and nobody is analysing, once each."""
        first = {key: position for position, key in reversed(list(enumerate(keys)))}
        return sorted(
            position
            for key, position in first.items()
            if key not in self._known and key not in self._pending
        )

    def ask(
        self, key: bytes, analyse: Callable[[], asyncio.Future[Findings]]
    ) -> Coroutine[Any, Any, Findings]:
        """Start the analysis of an unknown chunk, or join the one under way; await the findings.

        It is started before this returns. Raises what the analysis raises, when awaited; a failure
        is not remembered.
        """
        pending = self._pending.get(key)
        if pending is None:
            started = pending = self._pending[key] = _Pending(analyse())
            pending.future.add_done_callback(lambda _: self._finish(key, started))
        return self._wait(key, pending)

    async def _wait(self, key: bytes, pending: _Pending) -> Findings:
        pending.waiters += 1
        try:
            return await asyncio.shield(pending.future)
        finally:
            pending.waiters -= 1
            if not pending.waiters and not pending.future.done():
                pending.future.cancel()  # nobody wants it any more
                self._forget(key, pending)

    def _finish(self, key: bytes, pending: _Pending) -> None:
        self._forget(key, pending)
        if pending.future.cancelled() or pending.future.exception():
            return
        self.remember(key, pending.future.result())

    def remember(self, key: bytes, found: Findings) -> None:
        """Keep what was found under `key`, in the place of what was asked for longest ago."""
        self._known[key] = found
        while len(self._known) > self._entries:
            self._known.popitem(last=False)

    def _forget(self, key: bytes, pending: _Pending) -> None:
        """Let the next asker start anew, unless one already has."""
        if self._pending.get(key) is pending:
            del self._pending[key]
