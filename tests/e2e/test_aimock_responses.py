"""Responses and Embeddings against an upstream that others wrote."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from openai import APIError

from proxy.detect.detector import Detector
from tests.e2e.aimock import Aimock
from tests.house import House, house

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


@pytest_asyncio.fixture
async def privet(tmp_path: Path, detector: Detector, aimock: Aimock) -> AsyncIterator[House]:
    async with house(tmp_path / "privet", detector, aimock.base_url) as running:
        yield running


def heard(aimock: Aimock) -> str:
    return json.dumps([call.body for call in aimock.journal()])


def plays(aimock: Aimock, response: dict[str, Any]) -> None:
    aimock.plays({"match": {"userMessage": "Please greet"}, "response": response})


async def test_plain_and_stored(privet: House, aimock: Aimock) -> None:
    plays(aimock, {"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    answer = await privet.client.responses.create(**ASK)
    assert answer.output_text == GREETING
    assert (await privet.client.responses.retrieve(answer.id)).output_text == GREETING
    assert "<PERSON_1>" in heard(aimock)
    assert "Hollander" not in heard(aimock)


async def test_stream(privet: House, aimock: Aimock) -> None:
    plays(aimock, {"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."})
    deltas = ""
    async with privet.client.responses.stream(**ASK) as stream:
        async for event in stream:
            deltas += event.delta if event.type == "response.output_text.delta" else ""
        final = await stream.get_final_response()
    assert deltas == final.output_text == GREETING
    assert "Hollander" not in heard(aimock)


@pytest.mark.parametrize("stream", [False, True])
async def test_tools(stream: bool, privet: House, aimock: Aimock) -> None:
    arguments = json.dumps({"to": "<EMAIL_ADDRESS_1>"})
    plays(aimock, {"toolCalls": [{"name": "send_mail", "arguments": arguments}]})
    if stream:
        async with privet.client.responses.stream(**ASK, tools=[TOOL]) as events:
            answer: Any = await events.get_final_response()
    else:
        answer = await privet.client.responses.create(**ASK, tools=[TOOL])
    (call,) = [item for item in answer.output if item.type == "function_call"]
    assert json.loads(call.arguments) == {"to": "jane@example.com"}
    assert "jane@example.com" not in heard(aimock)
    assert "Hollander" not in heard(aimock)


async def test_an_embedding(privet: House, aimock: Aimock) -> None:
    answer = await privet.client.embeddings.create(
        model="gpt-4o-mini", input="Jane Hollander's file"
    )
    assert answer.data[0].embedding
    assert "Hollander" not in heard(aimock)
    assert "<VALUE_" in heard(aimock)


async def test_chaos_ends_in_a_clear_error(privet: House, aimock: Aimock) -> None:
    plays(aimock, {"content": "Hello <PERSON_1>."})
    aimock.chaos(dropRate=1)
    with pytest.raises(APIError):
        await privet.client.responses.create(**ASK)
    assert (await privet.kinds())[-1] == "outcome"
