"""HTTP by hand: what no client library would send, and the answer as it came."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from tests.house import House


async def exchange(privet: House, sent: bytes) -> bytes:
    """Everything that comes back until Privet hangs up."""
    address = urlsplit(privet.root)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    return answer


def split(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, header fields by lower-case name, body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *fields = head.decode("latin-1").split("\r\n")
    pairs = (field.partition(": ") for field in fields)
    return int(status_line.split(" ")[1]), {name.lower(): value for name, _, value in pairs}, body
