"""The chat stories once more, against an upstream that others wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import APIError, RateLimitError

from tests.e2e.aimock import Aimock
from tests.house import House

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


async def test_plain(privet: House, aimock: Aimock) -> None:
    aimock.greets({"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    answer = await privet.client.chat.completions.create(**ASK)
    content = answer.choices[0].message.content
    assert content == "Hello Jane Hollander, I wrote to jane@example.com."
    assert "<PERSON_1>" in aimock.heard()
    assert "Hollander" not in aimock.heard()


async def test_stream(privet: House, aimock: Aimock) -> None:
    aimock.greets({"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    stream = await privet.client.chat.completions.create(**ASK, stream=True)
    text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
    assert text == "Hello Jane Hollander, I wrote to jane@example.com."
    assert "Hollander" not in aimock.heard()


@pytest.mark.parametrize("stream", [False, True])
async def test_tools(stream: bool, privet: House, aimock: Aimock) -> None:
    arguments = json.dumps({"to": "<EMAIL_ADDRESS_1>"})
    aimock.greets({"toolCalls": [{"name": "send_mail", "arguments": arguments}]})
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
    assert "jane@example.com" not in aimock.heard()


async def test_a_rate_limit(privet: House, aimock: Aimock) -> None:
    aimock.fails_next(429, "slow down", "rate_limit_error")
    aimock.fails_next(429, "slow down", "rate_limit_error")
    with pytest.raises(RateLimitError):
        await privet.client.chat.completions.create(**ASK)
    assert await privet.kinds() == ["intent", "outcome"]


async def test_chaos_ends_in_a_clear_error(privet: House, aimock: Aimock) -> None:
    aimock.greets({"content": "Hello <PERSON_1>."})
    aimock.chaos(dropRate=1)
    with pytest.raises(APIError):
        await privet.client.chat.completions.create(**ASK)
    assert (await privet.kinds())[-1] == "outcome"
