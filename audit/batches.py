"""Sealed records on their way to the disk: they gather while a batch is being synced.

One batch is with the disk at a time, and beside it at most one checkpoint, which is begun after 256
records or a second; when there are 256 more before it is written, they wait for it. After one that
failed nothing is written until one succeeds. Everything here runs on the event loop, in callbacks
and without a task per record.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import perf_counter

from audit.disk import DiskThread
from audit.errors import AuditError
from audit.frame import MAX_FRAME
from audit.publish import Publication
from audit.sealer import Sealed, Sealer
from audit.store import Store

CHECKPOINT_LEAVES = 256
CHECKPOINT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that isn't durable yet.

    Attributes:
        remember: called once it is.
        done: then gets its result, or the AuditError that it won't be.
    """

    sealer: Sealer
    sealed: Sealed
    remember: Callable[[], None]
    done: asyncio.Future[None]


class Batches:
    """Writes what it is given, in order, batch after batch."""

    def __init__(
        self,
        store: Store,
        disk: DiskThread,
        *,
        failed: Callable[[], None],
        observe: Callable[[float, float], None],
    ) -> None:
        """`failed` is called when records fail: they are lost, and their segment is finished.

        `observe` gets each batch's seconds until it was durable, and those of its sync.
        """
        self._store = store
        self._disk = disk
        self._failed = failed
        self._observe = observe
        self._publisher = DiskThread()
        self._queue: deque[Waiting] = deque()
        self._idle = asyncio.Event()  # nothing waits, nothing is with either thread
        self._idle.set()
        self._asked = self._writing = self._publishing = False
        self._due = False  # a second is over
        self._refused = False  # the last checkpoint couldn't be written
        self._covered = store.size - store.unprotected  # by the newest one, or the one under way
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many records wait."""
        return len(self._queue)

    @property
    def waiting_since(self) -> int | None:
        """The time of the oldest of them, in nanoseconds since 1970."""
        return self._queue[0].sealed.leaf.time if self._queue else None

    def add(self, waiting: Waiting) -> None:
        """Take a record. What else is added before the loop's next round goes the same way."""
        self._queue.append(waiting)
        self._ask()

    async def close(self) -> None:
        """Wait until nothing waits. No checkpoint comes by itself any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._idle.wait()
        self._publisher.close()

    def _ask(self) -> None:
        self._idle.clear()
        if not (self._asked or self._writing):
            self._asked = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        """Begin what comes next, unless a batch is with the disk."""
        self._asked = False
        if self._writing:
            return
        if not self._publishing and (
            self._due or (self._queue and (self._refused or self._uncovered >= CHECKPOINT_LEAVES))
        ):
            self._publish()
        held_up = self._refused or self._uncovered >= CHECKPOINT_LEAVES
        if self._queue and not (self._publishing and held_up):
            self._write(self._batch())
        self._rest()

    @property
    def _uncovered(self) -> int:
        return self._store.size - self._covered

    def _rest(self) -> None:
        """See to it that a checkpoint follows within a second, or is tried again then."""
        if not (self._queue or self._writing or self._publishing):
            self._idle.set()
        if self._timer is None and not self._closed and self._store.unprotected:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(CHECKPOINT_SECONDS, self._checkpoint_now)

    def _checkpoint_now(self) -> None:
        self._timer = None
        self._due = True
        self._ask()

    def _batch(self) -> list[Waiting]:
        """The records at the head of the queue that belong to one segment."""
        batch, size = [self._queue[0]], len(self._queue[0].sealed.frame)
        for waiting in islice(self._queue, 1, None):
            size += len(waiting.sealed.frame)
            if waiting.sealer is not batch[0].sealer or size > MAX_FRAME:
                break
            batch.append(waiting)
        return batch

    def _write(self, batch: list[Waiting]) -> None:
        self._writing = True
        sealer, records = batch[0].sealer, [waiting.sealed for waiting in batch]
        work = partial(self._store.write, sealer.header, sealer.first, records)
        self._disk.give(work, partial(self._written, batch, perf_counter()))

    def _written(self, batch: list[Waiting], started: float, error: AuditError | None) -> None:
        self._writing = False
        if error is not None:
            self._fail(error)
            return
        self._observe(perf_counter() - started, self._store.sync_s)
        for waiting in batch:
            self._queue.popleft()
            waiting.remember()
            if not waiting.done.done():  # the caller may have been cancelled
                waiting.done.set_result(None)
        self._next()

    def _publish(self) -> None:
        self._due = False
        publication = self._store.next_checkpoint()
        if publication is not None:
            self._publishing = True
            self._covered = publication.checkpoint.size
            work = partial(self._store.write_checkpoint, publication)
            self._publisher.give(work, partial(self._published, publication))

    def _published(self, publication: Publication, error: AuditError | None) -> None:
        self._publishing, self._refused = False, error is not None
        if error is None:
            self._store.checkpointed(publication)
        else:
            self._covered = self._store.size - self._store.unprotected
            if not self._writing:
                self._fail(error)
        self._next()

    def _fail(self, error: AuditError) -> None:
        """Fail all that isn't durable; later records were sealed on top of it, so they fail too."""
        self._failed()
        while self._queue:
            waiting = self._queue.popleft()
            if not waiting.done.done():
                waiting.done.set_exception(AuditError(str(error)))
        self._rest()
