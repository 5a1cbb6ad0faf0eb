"""Anthropic Messages against an upstream that others wrote, chaos included."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from proxy.detect.detector import Detector
from tests.e2e.aimock import Aimock
from tests.house import House, house

GREETING = "Hello Jane Hollander, I wrote to jane@example.com."
ASK: Any = {
    "model": "gpt-4o-mini",
    "max_tokens": 500,
    "system": "You write for Jane Hollander.",
    "messages": [
        {"role": "user", "content": "Please greet Jane Hollander, jane@example.com."},
    ],
}
TOOL: Any = {
    "name": "send_mail",
    "description": "Send an e-mail to Jane Hollander",
    "input_schema": {"type": "object", "properties": {"to": {"type": "string"}}},
}
SAID = {"content": "Hello <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>."}


@pytest.fixture
async def privet(tmp_path: Path, detector: Detector, aimock: Aimock) -> AsyncIterator[House]:
    folder = tmp_path / "privet"
    async with house(folder, detector, aimock.base_url, cloud_type="anthropic") as running:
        yield running


def plays(aimock: Aimock, response: dict[str, Any], **more: Any) -> None:
    aimock.greets(response, chunkSize=3, **more)


def heard(aimock: Aimock) -> str:
    assert {call.path for call in aimock.journal()} == {"/v1/messages"}
    told = aimock.heard()
    assert "Hollander" not in told
    assert "jane@example.com" not in told
    return told


async def ask(privet: House, *, stream: bool, **more: Any) -> Any:
    if not stream:
        return await privet.anthropic.messages.create(**ASK, **more)
    async with privet.anthropic.messages.stream(**ASK, **more) as events:
        return await events.get_final_message()


@pytest.mark.parametrize("stream", [False, True])
async def test_text(privet: House, aimock: Aimock, stream: bool) -> None:
    plays(aimock, SAID)
    (block,) = (await ask(privet, stream=stream)).content
    assert block.text == GREETING
    assert "<PERSON_1>" in heard(aimock)


@pytest.mark.parametrize("stream", [False, True])
async def test_tools(privet: House, aimock: Aimock, stream: bool) -> None:
    arguments = json.dumps({"to": "<EMAIL_ADDRESS_1>"})
    plays(aimock, {"toolCalls": [{"name": "send_mail", "arguments": arguments}]})
    answer = await ask(privet, stream=stream, tools=[TOOL])
    assert (answer.content[0].input, answer.stop_reason) == ({"to": "jane@example.com"}, "tool_use")
    heard(aimock)


@pytest.mark.parametrize("stream", [False, True])
async def test_thinking_comes_back_word_for_word(
    privet: House, aimock: Aimock, stream: bool
) -> None:
    """What was signed is never restored; the text beside it is."""
    plays(aimock, {"reasoning": "A greeting, to <PERSON_1>.", "reasoningSignature": "c2ln", **SAID})
    answer = await ask(privet, stream=stream, thinking={"type": "enabled", "budget_tokens": 1024})
    thought, said = answer.content
    assert (thought.thinking, thought.signature) == ("A greeting, to <PERSON_1>.", "c2ln")
    assert said.type == "text"
    heard(aimock)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("dropRate", anthropic.InternalServerError),
        ("disconnectRate", anthropic.InternalServerError),
        ("malformedRate", anthropic.InternalServerError),
        ("rateLimitRate", anthropic.RateLimitError),
    ],
)
async def test_chaos_ends_in_a_clear_error_on_record(
    privet: House, aimock: Aimock, fault: str, error: type[Exception]
) -> None:
    plays(aimock, SAID)
    aimock.chaos(**{fault: 1})
    with pytest.raises(error):
        await ask(privet, stream=False)
    assert await privet.kinds() == ["intent", "outcome"]
    assert (await privet.records())[-1].opened.body["status"] == "failed"


async def test_a_stream_that_is_broken_off_ends_in_an_error(privet: House, aimock: Aimock) -> None:
    plays(aimock, SAID, truncateAfterChunks=4, latency=5)
    with pytest.raises(anthropic.APIStatusError):
        await ask(privet, stream=True)
    while await privet.kinds() != [
        "intent",
        "outcome",
    ]:  # the record is written after the last byte
        await asyncio.sleep(0)
    assert (await privet.records())[-1].opened.body["status"] == "failed"
    heard(aimock)
