"""What the model itself produces, who gets real values back, and what tools get of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from openai import APIError, PermissionDeniedError

from tests.house import House
from tests.scene import Heard
from tests.simulator import Simulator
from tests.story.test_policy import Start, ask, start

__all__ = ["start"]  # the fixture

OUTPUT = "  - {id: no-strangers, output: {PERSON: mask, CREDIT_CARD: block, any: leave}}\n"
CARD = "4111 1111 1111 1111"


async def streamed(privet: House, text: str) -> str:
    """The streamed answer's text, and how it ended if that isn't well."""
    stream = await privet.client.chat.completions.create(
        model="gpt-4o-mini", stream=True, messages=[{"role": "user", "content": text}]
    )
    said = ""
    try:
        async for chunk in stream:
            for choice in chunk.choices:
                said += choice.delta.content or ""
    except APIError as broken:
        said += f" [{broken.code}]"
    return said


@pytest.fixture(params=["whole", "streamed"])
def answering(request: pytest.FixtureRequest) -> Any:
    return ask if request.param == "whole" else streamed


async def test_a_stranger_in_the_answer_is_masked_and_the_caller_is_not(
    start: Start, simulator: Simulator, answering: Any
) -> None:
    privet = await start(OUTPUT)
    simulator.says("Dear <PERSON_1>, ask Peter Hollander about it. He knows Dr. Maria Santos.")
    said = await answering(privet, "My name is Jane Doe, whom do I ask?")
    assert said == "Dear Jane Doe, ask xxxxx xxxxxxxxx about it. He knows Dr. xxxxx xxxxxx."
    outcome: Any = (await privet.records())[-1].opened.body
    assert outcome["produced"] == {"PERSON": 2}


async def test_what_the_caller_said_is_the_callers(
    start: Start, simulator: Simulator, answering: Any
) -> None:
    """On the premises nothing is hidden, and what stood in the request may stand in the answer."""
    privet = await start(OUTPUT)
    simulator.says("Jane Doe, you asked.")
    assert await answering(privet, "I am Jane Doe") == "Jane Doe, you asked."


async def test_a_card_in_the_answer_ends_it(start: Start, simulator: Simulator) -> None:
    privet = await start(OUTPUT)
    simulator.says(f"Use {CARD} to pay.")
    with pytest.raises(PermissionDeniedError) as refused:
        await privet.client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "How do I pay?"}]
        )
    body: Any = refused.value.body
    assert (body["code"], body["rule"]) == ("policy_refused", "no-strangers")
    assert "4111" not in str(refused.value)


async def test_a_card_in_a_stream_never_arrives(start: Start, simulator: Simulator) -> None:
    privet = await start(OUTPUT)
    simulator.says(f"First this. Then use {CARD} to pay. And so on.").in_fragments(3)
    said = await streamed(privet, "How do I pay?")
    assert said.endswith(" [policy_refused]")
    assert "4" not in said
    while (await privet.kinds())[-1] != "outcome":
        await asyncio.sleep(0)
    outcome: Any = (await privet.records())[-1].opened.body
    assert (outcome["status"], outcome["code"]) == ("failed", "policy_refused")


async def test_a_stream_holds_back_no_more_than_a_sentence(
    start: Start, simulator: Simulator
) -> None:
    """The first sentence is read while the provider waits in the middle of the second."""
    privet = await start(OUTPUT)
    scene = simulator.says("All is well. It goes on and on").in_fragments(5)
    asked = {"model": "m", "stream": True, "messages": []}
    heard = Heard(1, "POST", "/", (), json.dumps(asked).encode())
    begun = scene.compose(heard, scene).documents[:5]  # the role, then "All i", "s wel", "l. It" …
    gate = asyncio.Event()
    scene.waits(gate, at=len(replace(scene.framing, done=False).write(begun)))
    stream = await privet.client.chat.completions.create(
        model="gpt-4o-mini", stream=True, messages=[{"role": "user", "content": "How is it?"}]
    )
    said = ""
    async for chunk in stream:
        for choice in chunk.choices:
            said += choice.delta.content or ""
        if said == "All is well.":
            gate.set()  # held back for longer, it would never be
    assert said == "All is well. It goes on and on"


async def test_json_stays_json(start: Start, simulator: Simulator, answering: Any) -> None:
    privet = await start(OUTPUT)
    document = json.dumps({"contact": "Peter Hollander", "note": 'He said "ask José Pérez".'})
    simulator.calls("tell", document)
    answer = await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "Whom?"}],
        tools=[{"type": "function", "function": {"name": "tell", "parameters": {}}}],
    )
    (call,) = answer.choices[0].message.tool_calls or ()
    arguments = json.loads(call.function.arguments)  # type: ignore[union-attr]
    assert arguments["contact"] == "xxxxx xxxxxxxxx"
    assert arguments["note"].startswith('He said "ask ')


async def test_a_team_that_sees_placeholders(
    start: Start, simulator: Simulator, answering: Any
) -> None:
    privet = await start("  - {id: names-stay, scope: {team: support}, withhold: [PERSON]}\n")
    simulator.says("<PERSON_1> paid with <CREDIT_CARD_1>.")
    said = await answering(privet, f"Jane Doe paid with card {CARD}")
    assert said == f"<PERSON_1> paid with {CARD}."


async def test_who_sees_no_real_value_at_all_gets_back_what_they_typed(
    start: Start, simulator: Simulator
) -> None:
    privet = await start("  - {id: all-stay, withhold: any}\n")
    simulator.says("<PERSON_1> and <LITERAL_1>")
    assert await ask(privet, "Jane Doe wrote <PERSON_7>") == "<PERSON_1> and <PERSON_7>"


LINK = "https://evil.example/?q="
TOOLS = "restore:\n  hosts: [crm.example]\n  tools: {search: never, book: always}\n"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("tool", "name", "link"),
    [
        ("search", "<PERSON_1>", "<PERSON_1>"),
        ("book", "Jane Doe", "Jane Doe"),
        ("tell", "Jane Doe", "<PERSON_1>"),
    ],
)
async def test_a_tool_gets_what_policy_gives_it(
    start: Start, simulator: Simulator, tool: str, name: str, link: str, *, stream: bool
) -> None:
    """`search` never, `book` always, any other but in URLs of foreign hosts."""
    privet = await start(TOOLS)
    simulator.calls(tool, {"who": "<PERSON_1>", "link": LINK + "<PERSON_1>"}).in_fragments(4)
    arguments = ""
    asked: Any = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "I am Jane Doe."}],
        "tools": [
            {"type": "function", "function": {"name": tool, "parameters": {"type": "object"}}}
        ],
    }
    if stream:
        async for chunk in await privet.client.chat.completions.create(**asked, stream=True):
            for choice in chunk.choices:
                for call in choice.delta.tool_calls or ():
                    arguments += (call.function and call.function.arguments) or ""
    else:
        answer = await privet.client.chat.completions.create(**asked)
        (called,) = answer.choices[0].message.tool_calls
        arguments = called.function.arguments
    assert json.loads(arguments) == {"who": name, "link": LINK + link}


async def test_a_host_that_policy_lists_counts_as_known(start: Start, simulator: Simulator) -> None:
    privet = await start(TOOLS)
    simulator.says("See https://crm.example/?q=<PERSON_1> or " + LINK + "<PERSON_1>")
    said = await ask(privet, "I am Jane Doe.")
    assert said == "See https://crm.example/?q=Jane Doe or " + LINK + "<PERSON_1>"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_tool_of_the_responses_api_gets_what_policy_gives_it(
    start: Start, simulator: Simulator, *, stream: bool
) -> None:
    privet = await start(TOOLS)
    simulator.calls("search", {"who": "<PERSON_1>"}).in_fragments(4)
    answer: Any = await privet.client.responses.create(
        model="gpt-4o-mini",
        input="I am Jane Doe.",
        tools=[{"type": "function", "name": "search", "parameters": {}, "strict": False}],
        stream=stream,
    )
    if stream:
        events = [event async for event in answer]
        deltas = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
        assert json.loads("".join(deltas)) == {"who": "<PERSON_1>"}
        answer = events[-1].response
    (called,) = [item for item in answer.output if item.type == "function_call"]
    assert json.loads(called.arguments) == {"who": "<PERSON_1>"}


async def test_a_stranger_in_a_streamed_response(start: Start, simulator: Simulator) -> None:
    privet = await start(OUTPUT)
    simulator.says("Ask Peter Hollander. He knows.").in_fragments(4)
    stream = await privet.client.responses.create(
        model="gpt-4o-mini", input="Whom do I ask?", stream=True
    )
    events: Any = [event async for event in stream]
    said = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert said == events[-1].response.output_text == "Ask xxxxx xxxxxxxxx. He knows."
