"""The simulator does what its transcripts say: one small test for each thing it can do."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from yarl import URL

from proxy.assistant import Reply
from tests.simulator import Simulator

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
STREAMED = {**ASKED, "stream": True}
TEXT = "Grüße an <PERSON_1>, <PERSON_2> 😀"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    url = simulator.base_url
    async with openai.AsyncOpenAI(base_url=url, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
async def http(simulator: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=simulator.base_url + "/") as session:
        yield session


async def streamed_text(client: openai.AsyncOpenAI) -> str:
    stream = await client.chat.completions.create(**STREAMED)
    return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])


async def raw_body(http: aiohttp.ClientSession, asked: dict[str, Any] = STREAMED) -> bytes:
    async with http.post("chat/completions", json=asked) as response:
        return await response.read()


async def received_before_the_break(http: aiohttp.ClientSession, asked: dict[str, Any]) -> bytes:
    """What arrives of a body that breaks off; fails if it doesn't."""
    received = b""
    async with http.post("chat/completions", json=asked) as response:
        try:
            async for piece in response.content.iter_any():
                received += piece
        except aiohttp.ClientPayloadError:
            return received
    pytest.fail("the body came to its end")


async def test_a_transcript_plays_in_order(
    simulator: Simulator, client: openai.AsyncOpenAI
) -> None:
    simulator.says("one", "two", finish="length")
    simulator.calls("send_mail", {"to": "<EMAIL_ADDRESS_1>"})
    simulator.refuses("I can't.")
    first = await client.chat.completions.create(**ASKED)
    assert [choice.message.content for choice in first.choices] == ["one", "two"]
    assert first.choices[0].finish_reason == "length"
    second = await client.chat.completions.create(**ASKED)
    assert second.choices[0].message.tool_calls is not None
    call = second.choices[0].message.tool_calls[0]
    assert call.type == "function"
    assert json.loads(call.function.arguments) == {"to": "<EMAIL_ADDRESS_1>"}
    third = await client.chat.completions.create(**ASKED)
    assert third.choices[0].message.refusal == "I can't."
    with pytest.raises(openai.InternalServerError, match="script is over"):
        await client.chat.completions.create(**ASKED)


