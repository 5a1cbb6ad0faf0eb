"""Responses and Embeddings against an upstream that others wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import APIError

from tests.e2e.aimock import Aimock
from tests.house import House

ASK: Any = {
    "model": "gpt-4o-mini",
    "input": "Please greet Jane Hollander, jane@example.com.",
}
TOOL: Any = {
    "type": "function",
    "name": "send_mail",
    "description": "Send an e-mail to Jane Hollander",
    "parameters": {"type": "object", "properties": {"to": {"type": "string"}}},
    "strict": False,
}
GREETING = "Hello Jane Hollander, I wrote to jane@example.com."


async def test_plain_and_stored(privet: House, aimock: Aimock) -> None:
    aimock.greets({"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    answer = await privet.client.responses.create(**ASK)
    assert answer.output_text == GREETING
    assert (await privet.client.responses.retrieve(answer.id)).output_text == GREETING
    assert "<PERSON_1>" in aimock.heard()
    assert "Hollander" not in aimock.heard()


async def test_stream(privet: House, aimock: Aimock) -> None:
    aimock.greets({"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    deltas = ""
    async with privet.client.responses.stream(**ASK) as stream:
        async for event in stream:
            deltas += event.delta if event.type == "response.output_text.delta" else ""
        final = await stream.get_final_response()
    assert deltas == final.output_text == GREETING
    assert "Hollander" not in aimock.heard()


@pytest.mark.parametrize("stream", [False, True])
async def test_tools(stream: bool, privet: House, aimock: Aimock) -> None:
    arguments = json.dumps({"to": "<EMAIL_ADDRESS_1>"})
    aimock.greets({"toolCalls": [{"name": "send_mail", "arguments": arguments}]})
    if stream:
        async with privet.client.responses.stream(**ASK, tools=[TOOL]) as events:
            answer: Any = await events.get_final_response()
    else:
        answer = await privet.client.responses.create(**ASK, tools=[TOOL])
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"to": "jane@example.com"}
    assert "jane@example.com" not in aimock.heard()
    assert "Hollander" not in aimock.heard()


async def test_an_embedding(privet: House, aimock: Aimock) -> None:
    answer = await privet.client.embeddings.create(
        model="gpt-4o-mini", input="Jane Hollander's file"
    )
    assert answer.data[0].embedding
    assert "Hollander" not in aimock.heard()
    assert "<VALUE_" in aimock.heard()


async def test_chaos_ends_in_a_clear_error(privet: House, aimock: Aimock) -> None:
    aimock.greets({"content": "Hello <PERSON_1>."})
    aimock.chaos(dropRate=1)
    with pytest.raises(APIError):
        await privet.client.responses.create(**ASK)
    assert (await privet.kinds())[-1] == "outcome"
