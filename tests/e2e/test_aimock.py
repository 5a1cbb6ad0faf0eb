"""The official SDK and aimock, with nothing between them: the ground the stories stand on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from tests.e2e.aimock import Aimock

HELLO: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
SAYS_HELLO = {
    "match": {"userMessage": "hello"},
    "response": {"content": "Hello <PERSON_1>, how is <PERSON_2>?"},
}
TOOL = {
    "type": "function",
    "function": {"name": "send_mail", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture
async def client(aimock: Aimock) -> AsyncIterator[openai.AsyncOpenAI]:
    url = aimock.base_url
    async with openai.AsyncOpenAI(base_url=url, api_key="any", max_retries=0) as client:
        yield client


async def test_a_plain_answer_is_journaled(aimock: Aimock, client: openai.AsyncOpenAI) -> None:
    aimock.plays(SAYS_HELLO)
    answer = await client.chat.completions.create(**HELLO)
    assert answer.choices[0].message.content == "Hello <PERSON_1>, how is <PERSON_2>?"
    (call,) = aimock.journal()
    assert (call.path, call.status) == ("/v1/chat/completions", 200)
    assert call.body["messages"] == HELLO["messages"]
    assert call.headers["content-type"] == "application/json"


async def test_a_stream(aimock: Aimock, client: openai.AsyncOpenAI) -> None:
    aimock.plays({**SAYS_HELLO, "chunkSize": 4})
    stream = await client.chat.completions.create(**HELLO, stream=True)
    texts = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    assert "".join(texts) == "Hello <PERSON_1>, how is <PERSON_2>?"
    assert not any("<PERSON_1>" in text for text in texts)


async def test_a_tool_call(aimock: Aimock, client: openai.AsyncOpenAI) -> None:
    arguments = {"to": "<EMAIL_ADDRESS_1>"}
    call = {"id": "call_1", "name": "send_mail", "arguments": arguments}
    aimock.plays(
        {"match": {"toolCallId": "call_1"}, "response": {"content": "Sent."}},
        {"match": {"userMessage": "hello"}, "response": {"toolCalls": [call]}},
    )
    asked = {**HELLO, "tools": [TOOL]}
    first = await client.chat.completions.create(**asked)
    calls = first.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert json.loads(calls[0].function.arguments) == arguments
    result = {"role": "tool", "tool_call_id": "call_1", "content": "ok"}
    said = first.choices[0].message.model_dump(exclude_none=True)
    asked["messages"] = [*HELLO["messages"], said, result]
    second = await client.chat.completions.create(**asked)
    assert second.choices[0].message.content == "Sent."


async def test_an_error_and_then_none(aimock: Aimock, client: openai.AsyncOpenAI) -> None:
    aimock.plays(SAYS_HELLO)
    aimock.fails_next(429, "slow down", "rate_limit_error")
    with pytest.raises(openai.RateLimitError, match="slow down"):
        await client.chat.completions.create(**HELLO)
    assert (await client.chat.completions.create(**HELLO)).choices
    assert [call.status for call in aimock.journal()] == [429, 200]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("dropRate", openai.InternalServerError),
        ("disconnectRate", openai.APIConnectionError),
        ("rateLimitRate", openai.RateLimitError),
    ],
)
async def test_chaos(
    aimock: Aimock, client: openai.AsyncOpenAI, fault: str, error: type[Exception]
) -> None:
    aimock.plays(SAYS_HELLO)
    aimock.chaos(**{fault: 1})
    with pytest.raises(error):
        await client.chat.completions.create(**HELLO)


async def test_a_truncated_stream(aimock: Aimock) -> None:
    aimock.plays({**SAYS_HELLO, "chunkSize": 4, "truncateAfterChunks": 4, "latency": 5})
    asked = {**HELLO, "stream": True}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{aimock.base_url}/chat/completions", json=asked) as response,
    ):
        assert (await response.content.readline()).startswith(b"data: {")
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


def test_the_lock_pins_digests_and_says_not_where_to_download() -> None:
    lock = json.loads(Path(__file__).with_name("package-lock.json").read_text())
    locked = [package for name, package in lock["packages"].items() if name]
    assert all(package["integrity"].startswith("sha512-") for package in locked)
    assert not any("resolved" in package for package in locked)


def test_every_test_finds_it_empty(aimock: Aimock) -> None:
    assert aimock.journal() == []


def test_a_control_call_that_is_refused_is_an_error(aimock: Aimock) -> None:
    with pytest.raises(RuntimeError, match="refused POST /chaos"):
        aimock.chaos(noSuchFault=1)