async def test_the_journal_has_the_raw_request(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.says("x")
    simulator.says("x")
    body = json.dumps(ASKED, indent=3).encode()
    async with http.post("chat/completions?a=1", data=body, headers={"X-One": "1"}) as response:
        await response.read()

    async def in_chunks() -> AsyncIterator[bytes]:
        yield body[:5]
        yield body[5:]

    async with http.post("chat/completions", data=in_chunks()) as response:
        await response.read()
    first, second = simulator.journal
    assert (first.method, first.target) == ("POST", "/v1/chat/completions?a=1")
    assert first.body == second.body == body
    assert first.header("x-one") == "1"
    assert first.header("x-two") is None
    assert first.connection == second.connection == simulator.connections == 1


@pytest.mark.parametrize(
    ("framing", "body"),
    [(b"content-length: 9", b"abc"), (b"transfer-encoding: chunked", b"9\r\nabc")],
)
async def test_the_journal_has_what_came_of_a_broken_request(
    simulator: Simulator, framing: bytes, body: bytes
) -> None:
    url = URL(simulator.base_url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\n" + framing + b"\r\n\r\n" + body)
    writer.close()
    await simulator.heard(1)
    assert (simulator.journal[0].body, simulator.journal[0].complete) == (b"abc", False)


async def test_otherwise_answers_from_the_request(
    simulator: Simulator, client: openai.AsyncOpenAI
) -> None:
    simulator.otherwise(lambda asked: Reply(asked["messages"][-1]["content"].upper()))
    for _ in range(2):
        assert await streamed_text(client) == "HI"


async def test_models(simulator: Simulator, client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == simulator.models


async def test_usage_chunk(simulator: Simulator, client: openai.AsyncOpenAI) -> None:
    simulator.says("x")
    asked = {**STREAMED, "stream_options": {"include_usage": True}}
    stream = await client.chat.completions.create(**asked)
    last = [chunk async for chunk in stream][-1]
    assert last.usage is not None
    assert last.choices == []


async def test_errors(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.fails(429, "slow down", code="rate_limited", retry_after=0)
    simulator.fails(502, html="<h1>Bad gateway</h1>")
    async with http.post("chat/completions", json=STREAMED) as response:
        assert response.status == 429
        assert response.headers["retry-after"] == "0"
        error = (await response.json())["error"]
        assert (error["message"], error["code"]) == ("slow down", "rate_limited")
    async with http.post("chat/completions", json=ASKED) as response:
        assert (response.status, response.content_type) == (502, "text/html")
        assert await response.text() == "<h1>Bad gateway</h1>"


async def test_a_cut_at_any_offset(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.says("é <PERSON_1>").in_fragments(5)
    whole = await raw_body(http)
    assert whole.endswith(b"data: [DONE]\n\n")
    for at in range(0, len(whole) + 1, 97):
        simulator.says("é <PERSON_1>").in_fragments(5).cuts(at=at)
        assert await received_before_the_break(http, STREAMED) == whole[:at]


async def test_a_plain_answer_cut(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.says("hello").cuts(at=10)
    assert len(await received_before_the_break(http, ASKED)) == 10


async def test_half_an_event_then_drop(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.says("hello").cuts(at=37)
    received = await received_before_the_break(http, STREAMED)
    assert received.startswith(b"data: {")
    assert b"\n\n" not in received


async def test_byte_by_byte(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.says(TEXT).byte_by_byte()
    sizes = []
    async with http.post("chat/completions", json=STREAMED) as response:
        async for data, _ in response.content.iter_chunks():
            sizes.append(len(data))
    assert set(sizes) == {1}
    assert sum(sizes) > 1000


async def test_a_pause_lasts_until_the_event(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    release = asyncio.Event()
    scene = simulator.says("hello").waits(release, at=20)
    async with http.post("chat/completions", json=STREAMED) as response:
        assert len(await response.content.readexactly(20)) == 20
        await scene.paused.wait()
        rest = asyncio.create_task(response.content.read())
        assert not (await asyncio.wait({rest}, timeout=0))[0]
        release.set()
        assert (await rest).endswith(b"[DONE]\n\n")


async def test_waiting_before_the_status_line_and_a_client_that_leaves(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    scene = simulator.says("hello").waits(asyncio.Event())
    request = asyncio.create_task(raw_body(http))
    await simulator.heard(1)
    await scene.paused.wait()
    assert not scene.abandoned.is_set()
    request.cancel()
    async with asyncio.timeout(10):
        await scene.abandoned.wait()


@pytest.mark.parametrize("after_headers", [False, True])
async def test_dropped_connections(
    simulator: Simulator, http: aiohttp.ClientSession, *, after_headers: bool
) -> None:
    if after_headers:
        simulator.says("x").cuts(at=0)
        assert await received_before_the_break(http, STREAMED) == b""
    else:
        simulator.drops()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await raw_body(http)
    assert len(simulator.journal) == 1


async def test_redirects_and_whether_they_were_followed(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.redirects()
    async with http.post("chat/completions", json=ASKED, allow_redirects=False) as response:
        assert response.status == 307
    assert not simulator.followed
    simulator.redirects()
    await raw_body(http)
    assert simulator.followed
    assert simulator.journal[-1].json == STREAMED


async def test_cookies(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.says("x").with_header("set-cookie", "sid=1; Path=/")
    async with http.post("chat/completions", json=ASKED) as response:
        assert response.cookies["sid"].value == "1"


@pytest.mark.parametrize("asked", [ASKED, STREAMED])
async def test_gzip(
    simulator: Simulator, http: aiohttp.ClientSession, asked: dict[str, Any]
) -> None:
    simulator.says("hello").gzipped()
    async with http.post("chat/completions", json=asked) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert b'"chatcmpl-' in await response.read()


async def test_a_gzip_bomb_is_small_on_the_wire(simulator: Simulator) -> None:
    simulator.bombs(megabytes=2)
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.post(f"{simulator.base_url}/chat/completions", json=ASKED) as response,
    ):
        packed = await response.read()
    assert len(packed) < 20_000
    assert len(gzip.decompress(packed)) > 2 * 2**20


@pytest.mark.parametrize("asked", [ASKED, STREAMED])
async def test_a_body_without_end(
    simulator: Simulator, http: aiohttp.ClientSession, asked: dict[str, Any]
) -> None:
    scene = simulator.never_ends()
    async with http.post("chat/completions", json=asked) as response:
        assert len(await response.content.readexactly(300_000)) == 300_000
        response.close()
    async with asyncio.timeout(10):
        await scene.abandoned.wait()


async def test_a_length_that_is_a_lie(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.sends(b"{}").claims_length(3)
    assert await received_before_the_break(http, ASKED) == b"{}"
    simulator.sends(b"{}").claims_length(1)
    url = URL(simulator.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
    response = await reader.read()
    assert b"\r\ncontent-length: 1\r\n" in response
    assert response.endswith(b"\r\n\r\n{}")
    writer.close()


async def test_a_huge_header(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.says("x").with_header("x-huge", "a" * 100_000)
    with pytest.raises(aiohttp.ClientResponseError, match=r"(?i)header|got more than"):
        await raw_body(http, ASKED)


@pytest.mark.parametrize(
    "changes",
    [
        {"newline": "\r\n"},
        {"comment": "keep-alive"},
        {"space": False},
        {"many_lines": True},
        {"name": "message"},
        {"done": False},
        {"newline": "\r\n", "comment": "ping", "many_lines": True},
    ],
)
async def test_framings_mean_the_same(
    simulator: Simulator, client: openai.AsyncOpenAI, changes: dict[str, Any]
) -> None:
    simulator.says(TEXT).framed(**changes)
    assert await streamed_text(client) == TEXT


async def test_any_bytes(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.sends(b"data: \xff\n\n", content_type="text/event-stream")
    assert await raw_body(http) == b"data: \xff\n\n"
