"""The thread that does a log's disk work, one piece after the other.

`ThreadPoolExecutor` would do the same at twice the CPU per record: its futures are locked and
chained, ours belong to the one event loop that waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple, TypeAlias

from audit.errors import AuditError

#: Is told, on the event loop, that the work is done, or why it isn't.
Done: TypeAlias = Callable[[AuditError | None], None]


class _Piece(NamedTuple):
    work: Callable[[], None]
    loop: asyncio.AbstractEventLoop
    done: Done


class DiskThread:
    """Runs until it is closed."""

    def __init__(self) -> None:
        self._pieces: SimpleQueue[_Piece | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def give(self, work: Callable[[], None], done: Done) -> None:
        """Have the work done, and call `done` on this event loop afterwards, whatever happens."""
        self._pieces.put(_Piece(work, asyncio.get_running_loop(), done))

    async def do(self, work: Callable[[], None]) -> None:
        """Have the work done and wait for it; raises AuditError for whatever fails there."""
        await self.begin(work)

    def begin(self, work: Callable[[], None]) -> asyncio.Future[None]:
        """Have the work done; gives what one may wait for, and which fails as the work does."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.give(work, partial(_settle, done))
        return done

    def close(self) -> None:
        """Finish what was asked for, and end."""
        self._pieces.put(None)
        self._thread.join()

    def _run(self) -> None:
        while piece := self._pieces.get():
            error: AuditError | None = None
            try:
                piece.work()
            except AuditError as failed:
                error = failed
            except Exception as failed:  # noqa: BLE001 — whoever waits for the piece gets it
                error = AuditError(f"the audit log failed: {failed!r}")
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                piece.loop.call_soon_threadsafe(piece.done, error)


def _settle(done: asyncio.Future[None], error: AuditError | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
