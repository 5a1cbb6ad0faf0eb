"""A Privet that is hurt on purpose: what a cell of the fault matrix is told with.

    async with hurting(tmp_path, detector, simulator) as hurt:
        hurt.disk.fails(errno.ENOSPC)
        await hurt.refused(503, "audit_unavailable")
        assert await hurt.kinds() == []

Whatever a cell does, at its end the provider has seen no planted value, the log verifies, and no task,
connection or open file is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from audit.record import Kind
from proxy.detect.detector import Detector
from proxy.identity.keys import create_key
from proxy.reporting import OK, report
from proxy.server import listening
from proxy.serving.audit_settings import open_audit_log
from proxy.serving.services import running
from tests.house import House, write_configuration
from tests.promises.planted import INTRODUCTION, leaks
from tests.simulator import Simulator
from tests.speakers import SPEAKERS, Speaker, Told, kinds_of

CHAT = "Chat Completions"
BODY = b'{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "I am Jane Hollander"}]}'
STREAM = BODY.replace(b'"messages"', b'"stream": true, "messages"')
#: Over pipeline.LONG_BODY_BYTES: its stages run in a thread, so something can happen meanwhile.
LONG = INTRODUCTION + " Nothing more is said here." * 3_000


class Disk:
    """The audit disk: `os.fdatasync`, from a call on (the first is the intent's, then come others)."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._real, self._loop = os.fdatasync, asyncio.get_running_loop()
        self._calls = 0
        self._bad: tuple[int, int] | None = None
        self._slow: int | None = None
        self._gate = threading.Event()
        self.held = asyncio.Event()
        patch.setattr(os, "fdatasync", self._sync)

    def fails(self, code: int, *, after: int = 0) -> None:
        """It fails from now on, but for the next `after` syncs."""
        self._calls, self._bad = 0, (code, after)

    def holds(self, *, after: int = 0) -> None:
        """It takes as long as `release` is not called, but for the next `after` syncs."""
        self._calls, self._slow = 0, after
        self._gate.clear()
        self.held.clear()

    def release(self) -> None:
        """All is well again."""
        self._bad = self._slow = None
        self._gate.set()

    def _sync(self, descriptor: int) -> None:
        self._calls += 1
        if self._bad is not None and self._calls > self._bad[1]:
            raise OSError(self._bad[0], os.strerror(self._bad[0]))
        if self._slow is not None and self._calls > self._slow:
            self._loop.call_soon_threadsafe(self.held.set)
            self._gate.wait()
        self._real(descriptor)


class Gate:
    """Holds up a stage that runs in a thread."""

    def __init__(self, stage: Callable[..., Any]) -> None:
        self._stage, self._loop = stage, asyncio.get_running_loop()
        self._open = threading.Event()
        self.reached = asyncio.Event()

    def release(self) -> None:
        self._open.set()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            self._loop.call_soon_threadsafe(self.reached.set)
            self._open.wait()
        return self._stage(*arguments, **named)


@dataclass
class Hurt:
    """One Privet, its provider, its detector and its disk."""

    privet: House
    simulator: Simulator
    detector: Detector
    disk: Disk
    patch: pytest.MonkeyPatch
    speaker: Speaker
    _listening: AsyncExitStack
    asking: set[asyncio.Task[Any]] = field(default_factory=set)

    async def ask(self, *, stream: bool = False, said: str = INTRODUCTION) -> Told:
        return await self.speaker.ask(self.privet, said, stream=stream)

    async def answered(self, *, stream: bool = False) -> None:
        """All is well: an answer comes, whole."""
        self.simulator.says("Dear <PERSON_1>")
        assert (await self.ask(stream=stream)).texts == ["Dear Jane Hollander"]

    def begin(self, *, stream: bool = False, said: str = INTRODUCTION) -> asyncio.Task[Told]:
        """Ask, and do something else meanwhile."""
        task = asyncio.create_task(self.ask(stream=stream, said=said))
        self.asking.add(task)
        return task

    async def refused(
        self, status: int, code: str, asking: asyncio.Task[Told] | None = None, **asked: Any
    ) -> None:
        """What was asked ends in an error that the official SDK raises, without a planted value."""
        with pytest.raises(self.speaker.sdk.APIStatusError) as caught:
            await (asking or self.ask(**asked))
        failure = caught.value
        body = failure.response.json()["error"]
        assert failure.status_code == status, body
        assert code in kinds_of(failure), body
        assert body["message"]
        assert leaks(failure.response.content) == []

    async def broken(self, asking: asyncio.Task[Told]) -> None:
        """A stream ends in an error event that the official SDK raises."""
        with pytest.raises(self.speaker.sdk.APIError) as caught:
            await asking
        assert not isinstance(caught.value, self.speaker.sdk.APIConnectionError), "it was cut"

    async def leaves(self, asking: asyncio.Task[Told]) -> None:
        """The client hangs up."""
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = urlsplit(self.privet.root)
        return await asyncio.open_connection(address.hostname, address.port)

    async def invited(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection whose request was taken, and that has sent some of `BODY`."""
        reader, writer = await self.connect()
        head = self.head(len(BODY)).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        writer.write(head)
        await reader.readuntil(b"100 Continue\r\n\r\n")
        writer.write(BODY[:-9])
        return reader, writer

    @contextmanager
    def deaf(self, body: bytes) -> Iterator[socket.socket]:
        """A client that has asked, and reads nothing."""
        address = urlsplit(self.privet.root)
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((address.hostname, address.port))
            client.sendall(self.head(len(body)) + body)
            yield client

    @staticmethod
    def taken(client: socket.socket) -> int:
        """How many bytes such a client finds when it reads after all, until it has been cut off."""
        taken = 0
        with contextlib.suppress(ConnectionError):
            while some := client.recv(65_536):
                taken += len(some)
        return taken

    def head(self, length: int) -> bytes:
        """A request for Chat Completions up to its body."""
        return (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.privet.key}\r\nContent-Length: {length}\r\n"
            "Connection: close\r\n\r\n"
        ).encode()

    async def kinds(self) -> list[str]:
        return await self.privet.kinds()

    async def recorded(self, *kinds: str) -> None:
        """Wait until these are the records, and durable; they follow a client's leaving."""
        recorder = self.privet.services.recorder
        async with asyncio.timeout(30):
            while await self.kinds() != list(kinds) or recorder.backlog.waiting:
                await asyncio.sleep(0.005)

    async def ended(self) -> tuple[str, str]:
        """Wait until every intent has its outcome; how the newest ended."""
        async with asyncio.timeout(30):
            while (kinds := Counter(await self.kinds()))["intent"] != kinds["outcome"]:
                await asyncio.sleep(0.005)
        return await self.ending()

    async def ending(self) -> tuple[str, str]:
        """Status and code of the newest outcome or refusal."""
        records = [
            r for r in await self.privet.records() if r.opened.kind.name in ("OUTCOME", "REFUSAL")
        ]
        body: Any = records[-1].opened.body
        return str(body["status"]), str(body["code"])

    async def counted(self, status: str) -> None:
        """Wait until a request has ended so."""
        async with asyncio.timeout(30):
            while not any(key[2] == status for key in self._requests()):
                await asyncio.sleep(0.005)

    def _requests(self) -> list[tuple[str, ...]]:
        return [key for key in self.privet.services.counts if key[0] == "requests"]

    async def ready_says(self, **checks: str) -> None:
        """What `/readyz` has to say of some checks."""
        said = (await report(self.privet.services)).checks
        assert checks.items() <= said.items(), said

    async def disk_answers(self) -> None:
        """Wait until the disk does: what it did too late has been taken back by then."""
        async with asyncio.timeout(30):
            while (await report(self.privet.services)).checks["audit"] != OK:
                await asyncio.sleep(0.005)

    async def ready(self) -> None:
        """Wait until it is ready again."""
        async with asyncio.timeout(30):
            while not (await report(self.privet.services)).ready:
                await asyncio.sleep(0.005)

    def stop(self) -> asyncio.Task[None]:
        """What SIGTERM sets off."""
        return asyncio.create_task(self._listening.aclose())


@asynccontextmanager
async def hurting(
    folder: Path,
    detector: Detector,
    simulator: Simulator,
    *,
    dialect: str = CHAT,
    extra: str = "",
    settings: dict[str, str] | None = None,
) -> AsyncIterator[Hurt]:
    """Start one; arguments as for `write_configuration`."""
    before = _left_over()
    speaker = SPEAKERS[dialect]
    kind = speaker.provider
    configuration = write_configuration(
        folder, simulator.base_url, extra=extra, settings=settings, cloud_type=kind
    )
    key, _ = create_key(folder / "keys.yaml", "support", "desk")
    with pytest.MonkeyPatch.context() as patch:
        async with running(configuration, detector) as services, AsyncExitStack() as open_door:
            limits = configuration.settings.limits
            root = await open_door.enter_async_context(listening(services, limits, "127.0.0.1", 0))
            async with (
                AsyncOpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0) as client,
                AsyncAnthropic(base_url=root, api_key=key, max_retries=0) as anthropic,
            ):
                privet = House(root, key, client, anthropic, folder, services)
                disk = Disk(patch)
                hurt = Hurt(privet, simulator, detector, disk, patch, speaker, open_door)
                try:
                    yield hurt
                finally:
                    disk.release()
                    for task in hurt.asking:
                        task.cancel()
                    await asyncio.gather(*hurt.asking, return_exceptions=True)
    for heard in simulator.journal:
        assert leaks(heard.body) == []
    # A restart closes what was left open.
    await open_audit_log(configuration).close()
    intents = [r for r in privet.on_disk() if r.opened.kind is Kind.INTENT]
    outcomes = [r for r in privet.on_disk() if r.opened.kind is Kind.OUTCOME]
    assert len(intents) == len(outcomes)
    assert (await privet.verify()).findings == []
    async with asyncio.timeout(30):
        while any((_left_over() - before).values()):
            await asyncio.sleep(0.005)


def _left_over() -> Counter[str]:
    """Tasks, and what is open, by kind."""
    tasks = (task for task in asyncio.all_tasks() if task is not asyncio.current_task())
    found = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found[str(descriptor.readlink()).partition("[")[0]] += 1
        except FileNotFoundError:
            continue  # the one that lists them
    return found
