"""The thread that does a log's disk work, one piece after the other.

`ThreadPoolExecutor` would do the same at twice the CPU per record: its futures are locked and
chained, ours belong to the one event loop that waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

from audit.errors import AuditError


class _Piece(NamedTuple):
    work: Callable[[], None]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class DiskThread:
    """Runs until it is closed."""

    def __init__(self) -> None:
        self._pieces: SimpleQueue[_Piece | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], None]) -> None:
        """Do the work; whatever fails there is an AuditError, so nobody waits on."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._pieces.put(_Piece(work, loop, done))
        try:
            await done
        except AuditError:
            raise
        except Exception as error:
            raise AuditError(f"the audit log failed: {error!r}") from error

    def close(self) -> None:
        """Finish what was asked for, and end."""
        self._pieces.put(None)
        self._thread.join()

    def _run(self) -> None:
        while piece := self._pieces.get():
            error: Exception | None = None
            try:
                piece.work()
            except Exception as failed:  # noqa: BLE001 — whoever waits for the piece gets it
                error = failed
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                piece.loop.call_soon_threadsafe(_settle, piece.done, error)


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
