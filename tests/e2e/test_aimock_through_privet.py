"""The chat stories once more, against an upstream that others wrote."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from openai import APIError, RateLimitError

from proxy.detect.detector import Detector
from tests.e2e.aimock import Aimock
from tests.house import House, house

ASK: Any = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Please greet Jane Hollander, jane@example.com."}],
}
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "send_mail",
        "description": "Send an e-mail",
        "parameters": {"type": "object", "properties": {"to": {"type": "string"}}},
    },
}


@pytest_asyncio.fixture
async def privet(tmp_path: Path, detector: Detector, aimock: Aimock) -> AsyncIterator[House]:
    async with house(tmp_path / "privet", detector, aimock.base_url) as running:
        yield running


def heard(aimock: Aimock) -> str:
    return json.dumps([call.body for call in aimock.journal()])


def plays(aimock: Aimock, response: dict[str, Any]) -> None:
    aimock.plays({"match": {"userMessage": "Please greet"}, "response": response})


async def test_plain(privet: House, aimock: Aimock) -> None:
    plays(aimock, {"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    answer = await privet.client.chat.completions.create(**ASK)
    content = answer.choices[0].message.content
    assert content == "Hello Jane Hollander, I wrote to jane@example.com."
    assert "<PERSON_1>" in heard(aimock)
    assert "Hollander" not in heard(aimock)


async def test_stream(privet: House, aimock: Aimock) -> None:
    plays(aimock, {"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    stream = await privet.client.chat.completions.create(**ASK, stream=True)
    text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
    assert text == "Hello Jane Hollander, I wrote to jane@example.com."
    assert "Hollander" not in heard(aimock)


@pytest.mark.parametrize("stream", [False, True])
async def test_tools(stream: bool, privet: House, aimock: Aimock) -> None:
    arguments = json.dumps({"to": "<EMAIL_ADDRESS_1>"})
    plays(aimock, {"toolCalls": [{"name": "send_mail", "arguments": arguments}]})
    if stream:
        chunks = await privet.client.chat.completions.create(**ASK, tools=[TOOL], stream=True)
        got = ""
        async for chunk in chunks:
            for choice in chunk.choices:
                for call in choice.delta.tool_calls or []:
                    got += (call.function and call.function.arguments) or ""
    else:
        answer = await privet.client.chat.completions.create(**ASK, tools=[TOOL])
        (call,) = answer.choices[0].message.tool_calls or []
        got = call.function.arguments  # type: ignore[union-attr]
    assert json.loads(got) == {"to": "jane@example.com"}
    assert "jane@example.com" not in heard(aimock)


async def test_a_rate_limit(privet: House, aimock: Aimock) -> None:
    aimock.fails_next(429, "slow down", "rate_limit_error")
    aimock.fails_next(429, "slow down", "rate_limit_error")
    with pytest.raises(RateLimitError):
        await privet.client.chat.completions.create(**ASK)
    assert await privet.kinds() == ["intent", "outcome"]


async def test_chaos_ends_in_a_clear_error(privet: House, aimock: Aimock) -> None:
    plays(aimock, {"content": "Hello <PERSON_1>."})
    aimock.chaos(dropRate=1)
    with pytest.raises(APIError):
        await privet.client.chat.completions.create(**ASK)
    assert (await privet.kinds())[-1] == "outcome"
