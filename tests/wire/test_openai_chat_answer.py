"""Whole answers: values come back wherever they can stand, and everything else stays as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.errors import ProviderFailed
from proxy.wire import openai_chat_answer
from proxy.wire.restoring import Asked
from tests.wire.answering import CITY, MAIL, ZOE, Json, answer, choice, restorer


def restored(document: Json, *, json_answer: bool = False, bare: bool = False) -> Json:
    body = json.dumps(document).encode()
    out = openai_chat_answer.restore(body, restorer(bare=bare), Asked(json_answer)).body
    whole: Json = json.loads(out)
    return whole


def message(document: Json, index: int = 0) -> Json:
    found: Json = document["choices"][index]["message"]
    return found


def test_values_come_back_in_text() -> None:
    out = restored(
        answer(choice("<PERSON_1>'s address is <EMAIL_ADDRESS_1>; <PERSON_2> has none."))
    )
    assert message(out)["content"] == f"{ZOE}'s address is {MAIL}; <PERSON_2> has none."


def test_an_answer_without_values_keeps_its_bytes() -> None:
    body = b'{ "choices":[{"index":0,"message":{"content":"Hi \\u00e9 <PERSON_9>"}}],"x":1.10 }'
    assert openai_chat_answer.restore(body, restorer(), Asked()).body is body


def test_numbers_keep_their_source_text_beside_restored_values() -> None:
    body = b'{"choices":[{"message":{"content":"<PERSON_1>"}}],"x":1.10,"y":12345678901234567890}'
    out = openai_chat_answer.restore(body, restorer(), Asked()).body
    assert out.endswith(b'"x":1.10,"y":12345678901234567890}')


def test_every_choice_is_restored() -> None:
    out = restored(answer(choice("<PERSON_1>"), choice("<EMAIL_ADDRESS_1>", 1)))
    assert [message(out, at)["content"] for at in (0, 1)] == [ZOE, MAIL]


def test_tool_arguments_are_escaped_and_names_are_names() -> None:
    call = {
        "id": "call_LOCATION_7",
        "type": "function",
        "function": {
            "name": "visit_LOCATION_9",
            "arguments": '{"who": "<PERSON_1>", "LOCATION_1": "{\\"at\\": \\"<LOCATION_1>\\"}"}',
        },
    }
    out = restored(answer(choice(None, tool_calls=[call])), bare=True)
    (back,) = message(out)["tool_calls"]
    arguments = json.loads(back["function"]["arguments"])
    assert arguments["who"] == ZOE
    assert json.loads(arguments[CITY]) == {"at": CITY}
    assert (back["id"], back["function"]["name"]) == (call["id"], "visit_LOCATION_9")


def test_custom_tools_take_text_and_legacy_calls_take_json() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "sql", "input": "'<PERSON_1>'"}}
    legacy = {"name": "f", "arguments": '{"who":"<PERSON_1>"}'}
    out = restored(answer(choice(None, tool_calls=[custom], function_call=legacy)))
    assert message(out)["tool_calls"][0]["custom"]["input"] == f"'{ZOE}'"
    assert json.loads(message(out)["function_call"]["arguments"]) == {"who": ZOE}


def test_a_json_answer_stays_json() -> None:
    out = restored(answer(choice('{"who": "<PERSON_1>"}')), json_answer=True)
    assert json.loads(message(out)["content"]) == {"who": ZOE}
    # Escaping is what makes the difference: as text it isn't JSON any more.
    text = message(restored(answer(choice('{"who": "<PERSON_1>"}'))))["content"]
    with pytest.raises(ValueError):
        json.loads(text)


def test_refusals_and_fields_that_nobody_declared_are_restored() -> None:
    out = restored(
        answer(
            choice("x", refusal="Not <PERSON_1>.", reasoning_content=["<PERSON_1>?"]),
            note={"by": "<PERSON_1>"},
        )
    )
    assert message(out)["refusal"] == f"Not {ZOE}."
    assert message(out)["reasoning_content"] == [f"{ZOE}?"]
    assert out["note"] == {"by": ZOE}


def test_protocol_words_are_never_touched() -> None:
    before = answer(choice("<PERSON_1>"), system_fingerprint="fp_1", service_tier="default")
    out = restored(before)
    assert {**out, "choices": []} == {**before, "choices": []}
    assert out["choices"][0]["finish_reason"] == "stop"


def test_logprobs_go_only_where_the_text_changed() -> None:
    logprobs = {"content": [{"token": "x", "logprob": -0.5, "bytes": [120], "top_logprobs": []}]}
    first = {**choice("<PERSON_1>"), "logprobs": logprobs}
    second = {**choice("nobody", 1), "logprobs": logprobs}
    out = restored(answer(first, second))
    assert [one["logprobs"] for one in out["choices"]] == [None, logprobs]


def test_citations_move_with_the_text() -> None:
    content = "<PERSON_1> wrote it [here](https://x.test) in <LOCATION_1>."
    start, end = content.index("[here]"), content.index(" in ")
    citation = {"start_index": start, "end_index": end, "url": "https://x.test", "title": "T"}
    annotations = [{"type": "url_citation", "url_citation": citation}]
    out = message(restored(answer(choice(content, annotations=annotations))))
    moved = out["annotations"][0]["url_citation"]
    assert out["content"][moved["start_index"] : moved["end_index"]] == "[here](https://x.test)"
    assert moved["start_index"] != start


@pytest.mark.parametrize(
    "odd",
    [
        {"message": "<PERSON_1>"},
        {"message": {"content": ["<PERSON_1>"], "annotations": [7]}},
        {"message": {"content": "<PERSON_1>", "annotations": [{"url_citation": 7}, None, "x"]}},
        {"message": {"content": "<PERSON_1>", "annotations": {"a": 1}}},
        {"message": None, "text": "<PERSON_1>"},
        {"index": "x", "delta": [["<PERSON_1>"]]},
    ],
)
def test_shapes_that_nobody_expects_are_restored_all_the_same(odd: Json) -> None:
    out = json.dumps(restored(answer(odd), json_answer=True), ensure_ascii=False)
    assert "PERSON_1" not in out
    assert "Zoë" in out


@pytest.mark.parametrize("name", ["content", "message", "choices"])
def test_a_top_level_field_may_have_any_name(name: str) -> None:
    out = restored({"choices": [], name: "<PERSON_1>"}, json_answer=True)
    assert "PERSON_1" not in json.dumps(out)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b'"x"', b"null", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff"),
        *(b'{"a": "\\ud800"}', b"[" * 10_000, b'{"a":' * 300 + b"1" + b"}" * 300),
    ],
)
def test_what_isnt_an_answer_is_the_providers_failure(body: bytes) -> None:
    with pytest.raises(ProviderFailed) as caught:
        openai_chat_answer.restore(body, restorer(), Asked())
    assert caught.value.status == 502


def test_values_dont_come_back_where_an_url_would_carry_them_away() -> None:
    content = "![x](https://evil.test/?q=<EMAIL_ADDRESS_1>) <EMAIL_ADDRESS_1>"
    out = message(restored(answer(choice(content))))["content"]
    assert out == f"![x](https://evil.test/?q=<EMAIL_ADDRESS_1>) {MAIL}"


def test_the_restorer_is_asked_for_the_right_channel() -> None:
    """The adapter's own part of it, with a restorer that only notes."""
    asked: list[tuple[str, str]] = []

    class Noting:
        def text(self, text: str, channel: Any) -> str:
            asked.append((text, channel.value))
            return text

        def stream(self, channel: Any) -> Any:
            raise AssertionError(channel)

        def for_tool(self, name: str) -> Any:
            assert name == "n"
            return self

    call = {"id": "i", "type": "function", "function": {"name": "n", "arguments": "a"}}
    body = json.dumps(answer(choice("c", tool_calls=[call], refusal="r", news={"k": "v"}))).encode()
    for json_answer, content in ((False, "text"), (True, "json")):
        asked.clear()
        openai_chat_answer.restore(body, Noting(), Asked(json_answer))
        assert dict(asked) == {
            "chatcmpl-PERSON_X": "name",
            "chat.completion": "name",
            "gpt-4o-mini": "name",
            "c": content,
            "r": "text",
            "i": "name",
            "n": "name",
            "a": "json",
            "news": "name",
            "k": "name",
            "v": "text",
        }
