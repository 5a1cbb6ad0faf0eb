"""Sealed records on their way to the disk: they gather while a batch is being synced.

One batch is with the disk at a time, and beside it at most one checkpoint, which is begun after 256
records or a second; when there are 256 more before it is written, they wait for it. After one that
failed nothing is written until one succeeds. Everything here runs on the event loop, in callbacks
and without a task per record.

A record that isn't durable in time fails with all that wait, and until what the disk is at comes
back, no more are taken: a disk that hangs is neither waited for nor filled up for. Whether a batch
still counts is decided once, by who comes first, the sync that succeeds or the deadline; one that
came too late is taken back by the thread that wrote it, as one that failed is.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import perf_counter

from audit.disk import DiskThread
from audit.errors import AuditError, DiskStalled
from audit.frame import MAX_FRAME
from audit.publish import Publication
from audit.sealer import Sealed, Sealer
from audit.store import Store

CHECKPOINT_LEAVES = 256
CHECKPOINT_SECONDS = 1.0
#: How long a record that nobody waits for waits for others, to go to the disk with them.
COMPANY_SECONDS = 0.01
#: Bytes of records that may wait, before the last of them is added.
WAITING_BYTES = 64 * 2**20

_STALLED = "the audit disk doesn't answer"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that isn't durable yet.

    Attributes:
        remember: called once it is.
        done: then gets its result, or the AuditError that it won't be.
        since: the event loop's time when it came, in seconds.
        urgent: whether somebody waits for it.
    """

    sealer: Sealer
    sealed: Sealed
    remember: Callable[[], None]
    done: asyncio.Future[None]
    since: float
    urgent: bool


class Batches:
    """Writes what it is given, in order, batch after batch."""

    def __init__(
        self,
        store: Store,
        disk: DiskThread,
        *,
        timeout_s: float,
        failed: Callable[[], None],
        observe: Callable[[float, float], None],
    ) -> None:
        """`failed` is called when records fail: they are lost, and their segment is finished.

        `timeout_s` is how long a record may take to become durable; `observe` gets each batch's
        seconds until it was, and those of its sync.
        """
        self._store = store
        self._disk = disk
        self._timeout_s = timeout_s
        self._failed = failed
        self._observe = observe
        self._publisher = DiskThread()
        self._queue: deque[Waiting] = deque()
        self._bytes = 0  # of the records in it
        self._idle = asyncio.Event()  # nothing waits, nothing is with either thread
        self._idle.set()
        self._asked = self._writing = self._publishing = False
        self._due = False  # a second is over
        self._refused = False  # the last checkpoint couldn't be written
        self._covered = store.size - store.unprotected  # by the newest one, or the one under way
        self._timer: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None  # for records that nobody waits for
        self._overdue: asyncio.TimerHandle | None = None  # there is one while records wait
        self._counts = threading.Lock()  # taken by who decides about the batch with the disk
        self._stalled = False  # records were overdue, and what they waited for isn't done
        self._closed = False

    def check(self) -> None:
        """See whether a record may be added; raises DiskStalled at once if not."""
        if self._stalled or self._bytes > WAITING_BYTES:
            raise DiskStalled(_STALLED)

    @property
    def waiting(self) -> int:
        """How many records wait."""
        return len(self._queue)

    @property
    def waiting_since(self) -> int | None:
        """The time of the oldest of them, in nanoseconds since 1970."""
        return self._queue[0].sealed.leaf.time if self._queue else None

    def add(self, waiting: Waiting) -> None:
        """Take a record. What else is added before the loop's next round goes the same way.

        One that isn't urgent goes with the next that is, if that comes soon: they share a sync, and
        the urgent one doesn't come too late for a batch. Only its key rows go ahead, to a disk that
        has nothing else to do, so that the urgent one needn't wait for their sync either.
        """
        self._queue.append(waiting)
        self._bytes += len(waiting.sealed.frame)
        self._watch()
        if waiting.urgent or self._closed:
            self._ask()
        elif self._lingering is None:
            self._idle.clear()
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(COMPANY_SECONDS, self._ask)
            if waiting.sealed.rows and len(self._queue) == 1:
                work = partial(self._store.write_ahead, waiting.sealed.rows)
                self._disk.give(work, lambda _: None)

    async def close(self) -> None:
        """Wait until nothing waits. No checkpoint comes by itself any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._queue or self._lingering is not None:
            self._ask()
        await self._idle.wait()
        self._publisher.close()

    def _ask(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
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
        if self._queue and not self._held_up:
            self._write(self._batch())
        self._rest()

    @property
    def _held_up(self) -> bool:
        """Whether a checkpoint comes before any further batch."""
        late = self._refused or self._uncovered >= CHECKPOINT_LEAVES
        return self._publishing and late

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
        self._counts = threading.Lock()
        sealer, records = batch[0].sealer, [waiting.sealed for waiting in batch]
        counts = partial(self._counts.acquire, blocking=False)
        work = partial(self._store.write, sealer.header, sealer.first, records, counts)
        self._disk.give(work, partial(self._written, batch, perf_counter()))

    def _written(self, batch: list[Waiting], started: float, error: AuditError | None) -> None:
        self._writing = False
        self._came_back()
        if error is not None:
            self._fail(error)
            return
        self._observe(perf_counter() - started, self._store.sync_s)
        for waiting in batch:
            self._queue.popleft()
            self._bytes -= len(waiting.sealed.frame)
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
        self._came_back()
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
        self._bytes = 0
        while self._queue:
            waiting = self._queue.popleft()
            if not waiting.done.done():
                waiting.done.set_exception(type(error)(str(error)))
        self._rest()

    def _watch(self) -> None:
        """See to it that the oldest record's time is noticed when it is up."""
        if self._queue and self._overdue is None:
            due = self._queue[0].since + self._timeout_s
            self._overdue = asyncio.get_running_loop().call_at(due, self._time_is_up)

    def _time_is_up(self) -> None:
        """The oldest record's of a while ago; by now another may be it."""
        self._overdue = None
        late = self._queue and self._queue[0].since + self._timeout_s <= _now()
        if not late or (self._writing and not self._counts.acquire(blocking=False)):
            # Of a batch that has just been synced, `_written` is told next.
            self._watch()
            return
        self._stalled = True
        self._fail(DiskStalled(_STALLED))

    def _came_back(self) -> None:
        """The disk has done something: perhaps what overdue records waited for."""
        self._stalled = self._stalled and (self._writing or self._held_up)


def _now() -> float:
    return asyncio.get_running_loop().time()
