"""OpenAI Responses, told with the official client."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openai import PermissionDeniedError

from proxy.assistant import Reply, ToolCall
from tests import speaking
from tests.house import House, said_to
from tests.simulator import Simulator

MODEL = "gpt-4o-mini"
ASKED = "Write to Jane Doe at jane.doe@example.com."
SEND_MAIL: Any = {
    "type": "function",
    "name": "send_mail",
    "description": "Send a mail to Jane Doe.",
    "strict": False,
    "parameters": {
        "type": "object",
        "properties": {"to": {"type": "string", "format": "email"}, "body": {"type": "string"}},
    },
}


async def test_a_question_and_its_answer(privet: House, simulator: Simulator) -> None:
    simulator.says("Dear <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>.")

    answer = await privet.client.responses.create(
        model=MODEL, input=ASKED, instructions="You serve Jane Doe."
    )

    heard = said_to(simulator.journal[0].body)
    assert "You serve <PERSON_1>." in heard
    assert "Write to <PERSON_1> at <EMAIL_ADDRESS_1>." in heard
    assert "Jane" not in heard
    assert answer.output_text == "Dear Jane Doe, I wrote to jane.doe@example.com."
    assert answer.instructions == "You serve Jane Doe."
    assert await privet.kinds() == ["intent", "outcome"]


async def test_providers_are_told_to_store_nothing(privet: House, simulator: Simulator) -> None:
    simulator.says("Paris.").byte_by_byte()
    await privet.client.responses.create(model=MODEL, input="What is the capital of France?")
    assert simulator.journal[0].json["store"] is False


async def test_a_stream_in_single_bytes_agrees_with_itself(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Call <PERSON_1>: <EMAIL_ADDRESS_1>").in_fragments(1).byte_by_byte()
    deltas, numbers = "", []
    stream = await privet.client.responses.create(model=MODEL, input=ASKED, stream=True)
    async for event in stream:
        numbers.append(event.sequence_number)
        if event.type == "response.output_text.delta":
            deltas += event.delta
        elif event.type == "response.output_text.done":
            done = event.text
        elif event.type == "response.content_part.done":
            part: Any = event.part
        elif event.type == "response.output_item.done":
            item: Any = event.item
        elif event.type == "response.completed":
            whole = event.response.output_text
    told = "Call Jane Doe: jane.doe@example.com"
    assert {deltas, done, part.text, item.content[0].text, whole} == {told}
    assert numbers == list(range(len(numbers)))


async def test_the_sdk_accumulates_a_stream(privet: House, simulator: Simulator) -> None:
    simulator.says("Dear <PERSON_1>").in_fragments(2)
    async with privet.client.responses.stream(model=MODEL, input=ASKED) as stream:
        final = await stream.get_final_response()
    assert final.output_text == "Dear Jane Doe"


@pytest.mark.parametrize("streams", [False, True])
async def test_a_tool_call_and_its_result(
    privet: House, simulator: Simulator, *, streams: bool
) -> None:
    simulator.calls("send_mail", {"to": "<EMAIL_ADDRESS_1>", "body": 'Hello "<PERSON_1>"'})
    simulator.says("Sent to <PERSON_2>.")
    turns: list[Any] = [{"role": "user", "content": 'Mail Anna "Nan" Karlsson, anna@example.com.'}]

    if streams:
        async with privet.client.responses.stream(
            model=MODEL, input=turns, tools=[SEND_MAIL]
        ) as stream:
            first: Any = await stream.get_final_response()
    else:
        first = await privet.client.responses.create(model=MODEL, input=turns, tools=[SEND_MAIL])
    call = first.output[0]
    assert json.loads(call.arguments)["to"] == "anna@example.com"

    turns.append({k: v for k, v in call.to_dict().items() if k != "parsed_arguments"})
    result = json.dumps({"delivered": True, "to": "anna@example.com", "code": 7.10})
    turns.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    second = await privet.client.responses.create(model=MODEL, input=turns, tools=[SEND_MAIL])

    heard = said_to(simulator.journal[1].body)
    assert "anna@example.com" not in heard
    assert "Karlsson" not in heard
    assert heard.count("<EMAIL_ADDRESS_1>") >= 3
    assert second.output_text.startswith("Sent to Anna ")


async def test_a_trimmed_history_doesnt_change_what_encrypted_reasoning_means(
    privet: House, simulator: Simulator
) -> None:
    """Where an answer may hold encrypted reasoning, a placeholder is the value's own."""
    include: Any = ["reasoning.encrypted_content"]
    turns: Any = [
        {"role": "user", "content": "I am Jane Hollander."},
        {"role": "user", "content": "My friend is Anna Karlsson."},
    ]
    simulator.otherwise(lambda asked: Reply(asked["input"][-1]["content"]))
    whole = await privet.client.responses.create(model=MODEL, input=turns, include=include)
    trimmed = await privet.client.responses.create(model=MODEL, input=turns[1:], include=include)

    first, second = [heard.json["input"][-1]["content"] for heard in simulator.journal]
    assert first == second
    assert re.fullmatch(r"My friend is <PERSON_[A-Z2-7]{8}>\.", first)
    assert whole.output_text == trimmed.output_text == "My friend is Anna Karlsson."


