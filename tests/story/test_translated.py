"""Callers of one protocol, models of another: the whole way through Privet with the official SDKs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from proxy.assistant import Reply
from proxy.detect.detector import Detector
from tests.anthropic_scene import text, tool_use
from tests.house import House, house, said_to
from tests.simulator import Simulator

QUESTION: list[Any] = [{"role": "user", "content": "Write to Jane Doe at jane.doe@example.com."}]
ARGUMENTS = {"to": "<EMAIL_ADDRESS_1>", "body": 'For "<PERSON_1>"'}
RESTORED = {"to": "jane.doe@example.com", "body": 'For "Jane Doe"'}
SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}, "body": {"type": "string"}}}
TOOL: Any = {"name": "send_mail", "description": "Send an e-mail", "input_schema": SCHEMA}
FUNCTION: Any = {"type": "function", "function": {"name": "send_mail", "parameters": SCHEMA}}


@pytest.fixture
async def anthropics(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> AsyncIterator[House]:
    """A house whose cloud speaks Anthropic's protocol."""
    folder = tmp_path / "anthropics"
    async with house(folder, detector, simulator.base_url, cloud_type="anthropic") as running:
        yield running


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_openai_client_reaches_an_anthropic_model(
    anthropics: House, simulator: Simulator, streaming: bool
) -> None:
    simulator.messages(text("For <PERSON_1>."), tool_use("send_mail", ARGUMENTS)).byte_by_byte()
    create: Any = anthropics.client.chat.completions.create
    asked = {"model": "gpt-4o-mini", "messages": QUESTION, "tools": [FUNCTION], "seed": 7}
    if streaming:
        said, arguments, finish = "", "", None
        async for chunk in await create(**asked, stream=True):
            (choice,) = chunk.choices
            said += choice.delta.content or ""
            arguments += "".join(c.function.arguments for c in choice.delta.tool_calls or ())
            finish = choice.finish_reason or finish
    else:
        (choice,) = (await create(**asked)).choices
        said, finish = choice.message.content, choice.finish_reason
        arguments = choice.message.tool_calls[0].function.arguments

    assert (said, json.loads(arguments), finish) == ("For Jane Doe.", RESTORED, "tool_calls")
    (heard,) = simulator.journal
    assert heard.target == "/v1/messages"
    assert heard.header("anthropic-version") == "2023-06-01"
    assert heard.json["tools"][0]["input_schema"]["properties"].keys() == {"to", "body"}
    assert "Jane" not in said_to(heard.body)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("stored", [False, True])
async def test_a_responses_client_keeps_an_anthropic_models_thinking(
    anthropics: House, simulator: Simulator, streaming: bool, stored: bool
) -> None:
    """The provider refuses a changed byte; the caller reads it as a summary and a sealed blob."""
    create: Any = anthropics.client.responses.create
    tool = {"type": "function", "name": "send_mail", "parameters": SCHEMA, "strict": False}
    thought, hidden = (
        simulator.signer.thinking("Write to the one I was told of."),
        simulator.signer.redacted("secretly"),
    )
    simulator.messages(thought, hidden, tool_use("send_mail", ARGUMENTS)).in_fragments(3)
    simulator.messages(thought, text("Sent."))

    async def ask(items: list[Any], previous: str | None) -> Any:
        asked = {
            "model": "gpt-4o-mini",
            "tools": [tool],
            "input": items,
            "reasoning": {"effort": "high"},
            "previous_response_id": previous,
        }
        if not streaming:
            return await create(**asked)
        return [event async for event in await create(**asked, stream=True)][-1].response

    first = await ask(QUESTION, None)
    told, sealed, call = first.output
    assert told.summary[0].text == "Write to the one I was told of."
    assert sealed.encrypted_content
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "sent"}
    if stored:
        second = await ask([output], first.id)
    else:
        said = [item.model_dump(exclude_none=True) for item in first.output]
        second = await ask([*QUESTION, *said, output], None)

    assert second.output_text == "Sent."
    for heard in simulator.journal:
        assert heard.target == "/v1/messages"
        assert heard.json["thinking"] == {"type": "adaptive"}
        assert "Jane" not in said_to(heard.body)
    assert simulator.journal[1].json["messages"][1]["content"][:2] == [thought, hidden]


