"""The canned provider: as little work as an answer over HTTP can be.

It reads Content-Length and whether a stream is asked for, and looks at nothing else. The answer
names `<PERSON_1>` and `<EMAIL_ADDRESS_1>`, so restoring has work to do. Each event of a stream
carries the moment at which it was sent, in `created`: nanoseconds of the monotonic clock, which
all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from typing import cast

import orjson
import uvloop

from tests.bench.conversations import MODEL

#: Events of a stream, and seconds from one to the next.
EVENTS = 40
GAP_S = 0.002

_TEXT = (
    "Thank you, <PERSON_1>. I have sent the summary to <EMAIL_ADDRESS_1>; it lists the new phone "
    "number, the side entrance, the refund and the chair. <PERSON_1>'s case stays open until the "
    "parcel has arrived, and you can answer to the summary at any time. Is there anything else?"
)
_ID = "chatcmpl-benchbenchbenchbenchbenchbe"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n\r\n"


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._received.clear()
        if b'"stream":true' in body:
            kind, framing = b"text/event-stream", b"Transfer-Encoding: chunked"
            self._transport.write(_HEAD % (kind, framing))
            self._sent = 0
            self._next_event()
        else:
            framing = b"Content-Length: %d" % len(ANSWER)
            self._transport.write(_HEAD % (b"application/json", framing) + ANSWER)

    def _next_event(self) -> None:
        if self._transport.is_closing():
            return
        if self._sent == EVENTS:
            self._transport.write(_chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n")
            return
        event = _EVENTS[self._sent] % time.monotonic_ns()
        self._transport.write(_chunked(event))
        self._sent += 1
        asyncio.get_running_loop().call_later(GAP_S, self._next_event)


def _content_length(head: bytearray) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise ValueError("a request without Content-Length")


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _answer() -> bytes:
    message: dict[str, object] = {
        "role": "assistant",
        "content": _TEXT,
        "refusal": None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1000, "completion_tokens": 70, "total_tokens": 1070}
    answer = {"id": _ID, "object": "chat.completion", "created": 1_767_225_600, "model": MODEL}
    return orjson.dumps(answer | {"choices": [choice], "usage": usage})


def _events() -> list[bytes]:
    """The events, each with a gap for its moment; placeholders are cut in two by some of them."""
    pieces = EVENTS - 1
    edges = [len(_TEXT) * place // pieces for place in range(pieces + 1)]
    deltas = [{"content": _TEXT[a:b]} for a, b in itertools.pairwise(edges)]
    events = []
    for delta, finish in [*((delta, None) for delta in deltas), ({}, "stop")]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {"id": _ID, "object": "chat.completion.chunk", "created": 0, "model": MODEL}
        text = orjson.dumps(chunk | {"choices": [choice]}).replace(b"%", b"%%")
        events.append(b"data: " + text.replace(b'"created":0', b'"created":%d') + b"\n\n")
    return events


#: The body of an answer that isn't a stream.
ANSWER = _answer()
_EVENTS = _events()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started us closes it


if __name__ == "__main__":
    uvloop.run(_serve())
