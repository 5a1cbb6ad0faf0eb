"""Conversations with the official client: what the application says, what the provider hears."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, PermissionDeniedError

from tests.house import House, said_to
from tests.simulator import Simulator

MODEL = "gpt-4o-mini"
SEND_MAIL: Any = {
    "type": "function",
    "function": {
        "name": "send_mail",
        "description": "Send an e-mail",
        "parameters": {
            "type": "object",
            "properties": {"to": {"type": "string"}, "body": {"type": "string"}},
            "required": ["to", "body"],
        },
    },
}


async def test_a_question_and_its_answer(privet: House, simulator: Simulator) -> None:
    simulator.says("Dear <PERSON_1>, I wrote to <EMAIL_ADDRESS_1>. <PERSON_1>'s file is closed.")

    answer = await privet.client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Write to Jane Doe at jane.doe@example.com."}],
    )

    heard = said_to(simulator.journal[0].body)
    assert "Write to <PERSON_1> at <EMAIL_ADDRESS_1>." in heard
    assert "Jane" not in heard
    assert answer.choices[0].message.content == (
        "Dear Jane Doe, I wrote to jane.doe@example.com. Jane Doe's file is closed."
    )


async def test_a_body_with_nothing_in_it_travels_byte_for_byte(
    privet: House, simulator: Simulator
) -> None:
    simulator.says("Paris.")
    body = b'{"model": "gpt-4o-mini",  "temperature": 1.0, "seed": 12345678901234567890123,\n "messages": [{"role": "user", "content": "How are you\\u003f"}]}'

    response = await privet.client.with_options()._client.post(
        f"{privet.root}/v1/chat/completions",
        content=body,
        headers={"Authorization": f"Bearer {privet.key}", "Content-Type": "application/json"},
    )

    assert response.status_code == 200, response.text
    assert simulator.journal[0].body == body


async def test_a_stream_cut_into_single_bytes(privet: House, simulator: Simulator) -> None:
    simulator.says("Call <PERSON_1> on <PHONE_NUMBER_1> today.").in_fragments(1).byte_by_byte()

    stream = await privet.client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Call Jane Doe on +1 212-555-0147."}],
        stream=True,
        stream_options={"include_usage": True},
    )
    text, usage = "", None
    async for chunk in stream:
        usage = chunk.usage or usage
        text += "".join(choice.delta.content or "" for choice in chunk.choices)

    assert text == "Call Jane Doe on +1 212-555-0147 today."
    assert usage is not None
    assert "212" not in said_to(simulator.journal[0].body)


async def test_a_stream_is_not_held_back(privet: House, simulator: Simulator) -> None:
    """The second half waits for the test; the first half is here before it."""
    import asyncio

    go_on = asyncio.Event()
    simulator.says("One two three four five six seven eight").in_fragments(8).waits(go_on, at=700)

    stream = await privet.client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Count for Jane Doe."}], stream=True
    )
    first = ""
    async for chunk in stream:
        first += chunk.choices[0].delta.content or ""
        if first:
            break
    assert first.startswith("One two")
    go_on.set()
    rest = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert (first + rest) == "One two three four five six seven eight"


async def test_a_tool_call_and_its_result(privet: House, simulator: Simulator) -> None:
    simulator.calls("send_mail", {"to": "<EMAIL_ADDRESS_1>", "body": 'Hello "<PERSON_1>"'})
    simulator.says("Sent to <PERSON_1>.")
    messages: list[Any] = [
        {"role": "user", "content": 'Mail Anna "Nan" Karlsson, anna@example.com.'}
    ]

    first = await privet.client.chat.completions.create(
        model=MODEL, messages=messages, tools=[SEND_MAIL]
    )
    message = first.choices[0].message
    assert message.tool_calls
    arguments = json.loads(message.tool_calls[0].function.arguments)  # type: ignore[union-attr]
    assert arguments["to"] == "anna@example.com"

    messages.append(message.model_dump(exclude_none=True))
    messages.append(
        {
            "role": "tool",
            "tool_call_id": message.tool_calls[0].id,
            "content": json.dumps({"delivered": True, "to": "anna@example.com", "code": 7.10}),
        }
    )
    await privet.client.chat.completions.create(model=MODEL, messages=messages, tools=[SEND_MAIL])

    heard = said_to(simulator.journal[1].body)
    assert "anna@example.com" not in heard
    assert "Karlsson" not in heard
    assert heard.count("<EMAIL_ADDRESS_1>") >= 3
    sent = json.loads(simulator.journal[1].body)["messages"]
    assert json.loads(sent[2]["content"])["code"] == 7.10
    assert '"code":7.1' in sent[2]["content"]


async def test_a_short_number_under_a_telling_key(privet: House, simulator: Simulator) -> None:
    """It was said in a tool's result as a number, and goes to the next tool as that number."""
    messages: list[Any] = [
        {"role": "user", "content": "Pay the 123 euros with my card. Its code is in the vault."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "vault", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": '{"card": {"cvv": 987, "pin": 4821}}'},
    ]
    simulator.says("ok")
    await privet.client.chat.completions.create(model=MODEL, messages=messages)
    heard = json.loads(simulator.journal[0].json["messages"][2]["content"])["card"]
    assert [len(str(number)) for number in heard.values()] == [3, 4]
    assert heard["cvv"] != 987
    assert heard["pin"] != 4821

    simulator.calls("pay", {"amount": 123, "cvv": heard["cvv"], "room": heard["pin"]})
    answer = await privet.client.chat.completions.create(model=MODEL, messages=messages)
    (call,) = answer.choices[0].message.tool_calls or ()
    paid = json.loads(call.function.arguments)  # type: ignore[union-attr]
    assert paid == {"amount": 123, "cvv": 987, "room": heard["pin"]}


async def test_tool_arguments_in_a_stream_are_valid_json(
    privet: House, simulator: Simulator
) -> None:
    quoted = 'Anna "Nan" Karlsson'
    simulator.calls("send_mail", {"to": "<EMAIL_ADDRESS_1>", "body": "Hi"}).in_fragments(3)

    stream = await privet.client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": f"Mail {quoted}, anna@example.com."}],
        tools=[SEND_MAIL],
        stream=True,
    )
    arguments = name = ""
    async for chunk in stream:
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or []:
                assert call.function is not None
                name += call.function.name or ""
                arguments += call.function.arguments or ""

    assert name == "send_mail"
    assert json.loads(arguments) == {"to": "anna@example.com", "body": "Hi"}


