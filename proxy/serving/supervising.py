"""`privet serve --workers N`: the parent of serving processes that share a port and the models.

Each worker is a process of its own, started afresh rather than forked: a fork would inherit the
parent's event loop and threads. The kernel spreads connections over them (SO_REUSEPORT). What they
share: the nursery that this parent owns, what any of them has found (so a conversation's next turn
has nothing but what is new in it analysed, whoever gets it), and files (policy, keys, the vault).
What they don't: audit slots, worker k writes slot k.

Invariants: a worker that ends by itself is replaced, and its successor puts that on record; after
SIGTERM each one drains, and none outlives this parent by more than its grace.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager

import orjson
import structlog
import uvloop

from proxy import admin, logs
from proxy.config import Configuration
from proxy.detect.processes.nursery import Nursery
from proxy.detect.shared import SharedFindings
from proxy.reporting import Report
from proxy.serving.notifying import READY, STOPPING, tell_manager
from proxy.serving.services import detect_settings
from proxy.serving.single import not_to_hang_up_yet, stop_signal
from proxy.serving.working import Order

#: Seconds between attempts to replace a worker: doubling, up to the last.
_RESTART_S = (0.1, 10.0)
#: How long a worker may take beyond its grace, and how long to answer a question, in seconds.
_STOP_S = 30.0
_ANSWER_S = 5.0
_MAX_LINE = 64 * 1024 * 1024

log = structlog.get_logger(__name__)


def run(configuration: Configuration, *, allow_shadow: bool = False) -> int:
    """Serve until SIGINT or SIGTERM, as `single.run` does, in several processes."""
    settings = configuration.settings
    logs.configure(settings.log_level, settings.log_format)
    not_to_hang_up_yet()
    return uvloop.run(supervise(configuration, allow_shadow=allow_shadow))


async def supervise(configuration: Configuration, *, allow_shadow: bool) -> int:
    """Keep the workers running until SIGINT or SIGTERM; SIGHUP is passed on. Returns the exit code.

    Raises:
        DetectorUnavailable: the models can't be loaded.
        OSError: the address can't be had.
    """
    settings = configuration.settings
    stop = stop_signal()
    nursery = Nursery(detect_settings(configuration))
    with (
        _reserved(*settings.address) as listen,
        closing(SharedFindings.create(settings.detect.cache_entries)) as shared,
    ):
        await nursery.start()
        order = Order(
            settings.at(listen),
            configuration.folder,
            nursery.control,
            shared.descriptor,
            shared.key,
            allow_shadow,
        )
        workers = [Worker(str(number), order) for number in range(settings.workers)]
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, workers)
        try:
            started = await asyncio.gather(*(worker.start() for worker in workers))
            if not all(started):
                return 2  # it has said why
            for worker in workers:
                worker.keep()
            async with _administering(workers, configuration):
                base_url = f"{workers[0].base_url}/v1"
                log.info("serving", base_url=base_url, workers=len(workers))
                tell_manager(READY)
                await stop.wait()
                log.info("stopping")
                tell_manager(STOPPING)
                await asyncio.gather(*(worker.stop() for worker in workers))
        finally:
            await asyncio.gather(*(worker.stop() for worker in workers))
            await nursery.stop()
    return 0


class Worker:
    """One slot's process, and its successors.

    Attributes:
        base_url: where it serves, once it does.
    """

    def __init__(self, slot: str, order: Order) -> None:
        self.slot = slot
        self.base_url = ""
        self._order = order
        self._process: asyncio.subprocess.Process | None = None
        self._reader = asyncio.StreamReader()
        self._writer: asyncio.StreamWriter | None = None
        self._asking = asyncio.Lock()
        self._unanswered = 0  # questions; answers come in their order
        self._keeping: asyncio.Task[None] | None = None
        self._report: Report | None = None
        self._before = Report.nothing()  # what processes that have ended had counted
        self._stopping = False
        self._serves = False
        self._hang_up = False  # once it serves

    async def start(self, ended: str = "") -> bool:
        """Start a process and wait until it serves, or ends instead; says which.

        Args:
            ended: how the one before it ended, which it puts on record.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            # Its own words go where ours go; the connection is its standard input.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "proxy.serving.working"),
                stdin=theirs.fileno(),
                pass_fds=[self._order.control, self._order.found],
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_MAX_LINE)
        self._reader, self._writer, self._unanswered = reader, writer, 0
        writer.write(self._order.line(self.slot, ended))
        said = b""
        with contextlib.suppress(ConnectionError):
            said = await reader.readline()
        if not said:
            writer.close()
            await self._process.wait()
            return False
        self.base_url = orjson.loads(said)["base_url"]
        self._serves = True
        if self._hang_up:
            self.hang_up()
        return True

    def keep(self) -> None:
        """From now on, replace the process whenever it ends by itself."""
        self._keeping = asyncio.create_task(self._keep())

    def hang_up(self) -> None:
        """Have it look at policies and certificates now, or as soon as it serves.

        Before that the signal would end it.
        """
        self._hang_up = not self._serves
        if self._serves and self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """Let it drain, and wait until it is gone."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(self._order.settings.limits.drain_s + _STOP_S):
                    await process.wait()
            except TimeoutError:
                log.error("a worker didn't end, and is killed", worker=self.slot)
                process.kill()
                await process.wait()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    async def report(self) -> Report:
        """Its own report, with what its predecessors had counted."""
        async with self._asking:
            answer = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(_ANSWER_S):
                    if self._writer is not None and not self._writer.is_closing():
                        self._writer.write(b"report\n")
                        self._unanswered += 1
                        answer = await self._last_answer()
            if not answer:
                last = self._report or Report.nothing()  # counts never fall
                return last.after(self._before).saying("the worker doesn't answer")
            self._report = Report.from_dict(orjson.loads(answer))
            return self._report.after(self._before)

    async def _last_answer(self) -> bytes:
        """The answer to the last question; those to earlier ones came too late for who asked."""
        answer = b""
        while self._unanswered:
            answer = await self._reader.readline()
            self._unanswered -= 1
        return answer

    async def _keep(self) -> None:
        pause, longest = _RESTART_S
        while self._process is not None:
            await self._process.wait()
            self._serves = False
            if self._stopping:
                return
            ended = _how(self._process)
            log.error("a worker ended by itself, and is replaced", worker=self.slot, how=ended)
            async with self._asking:
                self._before = (self._report or Report.nothing()).after(self._before)
                self._before = self._before.counting(("restarts", self.slot))
                self._report = None
                if self._writer is not None:
                    self._writer.close()
                serves = await self.start(ended)
            if serves:
                pause = _RESTART_S[0]
                continue
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)


def _how(process: asyncio.subprocess.Process) -> str:
    code = process.returncode or 0
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _reload(workers: list[Worker]) -> None:
    for worker in workers:
        worker.hang_up()


@contextmanager
def _reserved(host: str, port: int) -> Iterator[str]:
    """Hold an address that workers may listen on, and nobody of another user; gives it.

    It isn't listened on here, so no connection comes to this process.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((host, port))
        shown = f"[{host}]" if ":" in host else host
        yield f"{shown}:{held.getsockname()[1]}"


@asynccontextmanager
async def _administering(
    workers: list[Worker], configuration: Configuration
) -> AsyncIterator[None]:
    """The admin listener of all workers, if there is to be one; it is there while they drain."""
    address = configuration.settings.admin_address
    if address is None:
        yield
        return

    async def ask() -> Mapping[str, Report]:
        reports = await asyncio.gather(*(worker.report() for worker in workers))
        return {worker.slot: report for worker, report in zip(workers, reports, strict=True)}

    async with admin.listening(ask, *address) as base_url:
        log.info("administering", admin_url=base_url)
        yield