async def test_what_another_makers_model_thought_is_left_out(
    tmp_path: Path, detector: Detector, simulator: Simulator, cellar: Simulator
) -> None:
    """The cellar's model refuses what it didn't seal; in the middle of a turn there is no way."""
    folder = tmp_path / "two"
    root = simulator.base_url
    cellar.reasons(lambda _: ("Hm.", Reply("Good bye.")))
    async with house(folder, detector, root, cellar.base_url, cloud_type="anthropic") as privet:
        create: Any = privet.client.responses.with_raw_response.create
        simulator.messages(simulator.signer.thinking("Hm."), text("Hello <PERSON_1>."))
        asked: Any = {"model": "either", "store": False, "reasoning": {"effort": "high"}}
        first = (await create(**asked, input=QUESTION)).parse()
        said = [item.model_dump(exclude_none=True) for item in first.output]
        thanks = {"role": "user", "content": "Thank you."}

        for _ in range(2):  # the house tries twice
            simulator.fails(500)
        second = await create(**asked, input=[*QUESTION, *said, thanks])

        assert second.parse().output_text == "Good bye."
        assert "reasoning-dropped" in second.headers["x-privet-notes"]
        kinds = [item.get("type") for item in cellar.journal[0].json["input"]]
        assert kinds == [None, "message", None]

        simulator.messages(simulator.signer.thinking("Hm."), tool_use("send_mail", ARGUMENTS))
        tool = {"type": "function", "name": "send_mail", "parameters": SCHEMA, "strict": False}
        asked["model"] = "gpt-4o-mini"
        called = (await create(**asked, input=QUESTION, tools=[tool])).parse()
        said = [item.model_dump(exclude_none=True) for item in called.output]
        output = {"type": "function_call_output", "call_id": said[1]["call_id"], "output": "sent"}
        asked["model"] = "house-model"
        with pytest.raises(openai.PermissionDeniedError, match="another maker"):
            await create(**asked, input=[*QUESTION, *said, output], tools=[tool])
        assert len(cellar.journal) == 1


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_anthropic_client_reaches_a_model_in_the_basement(
    privet: House, simulator: Simulator, streaming: bool
) -> None:
    simulator.calls("send_mail", ARGUMENTS, text="For <PERSON_1>.").byte_by_byte()
    asked: Any = {
        "model": "gpt-4o-mini",
        "max_tokens": 100,
        "system": "You serve Jane Doe.",
        "messages": QUESTION,
        "tools": [TOOL],
    }
    if streaming:
        async with privet.anthropic.messages.stream(**asked) as stream:
            answer = await stream.get_final_message()
    else:
        answer = await privet.anthropic.messages.create(**asked)

    said, call = answer.content
    assert said.text == "For Jane Doe."
    assert (call.name, call.input, answer.stop_reason) == ("send_mail", RESTORED, "tool_use")
    (heard,) = simulator.journal
    assert heard.target == "/v1/chat/completions"
    assert heard.json["messages"][0] == {"role": "system", "content": "You serve <PERSON_1>."}
    assert "Jane" not in said_to(heard.body)


@pytest.mark.parametrize("streaming", [False, True])
async def test_what_a_model_in_the_basement_thought_is_nobodys_secret(
    privet: House, simulator: Simulator, streaming: bool
) -> None:
    """Nobody signed it, so it is restored; a loop of tools goes on without it."""

    def think(document: Any) -> None:
        for choice in document["choices"]:
            said = choice.get("message") or choice["delta"]
            if "role" in said:
                said["reasoning_content"] = "A mail for <PERSON_1>."

    simulator.calls("send_mail", ARGUMENTS).additions.append(think)
    simulator.says("<PERSON_1> has it.")
    asked: Any = {"model": "gpt-4o-mini", "max_tokens": 100, "tools": [TOOL]}
    if streaming:
        async with privet.anthropic.messages.stream(**asked, messages=QUESTION) as stream:
            answer = await stream.get_final_message()
    else:
        answer = await privet.anthropic.messages.create(**asked, messages=QUESTION)

    thought, call = answer.content
    assert (thought.thinking, call.input) == ("A mail for Jane Doe.", RESTORED)
    result: Any = {"type": "tool_result", "tool_use_id": call.id, "content": "sent"}
    turns = [
        *QUESTION,
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": [result]},
    ]
    raw = await privet.anthropic.messages.with_raw_response.create(**asked, messages=turns)
    assert (await raw.parse()).content[0].text == "Jane Doe has it."
    assert raw.headers["x-privet-notes"] == "reasoning-dropped"
    assert "A mail for" not in said_to(simulator.journal[1].body)
    assert not any("Jane" in said_to(heard.body) for heard in simulator.journal)


async def test_what_was_dropped_is_named(anthropics: House, simulator: Simulator) -> None:
    simulator.messages(text("x"))
    response = await anthropics.client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=QUESTION, seed=7, max_tokens=9
    )
    assert response.headers["x-privet-notes"] == "seed"


async def test_what_cannot_be_carried_over_is_refused_before_anything_is_sent(
    anthropics: House, simulator: Simulator
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await anthropics.client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, n=2)
    assert caught.value.code == "cannot_translate"
    assert simulator.journal == []
    assert await anthropics.kinds() == ["refusal"]


async def test_a_route_that_the_provider_has_not_is_refused(
    privet: House, simulator: Simulator
) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        await privet.anthropic.messages.count_tokens(model="gpt-4o-mini", messages=QUESTION)
    assert caught.value.body["error"]["code"] == "cannot_translate"
    assert simulator.journal == []


async def test_errors_speak_the_callers_protocol(anthropics: House, simulator: Simulator) -> None:
    simulator.overloads()
    simulator.overloads()
    with pytest.raises(openai.InternalServerError) as caught:
        await anthropics.client.chat.completions.create(
            model="gpt-4o-mini", messages=QUESTION, max_tokens=9
        )
    assert caught.value.status_code == 529
    assert caught.value.type == "overloaded_error"


async def test_a_stream_that_breaks_off_ends_in_an_error(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("For <PERSON_1>, who has a long letter coming.").cuts(at=900)
    with pytest.raises(anthropic.APIStatusError):
        async with privet.anthropic.messages.stream(
            model="gpt-4o-mini", max_tokens=9, messages=QUESTION
        ) as stream:
            await stream.get_final_message()
    while await privet.kinds() != [
        "intent",
        "outcome",
    ]:  # the record is written after the last byte
        await asyncio.sleep(0)
    outcome = (await privet.records())[-1]
    assert outcome.opened.body["status"] == "failed"
