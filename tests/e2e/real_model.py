"""A real model behind Privet: conversations and streams in three protocols.

Not collected by itself: `make e2e-model` installs the model first. It has 135 million parameters, so
nothing is asked of what it says but that it repeats a line when told to, and gets a bracket wrong now
and then, as models do; and what it is told holds no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from proxy.detect.detector import Detector
from tests.e2e import llama
from tests.house import House, house

MODEL = "gpt-4o-mini"
NAME, MAIL = "Jane Hollander", "jane.hollander@example.com"
TURNS = (
    f"My name is {NAME} and my address is {MAIL}. Say hello to me by my name.",
    f"Write one sentence to {NAME}.",
    f"What is the address of {NAME}?",
)
ECHO: Any = [
    {"role": "user", "content": f"Repeat this line, word for word: {NAME} has written to {MAIL}."}
]
_TOKEN = re.compile(r"(?:PERSON|EMAIL_ADDRESS)_1")


@pytest_asyncio.fixture(scope="module")
async def model() -> AsyncIterator[str]:
    async with llama.serving() as root:
        yield root


@pytest.fixture(params=["", "anthropic"])
async def privet(
    request: pytest.FixtureRequest, tmp_path: Path, detector: Detector, model: str
) -> AsyncIterator[House]:
    """The model asked in OpenAI's protocols, or in Anthropic's: its server speaks them all."""
    cloud = f"{model}/v1"
    async with house(tmp_path / "privet", detector, cloud, cloud_type=request.param) as running:
        yield running
        told(running)


def seen(privet: House) -> list[str]:
    """What the model was told so far: every text that the audit log has of what it was sent."""
    return [
        (data or b"").decode()
        for record in privet.on_disk()
        for name, data in record.contents
        if name.startswith("masked/")
    ]


def told(privet: House) -> None:
    """The model was told no value."""
    said = json.dumps(seen(privet))
    assert "PERSON_1" in said
    assert "Hollander" not in said
    assert "jane.hollander" not in said


async def test_a_conversation(privet: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, since somebody who runs this by hand wants to see it."""
    messages: list[Any] = []
    for turn in TURNS:
        messages.append({"role": "user", "content": turn})
        answer = await privet.client.chat.completions.create(
            model=MODEL, messages=messages, temperature=0, max_tokens=60
        )
        text = answer.choices[0].message.content or ""
        assert text
        assert not _TOKEN.search(text)
        assert answer.usage
        assert answer.usage.completion_tokens > 0
        messages.append({"role": "assistant", "content": text})
        await privet.records()
        with capsys.disabled():
            read = json.loads(seen(privet)[-1])[-1][1]
            print(f"\n  user:         {turn}\n  model reads:  {read}", end="")
            print(f"\n  user reads:   {' '.join(text.split())}")
    assert await privet.kinds() == ["intent", "outcome"] * len(TURNS)


async def test_chat_completions(privet: House) -> None:
    asked: Any = {"model": MODEL, "messages": ECHO, "temperature": 0, "max_tokens": 60}
    whole = (await privet.client.chat.completions.create(**asked)).choices[0].message.content
    stream = await privet.client.chat.completions.create(**asked, stream=True)
    pieces = [c.choices[0].delta.content or "" async for c in stream if c.choices]
    assert NAME in (whole or "")
    assert "".join(pieces) == whole
    assert len(pieces) > 3


async def test_responses(privet: House) -> None:
    create: Any = privet.client.responses.create
    asked = {"model": MODEL, "input": ECHO, "temperature": 0, "max_output_tokens": 60}
    whole = (await create(**asked)).output_text
    events = [event async for event in await create(**asked, stream=True)]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert NAME in whole
    assert "".join(deltas) == events[-1].response.output_text == whole


async def test_messages(privet: House) -> None:
    asked: Any = {"model": MODEL, "messages": ECHO, "max_tokens": 60}
    asked["extra_body"] = {"temperature": 0}
    whole = await privet.anthropic.messages.create(**asked)
    async with privet.anthropic.messages.stream(**asked) as stream:
        streamed = await stream.get_final_message()
    assert NAME in whole.content[0].text
    assert streamed.content[0].text == whole.content[0].text
    assert whole.usage.output_tokens > 0