async def test_three_turns_keep_their_numbers(privet: House, simulator: Simulator) -> None:
    messages: list[Any] = [{"role": "system", "content": "You help the desk of Maria Lopez."}]
    turns = (
        "Jane Doe called.",
        "So did Peter Miller, peter@example.org.",
        "Who called first, Jane Doe or Peter Miller?",
    )
    for number, text in enumerate(turns):
        simulator.says(f"Noted {number}, <PERSON_2>.")
        messages.append({"role": "user", "content": text})
        answer = await privet.client.chat.completions.create(model=MODEL, messages=messages)
        content = answer.choices[0].message.content
        assert content == f"Noted {number}, Jane Doe."
        messages.append({"role": "assistant", "content": content})

    bodies = [json.loads(heard.body)["messages"] for heard in simulator.journal]
    for earlier, later in itertools.pairwise(bodies):
        assert later[: len(earlier)] == earlier, "a prefix of the conversation changed"
    assert bodies[2][-1]["content"] == "Who called first, <PERSON_2> or <PERSON_3>?"


async def test_several_choices_and_structured_output(privet: House, simulator: Simulator) -> None:
    simulator.says('{"name": "<PERSON_1>"}', '{"name": "<PERSON_1>", "n": 2}')

    answer = await privet.client.chat.completions.create(
        model=MODEL,
        n=2,
        messages=[{"role": "user", "content": "Who is José Müller?"}],
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "person",
                "schema": {
                    "type": "object",
                    "properties": {"name": {"maxLength": 12, "pattern": "^[^<]+$"}},
                },
            },
        },
    )

    names = [json.loads(choice.message.content or "")["name"] for choice in answer.choices]
    assert names == ["José Müller", "José Müller"]
    sent = json.loads(simulator.journal[0].body)
    field = sent["response_format"]["json_schema"]["schema"]["properties"]["name"]
    assert field == {"maxLength": 12}  # a placeholder has ten characters


async def test_a_refusal_and_an_error_reach_the_application(
    privet: House, simulator: Simulator
) -> None:
    simulator.refuses("I can't talk about <PERSON_1>.")
    simulator.fails(400, "The field about <PERSON_1> is too long", code="string_too_long")
    ask: Any = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Tell me about Jane Doe."}],
    }

    answer = await privet.client.chat.completions.create(**ask)
    assert answer.choices[0].message.refusal == "I can't talk about Jane Doe."
    with pytest.raises(BadRequestError) as failed:
        await privet.client.chat.completions.create(**ask)
    assert failed.value.code == "string_too_long"
    assert "Jane Doe" in failed.value.message


