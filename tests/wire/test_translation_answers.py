"""Answers put into another protocol, whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from proxy.errors import ProviderFailed
from proxy.wire import anthropic_as_chat, anthropic_as_responses, chat_as_anthropic
from tests.anthropic_scene import events_of
from tests.wire.test_translation import responses_to
from tests.wire.translating import CHUNKS, COMPLETION, MESSAGE, sse, told


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
