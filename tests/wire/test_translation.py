"""Requests and answers put into another protocol: what is carried, dropped with a note, refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from proxy.errors import BadRequest, CannotTranslate, ProviderFailed
from proxy.wire import (
    TRANSLATIONS,
    anthropic_as_chat,
    anthropic_as_responses,
    anthropic_messages,
    anthropic_to_chat,
    chat_as_anthropic,
    chat_to_anthropic,
    openai_chat,
    openai_responses,
    responses_to_anthropic,
)
from proxy.wire.sse import Decoder
from tests.anthropic_scene import events_of

CHAT: Any = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
ANTHROPIC: Any = {**CHAT, "max_tokens": 100}
README = Path(__file__).parents[2] / "proxy" / "providers" / "README.md"
TO_ANTHROPIC, RESPONSES_TO_ANTHROPIC, TO_CHAT = TRANSLATIONS


def to_anthropic(**fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    sent, notes = TO_ANTHROPIC.put(json.dumps({**CHAT, **fields}).encode())
    return json.loads(sent), notes


def to_chat(**fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    sent, notes = TO_CHAT.put(json.dumps({**ANTHROPIC, **fields}).encode())
    return json.loads(sent), notes


def responses_to(**fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    asked = {"model": "m", "input": "Hello", **fields}
    sent, notes = RESPONSES_TO_ANTHROPIC.put(json.dumps(asked).encode())
    return json.loads(sent), notes


WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}
PNG = "iVBORw0KGgo="

NAMED: Any = {"type": "json_schema", "name": "n", "schema": WEATHER}

#: The same conversation in each protocol.
CHAT_CONVERSATION: Any = {
    "model": "m",
    "max_tokens": 100,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            ],
        },
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"city":"Ulm"}'},
                },
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"city":"Bonn"}'},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c2", "content": "sun"},
        {"role": "user", "content": "So?"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "parameters": WEATHER, "description": "Tell", "strict": True},
        }
    ],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "temperature": 0.5,
    "top_p": 0.9,
    "stop": ["END"],
    "user": "user-1",
}
RESPONSES_CONVERSATION: Any = {
    "model": "m",
    "max_output_tokens": 100,
    "instructions": "Be brief.",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
            ],
        },
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
        },
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"city":"Ulm"}'},
        {"type": "function_call", "call_id": "c2", "name": "f", "arguments": '{"city":"Bonn"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
        {"type": "function_call_output", "call_id": "c2", "output": "sun"},
        {"role": "user", "content": "So?"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "f",
            "parameters": WEATHER,
            "description": "Tell",
            "strict": True,
        }
    ],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "temperature": 0.5,
    "top_p": 0.9,
    "user": "user-1",
    "store": False,
}
ANTHROPIC_CONVERSATION: Any = {
    "model": "m",
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"city": "Ulm"}},
                {"type": "tool_use", "id": "c2", "name": "f", "input": {"city": "Bonn"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "rain"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "sun"},
                {"type": "text", "text": "So?"},
            ],
        },
    ],
    "tools": [{"name": "f", "description": "Tell", "strict": True, "input_schema": WEATHER}],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    "temperature": 0.5,
    "top_p": 0.9,
    "stop_sequences": ["END"],
    "metadata": {"user_id": "user-1"},
}


def test_a_conversation_reads_the_same_in_each_protocol() -> None:
    body = json.dumps(CHAT_CONVERSATION).encode()
    assert json.loads(TO_ANTHROPIC.put(body).body) == ANTHROPIC_CONVERSATION
    assert TO_ANTHROPIC.put(body).notes == ()
    body = json.dumps(ANTHROPIC_CONVERSATION).encode()
    assert json.loads(TO_CHAT.put(body).body) == CHAT_CONVERSATION
    assert TO_CHAT.put(body).notes == ()
    body = json.dumps(RESPONSES_CONVERSATION).encode()
    sent, notes = RESPONSES_TO_ANTHROPIC.put(body)
    asked = {k: v for k, v in ANTHROPIC_CONVERSATION.items() if k != "stop_sequences"}
    assert (json.loads(sent), notes) == (asked, ())


def test_what_is_written_is_a_request_of_the_other_dialect() -> None:
    sent = TO_ANTHROPIC.put(json.dumps(CHAT_CONVERSATION).encode()).body
    assert anthropic_messages.parse(sent, "x").model == "m"
    sent = RESPONSES_TO_ANTHROPIC.put(json.dumps(RESPONSES_CONVERSATION).encode()).body
    assert anthropic_messages.parse(sent, "x").model == "m"
    sent = TO_CHAT.put(json.dumps(ANTHROPIC_CONVERSATION).encode()).body
    assert openai_chat.parse(sent, "x").model == "m"


@pytest.mark.parametrize(
    ("effort", "thinking", "config"),
    [
        ("none", {"type": "disabled"}, None),
        ("minimal", {"type": "adaptive"}, {"effort": "low"}),
        ("high", {"type": "adaptive"}, {"effort": "high"}),
        ("xhigh", {"type": "adaptive"}, {"effort": "xhigh"}),
    ],
)
def test_effort_becomes_thinking(effort: str, thinking: Any, config: Any) -> None:
    for sent, _ in (
        to_anthropic(reasoning_effort=effort),
        responses_to(reasoning={"effort": effort}),
    ):
        assert (sent["thinking"], sent.get("output_config")) == (thinking, config)


def test_a_summary_of_the_reasoning_is_asked_for() -> None:
    sent, notes = responses_to(reasoning={"summary": "auto"}, max_output_tokens=9)
    assert (sent["thinking"], notes) == ({"type": "adaptive", "display": "summarized"}, ())
    sent, _ = responses_to(reasoning={"effort": "none", "summary": "auto"})
    assert sent["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize(
    ("fields", "effort"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 16384}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 32000}}, "high"),
        ({"thinking": {"type": "adaptive"}}, "medium"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, "xhigh"),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}}, None),
        ({}, None),
    ],
)
def test_budgets_become_effort(fields: Any, effort: str | None) -> None:
    sent, _ = to_chat(**fields)
    assert sent.get("reasoning_effort") == effort
    assert ("max_completion_tokens" in sent) is (effort is not None)


def test_structured_output_is_carried_both_ways() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": WEATHER}}
    sent, notes = to_anthropic(response_format=wanted)
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": WEATHER}}
    assert "response_format.name" in notes
    sent, notes = responses_to(
        text={"format": {"type": "json_schema", "name": "n", "schema": WEATHER}}
    )
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": WEATHER}}
    assert "text.format.name" in notes
    sent, _ = to_chat(output_config={"format": {"type": "json_schema", "schema": WEATHER}})
    assert sent["response_format"]["json_schema"]["schema"] == WEATHER


def test_thinking_of_another_model_is_left_out_with_a_note() -> None:
    turns = [
        *CHAT["messages"],
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "x"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "Hi."},
            ],
        },
        *CHAT["messages"],
    ]
    sent, notes = to_chat(messages=turns)
    assert sent["messages"][1] == {"role": "assistant", "content": "Hi."}
    assert notes == ("thinking",)


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 2},
        {"logprobs": True},
        {"logit_bias": {"1": 2}},
        {"temperature": 1.5},
        {"modalities": ["text", "audio"]},
        {"functions": []},
        {"response_format": {"type": "json_object"}},
        {"tools": [{"type": "custom", "custom": {"name": "f"}}]},
        {"tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
        {"web_search_options": {}},
        {"a_field_of_next_year": 1},
        {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
        {"messages": [{"role": "user", "content": "x", "of_next_year": 1}]},
        {"messages": [{"role": "function", "name": "f", "content": "x"}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "http://x"}}],
                }
            ]
        },
    ],
)
def test_what_anthropic_has_not_is_refused(fields: Any) -> None:
    with pytest.raises(CannotTranslate) as caught:
        to_anthropic(**fields)
    assert caught.value.status == 400
    assert "next_year" not in caught.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 1.5},
        {"max_tool_calls": 3},
        {"top_logprobs": 2},
        {"prompt": {"id": "pmpt_1"}},
        {"previous_response_id": "resp_1"},
        {"text": {"format": {"type": "json_object"}}},
        {"text": {"of_next_year": 1}},
        {"reasoning": {"effort": "of_next_year"}},
        {"reasoning": {"context": "all_turns"}},
        {"tools": [{"type": "web_search"}]},
        {"tools": [{"type": "custom", "name": "f"}]},
        {"tools": [{"type": "function", "name": "f", "of_next_year": 1}]},
        {"tools": [{"type": "function", "name": "f"}], "tool_choice": {"type": "allowed_tools"}},
        {"a_field_of_next_year": 1},
        {"input": [{"type": "item_reference", "id": "x"}]},
        {"input": [{"type": "web_search_call", "id": "x"}]},
        {"input": [{"role": "tool", "content": "x"}]},
        {"input": [{"role": "user", "content": "x", "of_next_year": 1}]},
        {"input": [{"role": "user", "content": [{"type": "input_audio"}]}]},
        {
            "input": [
                {"role": "user", "content": [{"type": "input_image", "image_url": "http://x"}]}
            ]
        },
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]},
        {"instructions": [{"type": "input_image", "image_url": "https://x"}]},
    ],
)
def test_what_anthropic_has_not_for_responses_is_refused(fields: Any) -> None:
    with pytest.raises(CannotTranslate) as caught:
        responses_to(**fields)
    assert caught.value.status == 400
    assert "next_year" not in caught.value.message


def test_values_that_say_what_holds_there_anyway_need_no_note() -> None:
    plain, _ = to_anthropic(max_tokens=9)
    said = {"n": 1, "logprobs": False, "modalities": ["text"], "response_format": {"type": "text"}}
    assert to_anthropic(max_tokens=9, **said) == (plain, ())
    plain, _ = responses_to(max_output_tokens=9)
    said = {"store": True, "background": False, "text": {"format": {"type": "text"}}}
    said |= {"include": ["reasoning.encrypted_content"]}
    assert responses_to(max_output_tokens=9, **said) == (plain, ())


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"include": ["file_search_call.results"]}, "include"),
        ({"text": {"verbosity": "low"}}, "text.verbosity"),
        ({"user": "u", "safety_identifier": "s"}, "user"),
        ({"text": {"format": {**NAMED, "description": "d"}}}, "text.format.description"),
        ({"text": {"format": {**NAMED, "strict": False}}}, "text.format.strict"),
    ],
)
def test_what_is_left_out_of_a_field_that_is_carried_is_noted(fields: Any, note: str) -> None:
    assert note in responses_to(max_output_tokens=9, **fields)[1]


def test_thinking_that_is_off_asks_for_nothing_and_says_so() -> None:
    off = {"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}
    sent, notes = to_chat(**off)
    assert "reasoning_effort" not in sent
    assert notes == ("thinking.type", "output_config.effort")
    _, notes = to_chat(thinking={"type": "adaptive", "display": "omitted"})
    assert notes == ("thinking.display",)


def test_instructions_of_later_turns_come_first_with_a_note() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "developer", "content": "Be brief."}]
    sent, notes = responses_to(input=turns, max_output_tokens=9)
    assert sent["system"] == [{"type": "text", "text": "Be brief."}]
    assert notes == ("system-first",)


def test_reasoning_of_another_maker_is_left_out_with_a_note() -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAB"},
        {"role": "assistant", "content": "Hello"},
    ]
    sent, notes = responses_to(input=turns, max_output_tokens=9)
    assert [len(message["content"]) for message in sent["messages"]] == [1, 1]
    assert notes == ("reasoning",)


@pytest.mark.parametrize(
    "fields",
    [
        {"container": "c"},
        {"mcp_servers": []},
        {"inference_geo": "us"},
        {"tools": [{"type": "bash_20250124", "name": "bash"}]},
        {"tools": [{"name": "f", "input_schema": {}, "of_next_year": 1}]},
        {"a_field_of_next_year": 1},
        {"messages": [{"role": "user", "content": [{"type": "search_result"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "Jane Doe"}]}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "source": {"type": "text", "data": "x", "media_type": "text/plain"},
                            "citations": {"enabled": True},
                        }
                    ],
                }
            ]
        },
        {"system": [{"type": "image"}]},
    ],
)
def test_what_chat_completions_has_not_is_refused(fields: Any) -> None:
    with pytest.raises(CannotTranslate) as caught:
        to_chat(**fields)
    assert "Jane" not in caught.value.message
    assert "next_year" not in caught.value.message


def test_what_a_tool_shows_follows_as_the_users() -> None:
    image = ANTHROPIC_CONVERSATION["messages"][0]["content"][1]
    result = {"type": "tool_result", "tool_use_id": "c1"}
    look = {"type": "text", "text": "A picture"}
    turns = [
        *ANTHROPIC_CONVERSATION["messages"][:2],
        {
            "role": "user",
            "content": [
                {**result, "content": [look, image]},
                {**result, "tool_use_id": "c2", "content": [image]},
                {"type": "text", "text": "So?"},
            ],
        },
    ]
    sent, notes = to_chat(messages=turns)
    first, second, asked = sent["messages"][-3:]
    assert (first["role"], first["tool_call_id"], first["content"]) == ("tool", "c1", "A picture")
    assert (second["role"], second["tool_call_id"]) == ("tool", "c2")
    assert [part["type"] for part in asked["content"]] == ["image_url", "image_url", "text"]
    assert notes == ("tool_result.image",)


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": [7]}],
        [{"role": "assistant", "tool_calls": [{"id": "1"}]}],
        [
            {
                "role": "assistant",
                "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "["}}],
            }
        ],
    ],
)
def test_a_wrong_shape_is_the_callers_error(messages: Any) -> None:
    with pytest.raises(BadRequest):
        to_anthropic(messages=messages)


def test_a_limit_that_nobody_set_is_set_and_said() -> None:
    sent, notes = to_anthropic()
    assert sent["max_tokens"] == 4096
    assert notes == ("max_tokens=4096",)


@pytest.mark.parametrize("name", sorted(chat_to_anthropic.DROPPED))
def test_harmless_fields_are_dropped_with_their_name(name: str) -> None:
    sent, notes = to_anthropic(max_tokens=9, **{name: 1})
    assert notes == (name,)
    assert name not in sent


@pytest.mark.parametrize("name", sorted(responses_to_anthropic.DROPPED))
def test_those_of_responses_too(name: str) -> None:
    sent, notes = responses_to(max_output_tokens=9, **{name: 1})
    assert notes == (name,)
    assert name not in sent


@pytest.mark.parametrize("name", sorted(anthropic_to_chat.DROPPED))
def test_and_the_other_way_round(name: str) -> None:
    sent, notes = to_chat(**{name: {"type": "x"}})
    assert notes == (name,)
    assert name not in sent


def test_every_declared_field_has_its_fate_and_the_readme_tells_it() -> None:
    """A field that a dialect declares is carried, dropped or refused; the tables say which."""
    readme = README.read_text(encoding="utf-8")
    for title, module, declared in (
        ("Chat Completions to Anthropic", chat_to_anthropic, openai_chat.FIELDS),
        ("Responses to Anthropic", responses_to_anthropic, openai_responses.FIELDS),
        ("Anthropic to Chat Completions", anthropic_to_chat, anthropic_messages.FIELDS),
    ):
        fates = {
            **dict.fromkeys(module.CARRIED, "carried"),
            **dict.fromkeys(module.DROPPED, "dropped, noted"),
            **dict.fromkeys(module.REFUSED, "refused"),
        }
        assert declared <= fates.keys(), declared - fates.keys()
        assert len(fates) == len(module.CARRIED) + len(module.DROPPED) + len(module.REFUSED)
        section = readme.split(f"### {title}")[1].split("\n###")[0].split("\n## ")[0]
        told = {
            name: fate
            for names, fate in re.findall(r"^\| (`.*`) \| ([a-z, ]+) \|", section, re.MULTILINE)
            for name in re.findall(r"`([a-z_]+)`", names)
        }
        assert told == fates


# Answers.

COMPLETION: Any = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 7,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"city":"Ulm"}'},
                    }
                ],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {
        "prompt_tokens": 30,
        "completion_tokens": 12,
        "total_tokens": 42,
        "prompt_tokens_details": {"cached_tokens": 10},
    },
}
MESSAGE: Any = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"city": "Ulm"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 20,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 10,
        "output_tokens": 12,
    },
}


def as_chat(message: Any) -> Any:
    answer = json.loads(anthropic_as_chat.answer(json.dumps(message).encode(), 7))
    ChatCompletion.model_validate(answer)
    return answer


def as_anthropic(completion: Any) -> Any:
    answer = json.loads(chat_as_anthropic.answer(json.dumps(completion).encode(), 7))
    Message.model_validate(answer)
    return answer


THOUGHT: Any = {"type": "thinking", "thinking": "Hm, <PERSON_1>.", "signature": "c2lnbmVk"}
HIDDEN: Any = {"type": "redacted_thinking", "data": "aGlkZGVu"}
THINKING: Any = {**MESSAGE, "content": [THOUGHT, HIDDEN, *MESSAGE["content"]]}


def as_response(message: Any) -> Any:
    answer = json.loads(anthropic_as_responses.answer(json.dumps(message).encode(), 7))
    Response.model_validate(answer)
    return answer


def test_an_answer_of_anthropics_is_a_response() -> None:
    answer = as_response(THINKING)
    thought, hidden, said, call = answer["output"]
    assert thought["summary"] == [{"type": "summary_text", "text": THOUGHT["thinking"]}]
    assert hidden["summary"] == []
    assert said["content"][0]["text"] == "I look."
    assert (call["call_id"], call["name"], call["arguments"]) == ("c1", "f", '{"city":"Ulm"}')
    assert (answer["id"], answer["status"]) == ("resp_msg_1", "completed")
    assert answer["usage"]["input_tokens"] == 30
    assert answer["usage"]["input_tokens_details"]["cached_tokens"] == 10


def test_thinking_goes_there_and_back_word_for_word() -> None:
    output = as_response(THINKING)["output"]
    result = {"type": "function_call_output", "call_id": "c1", "output": "rain"}
    sent, notes = responses_to(
        input=[{"role": "user", "content": "Hi"}, *output, result], max_output_tokens=9
    )
    assert sent["messages"][1]["content"] == THINKING["content"]
    assert notes == ()


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("end_turn", None),
        ("stop_sequence", None),
        ("max_tokens", "max_output_tokens"),
        ("refusal", "content_filter"),
    ],
)
def test_reasons_why_a_response_is_incomplete(stop: str, reason: str | None) -> None:
    answer = as_response({**MESSAGE, "stop_reason": stop})
    assert answer["status"] == ("incomplete" if reason else "completed")
    assert answer["incomplete_details"] == ({"reason": reason} if reason else None)


def test_a_stream_of_anthropics_is_a_stream_of_a_response() -> None:
    raw = sse(list(events_of(THINKING, (3, 2))), named=True)
    whole = as_response(THINKING)
    for at in range(0, len(raw), 7):
        events = told(anthropic_as_responses.Stream(b"{}", 7), raw, at)
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        assert events[-1]["type"] == "response.completed"
        response = events[-1]["response"]
        arguments = [json.loads(item.pop("arguments", "{}")) for item in response["output"]]
        assert arguments[-1] == {"city": "Ulm"}
        for item in whole["output"]:
            item.pop("arguments", None)
        assert response == whole
        for kind, text in (
            ("output_text", "I look."),
            ("reasoning_summary_text", THOUGHT["thinking"]),
        ):
            deltas = [e["delta"] for e in events if e["type"] == f"response.{kind}.delta"]
            assert "".join(deltas) == text
            assert [e["text"] for e in events if e["type"] == f"response.{kind}.done"] == [text]
        ended = [e["item"] for e in events if e["type"] == "response.output_item.done"]
        assert [item["id"] for item in ended] == [item["id"] for item in whole["output"]]


def test_an_answer_of_anthropics_is_a_chat_completion() -> None:
    answer = as_chat(MESSAGE)
    assert (
        answer["choices"][0]["message"]["tool_calls"]
        == (COMPLETION["choices"][0]["message"]["tool_calls"])
    )
    assert answer["choices"][0]["message"]["content"] == "I look."
    assert answer["choices"][0]["finish_reason"] == "tool_calls"
    assert answer["usage"]["prompt_tokens"] == 30
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == 10


def test_a_chat_completion_is_an_answer_of_anthropics() -> None:
    answer = as_anthropic(COMPLETION)
    assert answer == {**MESSAGE, "id": "chatcmpl-1"}


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("refusal", "content_filter"),
        ("stop_sequence", "stop"),
    ],
)
def test_reasons_to_stop(stop: str, finish: str) -> None:
    said = {**MESSAGE, "content": [{"type": "text", "text": "x"}], "stop_reason": stop}
    assert as_chat(said)["choices"][0]["finish_reason"] == finish
    choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": finish}
    back = as_anthropic({**COMPLETION, "choices": [choice]})["stop_reason"]
    assert back == ("end_turn" if stop == "stop_sequence" else stop)


def test_a_refusal_and_a_matched_stop_sequence() -> None:
    refused = {"role": "assistant", "content": None, "refusal": "No."}
    choice = {"index": 0, "message": refused, "finish_reason": "stop"}
    answer = as_anthropic({**COMPLETION, "choices": [choice]})
    assert (answer["content"], answer["stop_reason"]) == (
        [{"type": "text", "text": "No."}],
        "refusal",
    )
    said = {"role": "assistant", "content": "x"}
    choice = {"index": 0, "message": said, "finish_reason": "stop", "stop_reason": "END"}
    answer = as_anthropic({**COMPLETION, "choices": [choice]})
    assert (answer["stop_reason"], answer["stop_sequence"]) == ("stop_sequence", "END")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"choices": []}', b'{"choices": [7]}'])
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        chat_as_anthropic.answer(body, 0)
    for translator in (anthropic_as_chat, anthropic_as_responses):
        with pytest.raises(ProviderFailed):
            translator.answer(body, 0)


def sse(documents: list[Any], *, named: bool) -> bytes:
    text = ""
    for document in documents:
        data = document if isinstance(document, str) else json.dumps(document)
        text += (f"event: {document['type']}\n" if named else "") + f"data: {data}\n\n"
    return text.encode()


def told(translator: Any, raw: bytes, at: int) -> list[Any]:
    said = b"".join([*translator.feed(raw[:at]), *translator.feed(raw[at:]), *translator.close()])
    return [json.loads(e.data) if e.data != "[DONE]" else e.data for e in Decoder().feed(said)]


def test_a_stream_of_anthropics_is_a_stream_of_chunks() -> None:
    raw = sse(list(events_of(MESSAGE, (3, 2))), named=True)
    asked = json.dumps({"stream_options": {"include_usage": True}}).encode()
    for at in range(0, len(raw), 7):
        chunks = told(anthropic_as_chat.Stream(asked, 7), raw, at)
        assert chunks[-1] == "[DONE]"
        assert chunks[-2]["usage"]["total_tokens"] == 42
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-2]]
        assert "".join(delta.get("content") or "" for delta in deltas) == "I look."
        calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
        assert (calls[0]["id"], calls[0]["function"]["name"]) == ("c1", "f")
        arguments = "".join(call["function"]["arguments"] for call in calls)
        assert json.loads(arguments) == {"city": "Ulm"}
        assert chunks[-3]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_call_without_arguments_has_empty_ones() -> None:
    call = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
    events = [
        event
        for event in events_of({**MESSAGE, "content": [call]}, (9,))
        if event["type"] != "content_block_delta"
    ]
    chunks = told(anthropic_as_chat.Stream(b"{}", 7), sse(events, named=True), 0)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in calls) == "{}"
    told_of = told(anthropic_as_responses.Stream(b"{}", 7), sse(events, named=True), 0)
    assert [e["delta"] for e in told_of if e["type"].endswith("arguments.delta")] == ["{}"]
    assert told_of[-1]["response"]["output"][0]["arguments"] == "{}"


def chunk(delta: Any, finish: str | None = None) -> Any:
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
    return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call_of(index: int, arguments: str, **more: Any) -> Any:
    return {"tool_calls": [{"index": index, **more, "function": {"arguments": arguments}}]}


CHUNKS: list[Any] = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Hm."}),
    chunk({"content": "I "}),
    chunk({"content": "look."}),
    chunk(
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": ""},
                }
            ]
        }
    ),
    chunk(call_of(0, '{"city":')),
    chunk(call_of(0, '"Ulm"}')),
    chunk(
        {
            "tool_calls": [
                {
                    "index": 1,
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "g", "arguments": "{}"},
                }
            ]
        }
    ),
    chunk({}, "tool_calls"),
    {**chunk({}), "choices": [], "usage": COMPLETION["usage"]},
    "[DONE]",
]


def test_a_stream_of_chunks_is_a_stream_of_anthropics() -> None:
    raw = sse(CHUNKS, named=False)
    for at in range(0, len(raw), 7):
        events = told(chat_as_anthropic.Stream(b"{}", 7), raw, at)
        kinds = [event["type"] for event in events]
        assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
        Message.model_validate({**events[0]["message"], "stop_reason": None})
        started = [e["content_block"]["type"] for e in events if e["type"] == "content_block_start"]
        assert started == ["thinking", "text", "tool_use", "tool_use"]
        assert kinds.count("content_block_stop") == 4
        inputs: dict[int, str] = {}
        for event in events:
            if event["type"] == "content_block_delta" and "partial_json" in event["delta"]:
                inputs[event["index"]] = (
                    inputs.get(event["index"], "") + event["delta"]["partial_json"]
                )
        assert {index: json.loads(text) for index, text in inputs.items()} == {
            2: {"city": "Ulm"},
            3: {},
        }
        last = events[-2]
        assert last["delta"]["stop_reason"] == "tool_use"
        assert last["usage"]["cache_read_input_tokens"] == 10


def test_a_stream_that_breaks_off_has_no_end() -> None:
    events = told(chat_as_anthropic.Stream(b"{}", 7), sse(CHUNKS[:5], named=False), 0)
    assert events[-1]["type"] != "message_stop"


def test_an_error_in_the_stream_is_one_here_too() -> None:
    with pytest.raises(ProviderFailed):
        list(chat_as_anthropic.Stream(b"{}", 7).feed(sse([{"error": {}}], named=False)))
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}
    for stream in (anthropic_as_chat.Stream, anthropic_as_responses.Stream):
        with pytest.raises(ProviderFailed) as caught:
            list(stream(b"{}", 7).feed(sse([error], named=True)))
        assert caught.value.kind == "overloaded_error"
