"""Requests put into another protocol: what is carried, dropped with a note, refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from proxy.errors import BadRequest, CannotTranslate
from proxy.wire import (
    TRANSLATIONS,
    anthropic_messages,
    anthropic_to_chat,
    chat_to_anthropic,
    openai_chat,
    openai_responses,
    responses_to_anthropic,
)
from tests.wire.translating import (
    ANTHROPIC,
    ANTHROPIC_CONVERSATION,
    CHAT,
    CHAT_CONVERSATION,
    NAMED,
    RESPONSES_CONVERSATION,
    WEATHER,
)

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
