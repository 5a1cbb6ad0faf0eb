"""How the proxy and a detector process speak: frames over a connection of two sockets.

A frame is its length (4 bytes, big-endian) and that many bytes of JSON. JSON escapes keep any
character that a Python string can hold. Bodies:

- to the process: ``[[text, start, end, models, language], …]``, one batch of chunks; or ``{"learn":
  …}``, what a customer knows (`knowledge/read.py`), instead of what was known before;
- from it, once: ``{"produced": [entity, …], "pid": its process id}``;
- from it, when it has learnt: ``{"learnt": true}``;
- from it, per batch: ``{"found": [[[entity, start, end, score, recognizer], …], …]}``, one item per
  chunk; for a chunk that couldn't be analysed the name of the exception's class instead. What went
  wrong travels by name only: messages may quote text.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

#: Bytes of the length before each body.
HEADER = 4
#: Longest body accepted, in bytes; a batch is far below it.
MAX_BODY = 64 * 1024 * 1024


def pack(body: Any) -> bytes:
    """Return one frame."""
    return framed(json.dumps(body, separators=(",", ":")).encode())


def framed(data: bytes) -> bytes:
    """Return one frame around JSON that is written already."""
    return len(data).to_bytes(HEADER, "big") + data


def body_length(header: bytes) -> int:
    """Return the length that a header announces.

    Raises:
        ValueError: the header is short or the length is over `MAX_BODY`.
    """
    length = int.from_bytes(header, "big")
    if len(header) != HEADER or length > MAX_BODY:
        raise ValueError("not a frame")
    return length


def unpack(body: bytes) -> Any:
    """Return the value in a frame's body.

    Raises:
        ValueError: the body isn't JSON.
    """
    return json.loads(body)


async def read(stream: asyncio.StreamReader) -> dict[str, Any]:
    """Wait for a frame that holds an object.

    Raises:
        EOFError: the other side is gone.
        ValueError: this isn't one.
    """
    header = await stream.readexactly(HEADER)
    answer = unpack(await stream.readexactly(body_length(header)))
    if not isinstance(answer, dict):
        raise ValueError("not an answer")  # noqa: TRY004  # one family for a broken protocol
    return answer
