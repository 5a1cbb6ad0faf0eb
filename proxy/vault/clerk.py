"""The thread that a store is asked in, so that a disk that hangs holds up nothing but itself.

Invariants: nobody waits longer than the limit, and while one call is overdue nobody waits at all;
a call whose caller has gone isn't made any more, unless it was under way. The thread is a daemon of
its own, not one of the pool that long documents are read in: calls that hang would use that up, and
be waited for when the process ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Protocol, TypeVar

import structlog

T = TypeVar("T")
#: Seconds within which a store has to answer.
LIMIT_S = 10.0

log = structlog.get_logger(__name__)


class Store(Protocol):
    """Where entries lie. Calls may block; they come one after the other, from one thread."""

    def put(self, tag: bytes, sealed: bytes, expires: int, now: int) -> None:
        """Keep an entry until `expires` (Unix seconds), and drop those that have expired."""

    def get(self, tag: bytes, now: int) -> bytes | None:
        """An entry that hasn't expired."""

    def delete(self, tag: bytes) -> bool:
        """Drop an entry; whether there was one."""

    def close(self) -> None:
        """No more calls follow."""


class _Call(NamedTuple):
    make: Callable[[Store], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]


class Clerk:
    """Asks one store, for as many vaults as lie in it."""

    def __init__(self, store: Store, limit_s: float = LIMIT_S) -> None:
        self._store = store
        self._limit_s = limit_s
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._since: float | None = None  # when the call under way was begun
        self.thread = Thread(target=self._run, name="vault", daemon=True)
        self.thread.start()

    @property
    def overdue(self) -> bool:
        """Whether the store has been at one call for longer than the limit."""
        since = self._since
        return since is not None and time.monotonic() - since > self._limit_s

    async def ask(self, make: Callable[[Store], T]) -> T:
        """Make a call and wait for what it gives.

        Raises:
            TimeoutError: the store doesn't answer in time.
            OSError: it can't do it.
        """
        if self.overdue:
            raise TimeoutError("the vault doesn't answer")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._calls.put(_Call(make, loop, done))
        try:
            async with asyncio.timeout(self._limit_s):
                return await done
        except TimeoutError:
            raise TimeoutError("the vault doesn't answer") from None

    async def close(self) -> None:
        """Close the store once what was asked is done; one that hangs is left as it is."""
        try:
            await self.ask(lambda store: store.close())
        except OSError as error:
            log.error("vault not closed", why=str(error))
        self._calls.put(None)

    def _run(self) -> None:
        while call := self._calls.get():
            if call.done.cancelled():
                continue
            self._since = time.monotonic()
            given, failed = None, None
            try:
                given = call.make(self._store)
            except Exception as error:  # noqa: BLE001 — whoever asked gets it
                failed = error
            self._since = None
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                call.loop.call_soon_threadsafe(_settle, call.done, given, failed)


def _settle(done: asyncio.Future[Any], given: Any, failed: Exception | None) -> None:
    if done.cancelled():
        return
    if failed is None:
        done.set_result(given)
    else:
        done.set_exception(failed)