async def test_secrets_are_refused_with_the_rule_that_says_so(
    privet: House, simulator: Simulator
) -> None:
    key = "AKIA" + "IOSFODNN7" + "EXAMPLE"
    with pytest.raises(PermissionDeniedError) as refused:
        await privet.client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": f"Use {key} for the bucket."}]
        )

    assert refused.value.body["rule"] == "no-secrets"  # type: ignore[index]
    assert refused.value.code == "policy_refused"
    assert key not in refused.value.message
    assert simulator.journal == []
    assert await privet.kinds() == ["refusal"]


async def test_an_image_goes_to_the_cellar_only(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    cellar.says("A cat.")
    image: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    messages: Any = [{"role": "user", "content": [{"type": "text", "text": "What's it?"}, image]}]

    with pytest.raises(PermissionDeniedError):
        await privet.client.chat.completions.create(model=MODEL, messages=messages)
    answer = await privet.client.chat.completions.create(model="house-model", messages=messages)

    assert answer.choices[0].message.content == "A cat."
    assert simulator.journal == []


async def test_a_model_on_the_premises_sees_the_text_as_it_is(
    privet: House, cellar: Simulator
) -> None:
    cellar.says("Hello Jane Doe.")
    answer = await privet.client.chat.completions.create(
        model="house-model", messages=[{"role": "user", "content": "I am Jane Doe."}]
    )
    assert "I am Jane Doe." in said_to(cellar.journal[0].body)
    assert answer.choices[0].message.content == "Hello Jane Doe."


async def test_a_fallback_is_decided_masked_and_recorded_anew(
    privet: House, simulator: Simulator, cellar: Simulator
) -> None:
    simulator.fails(503, retry_after=0)
    simulator.fails(503, retry_after=0)
    cellar.says("Hello.")

    raw = await privet.client.chat.completions.with_raw_response.create(
        model="either", messages=[{"role": "user", "content": "I am Jane Doe."}]
    )

    assert raw.headers["x-privet-provider"] == "cellar"
    assert raw.headers["x-privet-model"] == "house-model"
    assert len(simulator.journal) == 2, "one retry of the same bytes"
    assert simulator.journal[0].body == simulator.journal[1].body
    assert "Jane" not in said_to(simulator.journal[0].body)
    assert "Jane Doe" in said_to(cellar.journal[0].body)
    exchange = raw.headers["x-privet-request-id"]
    assert await privet.kinds(exchange) == ["intent", "outcome", "intent", "outcome"]
    endpoints = [
        record.opened.body["endpoint"]["provider"]  # type: ignore[index,call-overload]
        for record in await privet.records(exchange)
    ]
    assert endpoints == ["cloud", "cloud", "cellar", "cellar"]


async def test_models_lists_what_the_caller_may_use(privet: House) -> None:
    listed = [model.id async for model in privet.client.models.list()]
    assert listed == ["gpt-4o-mini", "house-model", "either"]


async def test_nobody_without_a_key(privet: House, simulator: Simulator) -> None:
    from openai import AuthenticationError

    async with AsyncOpenAI(base_url=f"{privet.root}/v1", api_key="sk-mine", max_retries=0) as other:
        with pytest.raises(AuthenticationError) as failed:
            await other.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "hi"}]
            )
    assert failed.value.code == "unauthenticated"
    assert simulator.journal == []


async def test_the_end_users_id_leaves_as_a_keyed_hash(privet: House, simulator: Simulator) -> None:
    for _ in range(2):
        simulator.says("Hi.")
        await privet.client.chat.completions.create(
            model=MODEL, user="jane.doe", messages=[{"role": "user", "content": "hi"}]
        )
    sent = [json.loads(heard.body)["user"] for heard in simulator.journal]
    assert sent[0] == sent[1]
    assert sent[0].startswith("user-")
    assert "jane" not in sent[0]


async def test_the_log_of_a_day_verifies(privet: House, simulator: Simulator) -> None:
    simulator.says("Hello <PERSON_1>.")
    raw = await privet.client.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "I am Jane Doe."}]
    )
    exchange = raw.headers["x-privet-request-id"]
    intent, outcome = await privet.records(exchange)
    assert intent.opened.body["treatment"] == {"PERSON": "placeholder"}
    assert outcome.opened.body["status"] == "delivered"
    masked = b"".join(data or b"" for _, data in intent.contents)
    assert b"<PERSON_1>" in masked
    assert b"Jane" not in masked
    assert (await privet.verify()).exit_code == 0
