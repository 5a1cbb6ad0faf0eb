"""The client: keep-alive connections, one request at a time on each, and when every byte came.

It reads just enough HTTP to know where an answer ends. Anything but a 200 stops the run: figures of
an error page are worthless.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from tests.bench.processes import Served

_STAMP = re.compile(rb'"created":(\d{10,})[,}]')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Reply:
    """One answer. Moments are nanoseconds of the monotonic clock, durations seconds.

    Attributes:
        pieces: what came in one read, and when.
    """

    asked: int
    pieces: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def raw(self) -> bytes:
        """Head and body as they came, chunk sizes included."""
        return b"".join(data for _, data in self.pieces)

    @property
    def seconds(self) -> float:
        """From asking to the last byte."""
        return (self.pieces[-1][0] - self.asked) / 1e9

    def delays(self) -> list[float]:
        """How long each event of a stream was under way, in order."""
        seen: dict[bytes, int] = {}
        text, done = b"", 0
        for moment, data in self.pieces:
            text += data
            for stamp in _STAMP.finditer(text, done):
                seen.setdefault(stamp[1], moment)
                done = stamp.end()
        return [(moment - int(stamp)) / 1e9 for stamp, moment in seen.items()]

    def first_event(self) -> float:
        """From asking to the first event of a stream."""
        text = b""
        for moment, data in self.pieces:
            text += data
            if _STAMP.search(text):
                return (moment - self.asked) / 1e9
        raise ValueError("a stream without events")


class Connection(asyncio.Protocol):
    """One connection; `ask` on it one request after another."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._reply = Reply(0)
        self._left: int | None = None  # bytes of the answer; None while that isn't known
        self._chunked = False
        self._done: asyncio.Future[Reply] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done and not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed before the answer's end"))

    def ask(self, request: bytes) -> asyncio.Future[Reply]:
        """Send one request; its reply once it is whole.

        Raises (from the future):
            RuntimeError: the status isn't 200.
        """
        self._left, self._chunked = None, False
        self._done = asyncio.get_running_loop().create_future()
        self._reply = Reply(time.monotonic_ns())
        self._transport.write(request)
        return self._done

    def data_received(self, data: bytes) -> None:
        self._reply.pieces.append((time.monotonic_ns(), data))
        if self._left is None and not self._chunked:
            data = self._read_head()
        if self._chunked:
            whole = data.endswith(b"0\r\n\r\n")
        elif self._left is not None:
            self._left -= len(data)
            whole = self._left <= 0
        else:
            return
        if whole and self._done:
            self._done.set_result(self._reply)

    def close(self) -> None:
        """Close it."""
        self._transport.close()

    def _read_head(self) -> bytes:
        """Learn how the body is delimited; gives what is here of the body."""
        head, found, body = self._reply.raw.partition(b"\r\n\r\n")
        if not found:
            return b""
        if self._done and not head.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError(f"not answered: {self._reply.raw[:600]!r}"))
            return b""
        length = _LENGTH.search(head)
        self._left = int(length[1]) if length else None
        self._chunked = length is None
        return body


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: a process that listens on loopback, and a key if it asks for one."""

    served: Served
    key: str = ""

    def request(self, body: bytes) -> bytes:
        """The whole request for this body."""
        key = f"Authorization: Bearer {self.key}\r\n" if self.key else ""
        return (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\n{key}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def ask_all(
    target: Target, bodies: Sequence[bytes], count: int, concurrency: int = 1
) -> tuple[list[Reply], float]:
    """Ask `count` times, the bodies in turn, from so many connections at once.

    Returns:
        The replies as they were finished, and the seconds that all of it took.
    """
    loop = asyncio.get_running_loop()
    requests = itertools.islice(itertools.cycle([target.request(body) for body in bodies]), count)
    replies: list[Reply] = []

    async def work(connection: Connection) -> None:
        for request in requests:
            reply = await connection.ask(request)
            replies.append(reply)

    connections = [
        (await loop.create_connection(Connection, "127.0.0.1", target.served.port))[1]
        for _ in range(concurrency)
    ]
    start = time.monotonic()
    try:
        await asyncio.gather(*map(work, connections))
    finally:
        for connection in connections:
            connection.close()
    return replies, time.monotonic() - start
