"""The embedded provider, alone, seen through the official SDK and through plain HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest

from proxy.assistant import Reply, ToolCall, assist
from proxy.loopback import Loopback, chunks, completion

MAIL_TOOL = {
    "type": "function",
    "function": {
        "name": "send_mail",
        "parameters": {
            "type": "object",
            "properties": {
                "to": {"type": "string"},
                "customer_name": {"type": "string"},
                "body": {"type": "string"},
                "priority": {"enum": ["low", "high"]},
                "copies": {"type": "array", "items": {"type": "integer"}},
            },
        },
    },
}
CRM_TOOL = {"type": "function", "function": {"name": "find_customer"}}
MASKED = "Please reply to <PERSON_1> at <EMAIL_ADDRESS_1>, <PERSON_2> may know more."


def asking(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "assistant", "messages": [{"role": "user", "content": text}], **fields}


@pytest.fixture
async def loopback() -> AsyncIterator[Loopback]:
    provider = Loopback()
    yield provider
    await provider.stop()


@pytest.fixture
async def client(loopback: Loopback) -> AsyncIterator[openai.AsyncOpenAI]:
    base_url = await loopback.start()
    async with openai.AsyncOpenAI(base_url=base_url, api_key="any", max_retries=0) as client:
        yield client


async def test_echo_repeats_the_last_user_message(
    client: openai.AsyncOpenAI, loopback: Loopback
) -> None:
    answer = await client.chat.completions.create(
        model="echo",
        messages=[
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "x"},
            {"role": "user", "content": [{"type": "text", "text": "Grüße, <PERSON_1>"}]},
        ],
    )
    assert answer.choices[0].message.content == "Grüße, <PERSON_1>"
    assert answer.choices[0].finish_reason == "stop"
    (seen,) = loopback.seen
    assert (seen.method, seen.target) == ("POST", "/v1/chat/completions")
    assert json.loads(seen.body)["model"] == "echo"
    assert "Bearer any" in dict(seen.headers).values()


async def test_a_stream_splits_placeholders_and_ends_with_usage(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="echo",
        messages=[{"role": "user", "content": MASKED}],
        stream=True,
        stream_options={"include_usage": True},
    )
    received = [chunk async for chunk in stream]
    texts = [c.choices[0].delta.content or "" for c in received if c.choices]
    assert "".join(texts) == MASKED
    assert not any("<PERSON_1>" in text for text in texts)
    assert all(chunk.usage is None for chunk in received[:-1])
    assert received[-1].choices == []
    assert received[-1].usage is not None
    assert received[-1].usage.completion_tokens == -(-len(MASKED) // 4)


async def test_n_choices_differ_and_interleave(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="echo", messages=[{"role": "user", "content": "abcdef"}], n=2, stream=True
    )
    order: list[int] = []
    texts = ["", ""]
    async for chunk in stream:
        choice = chunk.choices[0]
        order.append(choice.index)
        texts[choice.index] += choice.delta.content or ""
    assert texts == ["abcdef", "(2) abcdef"]
    assert order[:4] == [0, 1, 0, 1]


async def test_a_tool_loop_from_offer_to_final_answer(client: openai.AsyncOpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": f"Send a mail. {MASKED}"}]
    tools: list[Any] = [CRM_TOOL, MAIL_TOOL]
    first = await client.chat.completions.create(model="assistant", messages=messages, tools=tools)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls is not None
    call = message.tool_calls[0]
    assert call.type == "function"
    assert call.function.name == "send_mail"
    assert json.loads(call.function.arguments) == {
        "to": "<EMAIL_ADDRESS_1>",
        "customer_name": "<PERSON_1>",
        "body": "This concerns <PERSON_1>, <EMAIL_ADDRESS_1>, <PERSON_2>.",
        "priority": "low",
        "copies": [1],
    }
    messages += [
        message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": '{"sent_to": "<PERSON_3>"}'},
    ]
    second = await client.chat.completions.create(model="assistant", messages=messages, tools=tools)
    text = second.choices[0].message.content or ""
    assert text.startswith("Done.")
    assert all(f"<PERSON_{n}>" in text for n in (1, 2, 3))


async def test_streamed_tool_arguments_come_in_fragments(client: openai.AsyncOpenAI) -> None:
    tools: list[Any] = [MAIL_TOOL]
    stream = await client.chat.completions.create(
        model="assistant",
        messages=[{"role": "user", "content": MASKED}],
        tools=tools,
        stream=True,
    )
    deltas = [chunk.choices[0].delta async for chunk in stream]
    calls = [delta.tool_calls[0] for delta in deltas if delta.tool_calls]
    fragments = [call.function.arguments or "" for call in calls if call.function]
    assert calls[0].id is not None
    assert json.loads("".join(fragments))["to"] == "<EMAIL_ADDRESS_1>"
    assert not any("<EMAIL_ADDRESS_1>" in fragment for fragment in fragments)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (MASKED, "I have read <PERSON_1>'s message."),
        (f"As a list: {MASKED}", "\n- **<EMAIL_ADDRESS_1>**"),
        (f"As a table: {MASKED}", "| person | <PERSON_2> |"),
        (f"Be sloppy: {MASKED}", "PERSON_1>, &lt;EMAIL_ADDRESS_1&gt;, \\<PERSON\\_2\\>."),
        ("I am Anna Schmidt, anna@example.org", "This concerns anna@example.org, Anna Schmidt."),
        ("hello", "Nobody is named here"),
    ],
)
def test_prose_forms(question: str, expected: str) -> None:
    content = assist(asking(question)).content
    assert content is not None
    assert expected in content


def test_sloppy_leaves_no_placeholder_whole() -> None:
    content = assist(asking(f"sloppy {MASKED}")).content or ""
    assert "<PERSON_1>" not in content
    assert "<EMAIL_ADDRESS_1>" not in content


def test_json_answers() -> None:
    free = assist(asking(MASKED, response_format={"type": "json_object"}))
    assert json.loads(free.content or "")["values"][0] == "<PERSON_1>"
    schema = {
        "type": "object",
        "properties": {
            "email": {"type": ["string", "null"]},
            "phone": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "ok": {"type": "boolean"},
            "kind": {"const": "mail"},
        },
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    built = assist(asking(MASKED, response_format=wanted))
    assert json.loads(built.content or "") == {
        "email": "<EMAIL_ADDRESS_1>",
        "phone": "unknown",
        "ok": True,
        "kind": "mail",
    }


def test_tool_choice_is_obeyed() -> None:
    offered = {"tools": [CRM_TOOL, MAIL_TOOL]}
    assert not assist(asking(MASKED, **offered, tool_choice="none")).tool_calls
    chosen = {"type": "function", "function": {"name": "send_mail"}}
    forced = assist(asking(MASKED, **offered, tool_choice=chosen))
    assert forced.tool_calls[0].name == "send_mail"


async def test_models_and_errors(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["echo", "assistant"]
    with pytest.raises(openai.NotFoundError) as missing:
        await client.chat.completions.create(
            model="other", messages=[{"role": "user", "content": "hi"}]
        )
    assert missing.value.code == "model_not_found"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"model": "echo"}',
        b'{"model": "echo", "messages": [{"role": "user", "content": 7}]}',
        b'{"model": "echo", "messages": [{"role": "user"}], "n": "two"}',
        b'{"model": "echo", "messages": [{"role": "user"}], "stream_options": "x"}',
    ],
)
async def test_a_bad_body_is_a_400_and_is_seen(loopback: Loopback, body: bytes) -> None:
    base_url = await loopback.start()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base_url}/chat/completions", data=body) as response,
    ):
        assert response.status == 400
        assert (await response.json())["error"]["type"] == "invalid_request_error"
    assert loopback.seen[0].body == body


def test_answers_are_deterministic_and_carry_every_field() -> None:
    request = asking("hi")
    call = Reply(tool_calls=(ToolCall("f", "{}"),))
    replies = [call, Reply(refusal="no", finish_reason="length")]
    first = completion(request, replies)
    assert first == completion(request, replies)
    fields = "id object created model choices usage system_fingerprint service_tier"
    assert set(first) == set(fields.split())
    assert [choice["finish_reason"] for choice in first["choices"]] == ["tool_calls", "length"]
    streamed = list(chunks(request, replies))
    assert {chunk["id"] for chunk in streamed} == {first["id"]}
    assert (
        streamed[2]["choices"][0]["delta"]["tool_calls"][0]["id"]
        == (first["choices"][0]["message"]["tool_calls"][0]["id"])
    )