BLOB = "gAAAA" * 20
REASONING: Any = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": BLOB}
QUESTION: Any = {"role": "user", "content": "I am Jane Hollander."}
CALL: Any = {"type": "function_call", "call_id": "c", "name": "look_up", "arguments": "{}"}
RESULT: Any = {"type": "function_call_output", "call_id": "c", "output": "found"}


def thinking(simulator: Simulator) -> None:
    """A whole answer that begins with encrypted reasoning."""
    reply = Reply("Hello", (ToolCall("look_up", "{}"),))
    answer = speaking.response({"model": MODEL}, reply)
    answer["output"].insert(0, REASONING)
    simulator.sends(json.dumps(answer).encode())


@pytest.mark.parametrize("turns", [[QUESTION, REASONING, CALL, RESULT], [REASONING, QUESTION]])
async def test_encrypted_reasoning_goes_back_to_who_produced_it(
    privet: House, simulator: Simulator, turns: Any
) -> None:
    thinking(simulator)
    simulator.says("Done")
    ask = privet.client.responses.create
    first: Any = await ask(model=MODEL, input=[QUESTION])
    assert first.output[0].encrypted_content == BLOB
    await ask(model=MODEL, input=turns)
    assert REASONING in simulator.journal[1].json["input"]
    assert "Hollander" not in said_to(simulator.journal[1].body)


async def test_reasoning_about_clear_text_doesnt_leave_the_premises(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    """The house's model was shown the name; the cloud may not be."""
    thinking(cellar)
    simulator.says("Hello")
    ask = privet.client.responses.create
    await ask(model="house-model", input=[QUESTION])
    assert "Hollander" in said_to(cellar.journal[0].body)
    with pytest.raises(PermissionDeniedError):
        await ask(model=MODEL, input=[QUESTION, REASONING, CALL, RESULT])
    assert not simulator.journal, "the reasoning of a turn that isn't over can't be left out"
    later = await privet.client.responses.with_raw_response.create(
        model=MODEL, input=[QUESTION, REASONING, {"role": "user", "content": "Go on."}]
    )
    assert "reasoning-dropped" in later.headers["x-privet-notes"]
    assert BLOB not in said_to(simulator.journal[0].body)


async def test_encrypted_reasoning_that_nobody_remembers_goes_nowhere(
    privet: House, simulator: Simulator
) -> None:
    """It counts as content that can't be read."""
    with pytest.raises(PermissionDeniedError, match="reasoning"):
        await privet.client.responses.create(model=MODEL, input=[QUESTION, REASONING])
    assert not simulator.journal
