"""Schemas with formats and lengths: relaxed where a value is hidden, and held to in the answer."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from tests.house import House
from tests.simulator import Simulator

ASK = [{"role": "user", "content": "Save Anna Karlsson, anna@example.com, day 2026-11-25."}]
MAIL = {"type": "string", "format": "email"}
DAY = {"type": "string", "format": "date"}


def save(*, strict: bool = False, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "type": "function",
        "function": {"name": "save", "strict": strict, "parameters": parameters},
    }


async def ask(privet: House, *, to: str, strict: bool = False) -> tuple[Any, dict[str, str]]:
    raw = await privet.client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini",
        messages=ASK,  # type: ignore[arg-type]
        tools=[save(strict=strict, to=MAIL, day=DAY)],  # type: ignore[list-item]
    )
    (call,) = raw.parse().choices[0].message.tool_calls or ()
    arguments = json.loads(call.function.arguments)  # type: ignore[union-attr]
    assert arguments["to"] == to
    return arguments, dict(raw.headers)


async def test_only_the_field_of_the_hidden_value_is_relaxed(
    privet: House, simulator: Simulator
) -> None:
    simulator.calls("save", {"to": "<EMAIL_ADDRESS_1>", "day": "2026-11-25"})
    _, headers = await ask(privet, to="anna@example.com", strict=True)
    heard = simulator.journal[0].json["tools"][0]["function"]["parameters"]["properties"]
    assert heard == {"to": {"type": "string"}, "day": DAY}
    assert headers["x-privet-notes"] == "schema-relaxed"


async def test_a_value_that_the_callers_schema_refuses_is_noted(
    privet: House, simulator: Simulator
) -> None:
    simulator.calls("save", {"to": "nobody", "day": "2026-11-25"})
    _, headers = await ask(privet, to="nobody")
    assert headers["x-privet-notes"] == "schema-relaxed, answer-off-schema"


async def test_a_strict_schema_is_never_broken_in_silence(
    privet: House, simulator: Simulator
) -> None:
    simulator.calls("save", {"to": "nobody", "day": "2026-11-25"})
    with pytest.raises(openai.InternalServerError) as refused:
        await ask(privet, to="nobody", strict=True)
    assert refused.value.code == "answer_off_schema"
    assert "nobody" not in str(refused.value)
    assert (await privet.records())[-1].opened.body["code"] == "answer_off_schema"


async def stream(privet: House, *, strict: bool) -> tuple[str, list[Any]]:
    answer = await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=ASK,  # type: ignore[arg-type]
        stream=True,
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "card",
                "strict": strict,
                "schema": {"properties": {"to": MAIL}},
            },
        },
    )
    text, notes = "", []
    async for chunk in answer:
        text += chunk.choices[0].delta.content or ""
        notes.append((chunk.model_extra or {}).get("x_privet"))
    return text, [note for note in notes if note]


async def test_a_stream_says_so_where_it_ends(privet: House, simulator: Simulator) -> None:
    simulator.says('{"to": "<EMAIL_ADDRESS_1>"}').in_fragments(3)
    assert await stream(privet, strict=True) == ('{"to": "anna@example.com"}', [])
    simulator.says('{"to": "<PERSON_1>"}').in_fragments(3)
    text, notes = await stream(privet, strict=False)
    assert json.loads(text) == {"to": "Anna Karlsson"}
    assert notes == [{"notes": ["answer-off-schema"]}]


async def test_a_strict_stream_ends_with_an_error(privet: House, simulator: Simulator) -> None:
    simulator.says('{"to": "<PERSON_1>"}').in_fragments(3)
    with pytest.raises(openai.APIError) as broken:
        await stream(privet, strict=True)
    assert broken.value.code == "answer_off_schema"
