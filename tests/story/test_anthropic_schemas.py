"""Schemas of Anthropic's tools and answers: relaxed for hidden values, and held to in the answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from proxy.detect.detector import Detector
from tests.anthropic_scene import text, tool_use
from tests.house import House, house
from tests.scene import Json
from tests.simulator import Simulator

MAIL = {"type": "string", "format": "email"}
SCHEMA = {"type": "object", "properties": {"to": MAIL}, "additionalProperties": False}
ASKED: Any = {
    "model": "gpt-4o-mini",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Save Anna Karlsson, anna@example.com."}],
}
FORMAT = {"format": {"type": "json_schema", "schema": SCHEMA}}


@pytest.fixture
async def privet(tmp_path: Path, detector: Detector, simulator: Simulator) -> AsyncIterator[House]:
    async with house(
        tmp_path / "privet", detector, simulator.base_url, cloud_type="anthropic"
    ) as running:
        yield running


def save(*, strict: bool = False) -> Json:
    return {"name": "save", "strict": strict, "input_schema": SCHEMA}


async def whole(privet: House, **asked: Any) -> tuple[Any, str]:
    raw = await privet.anthropic.messages.with_raw_response.create(**ASKED, **asked)
    (block,) = (await raw.parse()).content
    return block, raw.headers["x-privet-notes"]


async def stream(privet: House, **asked: Any) -> tuple[str, list[Any]]:
    said, notes = "", []
    async for event in await privet.anthropic.messages.create(**ASKED, **asked, stream=True):
        if event.type == "content_block_delta":
            said += (
                event.delta.text if event.delta.type == "text_delta" else event.delta.partial_json
            )
        notes.append((event.model_extra or {}).get("x_privet"))
    return said, [note for note in notes if note]


async def test_what_the_callers_schema_allows_passes(privet: House, simulator: Simulator) -> None:
    simulator.messages(tool_use("save", {"to": "<EMAIL_ADDRESS_1>"}))
    simulator.messages(tool_use("save", {"to": "<EMAIL_ADDRESS_1>"})).in_fragments(3)

    block, notes = await whole(privet, tools=[save(strict=True)])
    said = await stream(privet, tools=[save(strict=True)])

    heard = simulator.journal[0].json["tools"][0]["input_schema"]["properties"]
    assert heard == {"to": {"type": "string"}}
    assert (block.input, notes) == ({"to": "anna@example.com"}, "schema-relaxed")
    assert said == ('{"to": "anna@example.com"}', [])


async def test_a_call_that_the_callers_schema_refuses_is_noted(
    privet: House, simulator: Simulator
) -> None:
    simulator.messages(tool_use("save", {"to": "<PERSON_1>"}))
    simulator.messages(tool_use("save", {"to": "<PERSON_1>"})).in_fragments(3)

    block, notes = await whole(privet, tools=[save()])
    said, streamed = await stream(privet, tools=[save()])

    assert block.input == json.loads(said) == {"to": "Anna Karlsson"}
    assert notes == "schema-relaxed, answer-off-schema"
    assert streamed == [{"notes": ["answer-off-schema"]}]


@pytest.mark.parametrize("asked", [{"tools": [save(strict=True)]}, {"output_config": FORMAT}])
async def test_a_strict_schema_is_never_broken_in_silence(
    privet: House, simulator: Simulator, asked: Json
) -> None:
    """A tool's says so; an answer's always is: a whole one is refused, a stream ends in an error."""
    wrong = {"to": "<PERSON_1>"}
    block = tool_use("save", wrong) if "tools" in asked else text(json.dumps(wrong))
    simulator.messages(block)
    simulator.messages(block).in_fragments(3)

    for ask in (whole, stream):
        with pytest.raises(anthropic.APIStatusError) as refused:
            await ask(privet, **asked)
        assert refused.value.body["error"]["code"] == "answer_off_schema"
        assert "Karlsson" not in str(refused.value)


async def test_the_broken_block_never_ends(privet: House, simulator: Simulator) -> None:
    """A client acts on a call when its block stops: that event isn't sent."""
    simulator.messages(tool_use("save", {"to": "<PERSON_1>"})).in_fragments(3)
    kinds = set()

    with pytest.raises(anthropic.APIStatusError):
        create: Any = privet.anthropic.messages.create
        async for event in await create(**ASKED, tools=[save(strict=True)], stream=True):
            kinds.add(event.type)

    assert "content_block_delta" in kinds
    assert "content_block_stop" not in kinds
