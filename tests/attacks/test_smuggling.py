"""Request smuggling: bytes that two HTTP parsers may part differently are no request at all.

Each attack is sent on a raw socket with a second, valid request behind it. Read as its sender hopes,
that one would be answered too, or stand inside the first one's body. Here the connection gets
one refusal and ends, and the provider hears of neither. RFC 9112, sections 2.2, 3, 5, 6, 7 and 11.2.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.house import House
from tests.raw import exchange
from tests.simulator import Simulator

BODY = json.dumps(
    {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
).encode()
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
IN_CHUNKS = b"Transfer-Encoding: chunked\r\n"
START = b"POST /v1/chat/completions HTTP/1.1\r\n"


def request(privet: House, fields: bytes, body: bytes, start: bytes = START) -> bytes:
    return (
        start
        + b"Host: privet\r\nContent-Type: application/json\r\nAuthorization: Bearer "
        + privet.key.encode()
        + b"\r\n"
        + fields
        + b"\r\n"
        + body
    )


def good(privet: House) -> bytes:
    return request(privet, b"Connection: close\r\n" + LENGTH, BODY)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", answer)]


def chunk(head: bytes, after: bytes = b"\r\n") -> bytes:
    """The body in one chunk that begins and ends like this."""
    return head + BODY + after + b"0\r\n\r\n"


SIZE = b"%x" % len(BODY)
AMBIGUOUS: dict[str, tuple[bytes, bytes]] = {  # header fields, body
    "length and chunks": (b"Content-Length: 4\r\n" + IN_CHUNKS, CHUNKS),
    "chunks and length": (IN_CHUNKS + b"Content-Length: 4\r\n", CHUNKS),
    "two lengths": (b"Content-Length: 4\r\n" + LENGTH, BODY),
    "one length twice": (LENGTH * 2, BODY),
    "a list of lengths": (LENGTH.replace(b"\r\n", b", 4\r\n"), BODY),
    "a length with a sign": (LENGTH.replace(b": ", b": +"), BODY),
    "a negative length": (b"Content-Length: -1\r\n", BODY),
    "a length in hex": (b"Content-Length: 0x10\r\n", BODY),
    "a length with an underscore": (b"Content-Length: 1_0\r\n", BODY),
    "a length in other digits": ("Content-Length: \u0661\u0660\r\n".encode(), BODY),
    "two numbers as length": (b"Content-Length: 1 0\r\n", BODY),
    "no number as length": (b"Content-Length: \r\n", BODY),
    "a length beyond 64 bits": (b"Content-Length: " + b"9" * 30 + b"\r\n", BODY),
    "another coding": (b"Transfer-Encoding: xchunked\r\n", CHUNKS),
    "a coding that isn't undone": (b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    "identity before chunks": (b"Transfer-Encoding: identity, chunked\r\n", CHUNKS),
    "chunks not last": (b"Transfer-Encoding: chunked, identity\r\n", CHUNKS),
    "chunks twice": (b"Transfer-Encoding: chunked, chunked\r\n", CHUNKS),
    "two codings in two fields": (b"Transfer-Encoding: identity\r\n" + IN_CHUNKS, CHUNKS),
    "a coding in quotes": (b'Transfer-Encoding: "chunked"\r\n', CHUNKS),
    "a coding with a parameter": (b"Transfer-Encoding: chunked;q=1\r\n", CHUNKS),
    "a coding behind a vertical tab": (b"Transfer-Encoding: \x0bchunked\r\n", CHUNKS),
    "a space before the colon": (b"Transfer-Encoding : chunked\r\n", CHUNKS),
    "a tab before the colon": (b"Content-Length\t: %d\r\n" % len(BODY), BODY),
    "a folded line": (b"X-Note: one\r\n two\r\n" + LENGTH, BODY),
    "a folded length": (b"Content-Length:\r\n %d\r\n" % len(BODY), BODY),
    "a folded coding": (b"Transfer-Encoding:\r\n\tchunked\r\n", CHUNKS),
    "a bare line feed": (b"X-Note: one\n" + LENGTH, BODY),
    "a bare carriage return": (b"X-Note: one\rX-More: two\r\n" + LENGTH, BODY),
    "a bare line feed at the end": (LENGTH[:-2] + b"\n", BODY),
    "a control character": (b"X-Note: one\x01two\r\n" + LENGTH, BODY),
    "a bracket in a name": (b"X(Note: one\r\n" + LENGTH, BODY),
    "a letter beyond ASCII in a name": ("X-N\u00f6te: one\r\n".encode() + LENGTH, BODY),
    "a second host": (b"Host: elsewhere\r\n" + LENGTH, BODY),
    "chunks that end in line feeds": (IN_CHUNKS, SIZE + b"\n" + BODY + b"\n0\n\n"),
    "a line feed in a chunk's extension": (IN_CHUNKS, chunk(SIZE + b";a\nb\r\n")),
    "a chunk's size with a prefix": (IN_CHUNKS, chunk(b"0x" + SIZE + b"\r\n")),
    "a chunk's size with a sign": (IN_CHUNKS, chunk(b"+" + SIZE + b"\r\n")),
    "a negative chunk": (IN_CHUNKS, chunk(b"-" + SIZE + b"\r\n")),
    "a space after a chunk's size": (IN_CHUNKS, chunk(SIZE + b" \r\n")),
    "a chunk beyond 64 bits": (IN_CHUNKS, chunk(b"f" * 17 + b"\r\n")),
    "a chunk longer than it says": (IN_CHUNKS, chunk(SIZE + b"\r\n", b"XX")),
    "a length in the trailer": (IN_CHUNKS, CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n"),
}
LINES: dict[str, bytes] = {
    "HTTP/2": b"POST /v1/chat/completions HTTP/2.0\r\n",
    "HTTP/1.2": b"POST /v1/chat/completions HTTP/1.2\r\n",
    "no version": b"POST /v1/chat/completions\r\n",
    "a method in lower case": b"post /v1/chat/completions HTTP/1.1\r\n",
    "a space in the target": b"POST /v1/chat/completions x HTTP/1.1\r\n",
    "a field before the first": START + b" X-Note: one\r\n",
}


async def test_nobody_hears_of_a_request_behind_an_ambiguous_one(
    privet: House, simulator: Simulator
) -> None:
    for how, (fields, body) in AMBIGUOUS.items():
        answer = await exchange(privet, request(privet, fields, body) + good(privet))
        assert statuses(answer) in ([400], [501]), how
    assert simulator.journal == []
    assert await privet.kinds() == []


async def test_nobody_hears_of_a_request_behind_a_line_that_is_none(
    privet: House, simulator: Simulator
) -> None:
    for how, line in LINES.items():
        answer = await exchange(privet, request(privet, LENGTH, BODY, line) + good(privet))
        assert statuses(answer) == [400], how
    assert simulator.journal == []


async def test_chunks_are_not_for_http_1_0(privet: House, simulator: Simulator) -> None:
    start = START.replace(b"1.1", b"1.0")
    answer = await exchange(privet, request(privet, IN_CHUNKS, CHUNKS, start) + good(privet))
    assert statuses(answer) == [400]
    assert simulator.journal == []


async def test_a_body_is_never_read_as_a_request(privet: House, simulator: Simulator) -> None:
    """Whatever becomes of a request, its body is its body."""
    lines = {
        b"GET /v1/models HTTP/1.1\r\n": 200,
        b"GET /v1/chat/completions HTTP/1.1\r\n": 405,
        b"POST /v1/nowhere HTTP/1.1\r\n": 404,
    }
    inside = good(privet)
    length = b"Content-Length: %d\r\n" % len(inside)
    asked = {request(privet, length, inside, line): status for line, status in lines.items()}
    asked[request(privet, length, inside).replace(b"Authorization", b"X-Authorization", 1)] = 401
    behind = b"GET /v1/models HTTP/1.1\r\nHost: privet\r\nConnection: close\r\n\r\n"
    for first, status in asked.items():
        assert statuses(await exchange(privet, first + behind)) == [status, 401]
    assert simulator.journal == []


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (LENGTH, BODY),
        (LENGTH.replace(b": ", b": 000"), BODY),
        (IN_CHUNKS, CHUNKS),
        (IN_CHUNKS, chunk(SIZE + b";name=value\r\n")),
        (b"Transfer_Encoding: chunked\r\n" + LENGTH, BODY),
    ],
)
async def test_what_every_parser_parts_alike_is_served(
    fields: bytes, body: bytes, privet: House, simulator: Simulator
) -> None:
    simulator.says("One.")
    simulator.says("Two.")
    answer = await exchange(privet, request(privet, fields, body) + good(privet))
    assert statuses(answer) == [200, 200]
    assert [heard.json["messages"][0]["content"] for heard in simulator.journal] == ["hi", "hi"]
    assert b"One." in answer
    assert b"Two." in answer
