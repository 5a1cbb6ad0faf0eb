"""The detector processes and the queue before them.

Invariants: a chunk that was accepted is answered or fails, never lost; the queue is bounded; a dead
process fails only what it was working on, and another one takes its place; no process looks at a
chunk before it knows what was taught when the chunk was queued.

Order: a chunk's rank is its arrival time plus a delay for each chunk that its call queued before
it. A short text goes ahead of the rest of a long document, and the document still gets its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from dataclasses import dataclass, field

from proxy.detect.chunk import Chunk
from proxy.detect.processes.nursery import Nursery
from proxy.detect.processes.process import DetectorProcess
from proxy.detect.settings import DetectSettings
from proxy.errors import DetectorUnavailable
from proxy.exchange import Finding

Findings = tuple[Finding, ...]

#: Seconds by which each chunk of one call ranks behind the chunk before it.
_STEP_S = 0.25
#: Chunks of one batch at most; their characters together don't exceed one full chunk either, so
#: no batch keeps a process longer than one full chunk does.
_BATCH = 16
#: Seconds between attempts to replace a process that doesn't start: doubling, up to the last.
_RESTART_S = (0.1, 10.0)


@dataclass(order=True, slots=True)
class _Job:
    """A chunk that waits."""

    rank: float
    number: int
    chunk: Chunk = field(compare=False)
    models: bool = field(compare=False)
    future: asyncio.Future[Findings] = field(compare=False)


class Pool:
    """Detector processes behind one queue. All methods belong to one event loop."""

    def __init__(self, settings: DetectSettings, nursery: Nursery | None = None) -> None:
        """Set up; `start` does the work.

        Args:
            nursery: where processes come from, if somebody else has started it.
        """
        self._settings = settings
        self._nursery = nursery or Nursery(settings)
        self._taught = b""
        self._queue: list[_Job] = []
        self._numbers = itertools.count()
        self._work = asyncio.Event()
        self._processes: list[DetectorProcess] = []
        self._servers: list[asyncio.Task[None]] = []

    @property
    def processes(self) -> int:
        """How many processes are ready."""
        return sum(process.alive for process in self._processes)

    @property
    def pids(self) -> tuple[int, ...]:
        """Ids of the processes that are ready."""
        return tuple(process.pid for process in self._processes if process.alive)

    @property
    def waiting(self) -> int:
        """How many chunks wait (those that nobody wants any more don't count)."""
        return sum(not job.future.done() for job in self._queue)

    def teach(self, taught: bytes) -> None:
        """Have every process learn this before its next batch; see `DetectorProcess.learn`."""
        self._taught = taught
        self._work.set()

    async def start(self) -> frozenset[str]:
        """Start all processes; return the entities that they can yield.

        Raises:
            DetectorUnavailable: one didn't start; then none is left running.
        """
        await self._nursery.start()
        starting = [DetectorProcess.start(self._nursery) for _ in range(self._settings.processes)]
        started = await asyncio.gather(*starting, return_exceptions=True)
        running = [process for process in started if isinstance(process, DetectorProcess)]
        for error in started:
            if isinstance(error, BaseException):
                await asyncio.gather(*(process.stop() for process in running))
                await self._nursery.stop()
                raise error
        self._processes = list(running)
        self._servers = [asyncio.create_task(self._serve(process)) for process in running]
        return running[0].produced

    async def stop(self) -> None:
        """End all processes; what still waits fails."""
        for server in self._servers:
            server.cancel()
        await asyncio.gather(*self._servers, return_exceptions=True)
        self._servers = []
        for job in self._queue:
            _settle(job, DetectorUnavailable("Detection is shutting down."))
        self._queue.clear()
        await self._nursery.stop()

    def room(self, chunks: int) -> None:
        """Check that a call may queue so many chunks.

        Raises:
            DetectorUnavailable: the queue would overflow, or the pool isn't running.
        """
        if not self._servers:
            raise DetectorUnavailable("Detection is not running.")
        if self.waiting + chunks > self._settings.queue_limit:
            raise DetectorUnavailable(
                "Detection is overloaded.",
                hint="Retry, send less text, or raise detect.processes or detect.queue_limit.",
            )

    def submit(self, piece: Chunk, models: bool, place: int) -> asyncio.Future[Findings]:
        """Queue a chunk, the `place`-th that its call has to have analysed.

        Cancelling the future takes the chunk out of the queue.
        """
        loop = asyncio.get_running_loop()
        rank = loop.time() + place * _STEP_S
        job = _Job(rank, next(self._numbers), piece, models, loop.create_future())
        heapq.heappush(self._queue, job)
        self._work.set()
        return job.future

    async def _serve(self, process: DetectorProcess) -> None:
        """Feed one process, and its successors, for ever."""
        while True:
            watching = asyncio.create_task(self._wake_at_end(process))
            try:
                while batch := await self._next_batch(process):
                    await self._feed(process, batch)
            finally:
                watching.cancel()
                self._processes.remove(process)
                await process.stop()
            process = await self._replace()
            self._processes.append(process)

    async def _wake_at_end(self, process: DetectorProcess) -> None:
        """Have whoever waits for work notice that the process is gone."""
        await process.ended()
        self._work.set()

    async def _feed(self, process: DetectorProcess, batch: list[_Job]) -> None:
        """Have a batch analysed and hand out the answers."""
        jobs = [(job.chunk, job.models) for job in batch]
        try:
            answers = await process.analyse(jobs, self._settings.deadline_s)
        except DetectorUnavailable as error:
            for job in batch:
                _settle(job, error)
        except asyncio.CancelledError:
            for job in batch:
                _settle(job, DetectorUnavailable("Detection is shutting down."))
            raise
        else:
            for job, answer in zip(batch, answers, strict=True):
                _settle(job, answer)

    async def _next_batch(self, process: DetectorProcess) -> list[_Job]:
        """Wait for work; return the chunks that come first and fit into one batch.

        The batch is empty when the process has ended.
        """
        while process.alive:
            if process.knows != self._taught:
                await self._have_learn(process)
                continue
            batch: list[_Job] = []
            room = self._settings.chunk_chars
            while self._queue and len(batch) < _BATCH:
                if self._queue[0].future.done():
                    heapq.heappop(self._queue)  # cancelled while it waited
                elif not batch or len(self._queue[0].chunk.text) <= room:
                    batch.append(heapq.heappop(self._queue))
                    room -= len(batch[-1].chunk.text)
                else:
                    break
            if batch:
                return batch
            self._work.clear()
            await self._work.wait()
        return []

    async def _have_learn(self, process: DetectorProcess) -> None:
        with contextlib.suppress(DetectorUnavailable):  # it has ended then, and is replaced
            await process.learn(self._taught)

    async def _replace(self) -> DetectorProcess:
        """Start another process, however often it takes."""
        pause, longest = _RESTART_S
        while True:
            try:
                return await DetectorProcess.start(self._nursery)
            except DetectorUnavailable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)


def _settle(job: _Job, answer: Findings | DetectorUnavailable) -> None:
    """Give a job its answer, if anybody still waits for it."""
    if job.future.done():
        return
    if isinstance(answer, DetectorUnavailable):
        job.future.set_exception(answer)
    else:
        job.future.set_result(answer)
