"""Streams: restored as they pass, whatever the fragments, the cuts and the way they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from proxy.errors import ProviderFailed, ProviderTimeout
from proxy.wire import openai_chat_answer
from proxy.wire.restoring import Asked
from proxy.wire.sse import Event
from tests.wire.answering import (
    MAIL,
    ZOE,
    Json,
    answer,
    choice,
    chunk,
    delta,
    documents,
    event,
    events,
    gathered,
    played,
    restorer,
    stream,
)

DONE = b"data: [DONE]\n\n"


def finish(reason: str) -> bytes:
    """The last event of the first choice."""
    return event(chunk(delta(finish=reason)))


USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def said(*pieces: str, finish: str = "stop", index: int = 0) -> list[bytes]:
    """A choice that says these pieces and ends."""
    deltas = [delta(index, content=piece) for piece in pieces]
    return [event(chunk(each)) for each in (*deltas, delta(index, finish))]


def content(delivered: bytes, index: int = 0) -> str:
    text: str = gathered(delivered)[index]["content"]
    return text


# What comes out.


def test_a_stream_reads_like_its_answer() -> None:
    out = played(stream(), *said("Ask <PER", "SON_1", "> at <EMAIL_ADDRESS_1>", "."), DONE)
    assert content(out) == f"Ask {ZOE} at {MAIL}."
    assert events(out)[-1] == Event("[DONE]")


@pytest.mark.parametrize("text", ["<PERSON_1>", "a <PERSON_1>b", "<PERSON_1><EMAIL_ADDRESS_1>"])
def test_a_placeholder_may_be_cut_anywhere(text: str) -> None:
    whole = text.replace("<PERSON_1>", ZOE).replace("<EMAIL_ADDRESS_1>", MAIL)
    for cut in range(len(text) + 1):
        assert content(played(stream(), *said(text[:cut], text[cut:]), DONE)) == whole
    assert content(played(stream(), *said(*text), DONE)) == whole


def test_what_only_looks_like_a_placeholder_comes_out_as_it_came() -> None:
    for text in ("<", "a < b", "<PERSON_", "<PERSON_2>", "<<<‹", "<b>bold</b>", "&lt;PERSON_x"):
        assert content(played(stream(), *said(*text), DONE)) == text


def test_only_the_placeholder_in_the_middle_is_waited_for() -> None:
    opened = stream()
    (first,) = documents(opened.feed(said("Hello <PER")[0]))
    assert first["choices"][0]["delta"]["content"] == "Hello "
    (second,) = documents(opened.feed(said("SON_1>, hi")[0]))
    assert second["choices"][0]["delta"]["content"].startswith(ZOE)


RICH = b"".join(
    [
        event(chunk(delta(role="assistant", content=""))),
        event(chunk(delta(1, role="assistant", content=None, refusal=None))),
        event(chunk(delta(content="Grüße 😀, <PERS"))),
        event(
            chunk(
                delta(
                    1,
                    tool_calls=[
                        {
                            "index": 0,
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "send", "arguments": ""},
                        }
                    ],
                )
            )
        ),
        event(chunk(delta(1, tool_calls=[{"index": 0, "function": {"arguments": '{"to":"<EM'}}]))),
        event(chunk(delta(content="ON_1>. <EMAIL_ADD"), delta(2, refusal="Not <PERSON_1>"))),
        b": keep-alive\n\n",
        event(
            chunk(
                delta(
                    1,
                    tool_calls=[
                        {"index": 1, "function": {"name": "tell", "arguments": '{"w":"<PERSON'}},
                        {"index": 0, "function": {"arguments": 'AIL_ADDRESS_1>"}'}},
                    ],
                )
            )
        ),
        event(chunk(delta(1, tool_calls=[{"index": 1, "function": {"arguments": '_1>"}'}}]))),
        event(chunk(delta(finish="length", content="RESS_1> <PERSON_"))),
        event(chunk(delta(1, "tool_calls"))),
        event(chunk(delta(2, "stop"))),
        event(chunk(usage=USAGE)),
        DONE,
    ]
)


def rich_is_whole(delivered: bytes) -> None:
    """What `RICH` means, however it was delivered."""
    choices = gathered(delivered)
    assert choices[0]["content"] == f"Grüße 😀, {ZOE}. {MAIL} <PERSON_"
    calls = choices[1]["tool_calls"]
    assert [calls[at]["function"]["name"] for at in (0, 1)] == ["send", "tell"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"to": MAIL}
    assert json.loads(calls[1]["function"]["arguments"]) == {"w": ZOE}
    assert choices[2]["refusal"] == f"Not {ZOE}"
    assert [choices[at]["finish_reason"] for at in range(3)] == ["length", "tool_calls", "stop"]
    last, done = events(delivered)[-2:]
    assert (json.loads(last.data)["usage"], done.data) == (USAGE, "[DONE]")


def test_a_rich_stream_cut_at_every_byte() -> None:
    assert len(RICH) > 2_000
    for cut in range(len(RICH) + 1):
        rich_is_whole(played(stream(), RICH[:cut], RICH[cut:]))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_a_rich_stream_in_pieces_of_every_size(size: int) -> None:
    pieces = [RICH[at : at + size] for at in range(0, len(RICH), size)]
    rich_is_whole(played(stream(), *pieces))


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_a_rich_stream_with_other_line_ends(end: bytes) -> None:
    rich_is_whole(played(stream(), RICH.replace(b"\n", end)))


def test_tool_arguments_in_single_characters_are_escaped() -> None:
    arguments = json.dumps({"who": "<PERSON_1>", "deep": json.dumps(["<PERSON_1>"])})
    pieces = [
        event(chunk(delta(tool_calls=[{"index": 0, "function": {"arguments": each}}])))
        for each in arguments
    ]
    out = played(stream(), *pieces, event(chunk(delta(finish="tool_calls"))), DONE)
    back = json.loads(gathered(out)[0]["tool_calls"][0]["function"]["arguments"])
    assert (back["who"], json.loads(back["deep"])) == (ZOE, [ZOE])


def test_a_json_answer_is_escaped_and_a_text_isnt() -> None:
    pieces = said(*'{"who": "<PERSON_1>"}')
    assert json.loads(content(played(stream(json_answer=True), *pieces, DONE))) == {"who": ZOE}
    assert content(played(stream(), *pieces, DONE)) == f'{{"who": "{ZOE}"}}'


def test_choices_dont_mix() -> None:
    pieces = [
        event(chunk(delta(0, content="<PER"), delta(1, content="<EMAIL_"))),
        event(chunk(delta(1, content="ADDRESS_1>"), delta(0, content="SON_1>"))),
        event(chunk(delta(1, "stop"), delta(0, "stop"))),
    ]
    out = played(stream(), *pieces, DONE)
    assert (content(out, 0), content(out, 1)) == (ZOE, MAIL)


def test_choices_without_an_index_are_counted() -> None:
    pieces = [{"delta": {"content": text}} for text in ("<PER", "SON_1>")]
    documents_ = [{"choices": [piece]} for piece in (*pieces, {"finish_reason": "stop"})]
    out = played(stream(), *(event(document) for document in documents_), DONE)
    text = "".join(
        one.get("delta", {}).get("content", "")
        for each in documents(out)
        for one in each["choices"]
    )
    assert text == ZOE


def test_fields_that_nobody_declared_have_streams_of_their_own() -> None:
    pieces = [
        event(chunk(delta(reasoning_content="I know <PER", content="Ask <EMAIL_"))),
        event(chunk(delta(reasoning_content="SON_1>", content="ADDRESS_1>"))),
        event(chunk(delta(finish="stop"))),
    ]
    out = gathered(played(stream(), *pieces, DONE))[0]
    assert (out["reasoning_content"], out["content"]) == (f"I know {ZOE}", f"Ask {MAIL}")


def named(*pieces: str, **first: Any) -> list[bytes]:
    """A call whose name comes in these pieces, one event each, and then its arguments."""
    calls: list[Json] = [{"index": 0, "function": {"name": piece}} for piece in pieces]
    calls[0] |= {"id": "c", "type": "function", **first}
    calls.append({"index": 0, "function": {"arguments": "{}"}})
    return [event(chunk(delta(tool_calls=[call]))) for call in calls]


def names(delivered: bytes) -> list[str]:
    """The names that a client reads, event by event."""
    return [
        call["function"]["name"]
        for document in documents(delivered)
        for one in document.get("choices", ())
        for call in one["delta"].get("tool_calls", ())
        if "name" in call.get("function", {})
    ]


@pytest.mark.parametrize("name", ["visit_LOCATION_9", "lookup", "tell_PERSON_1_now", "PERSONS"])
def test_a_tools_name_that_no_placeholder_ends_isnt_held_back(name: str) -> None:
    first, _ = named(name)
    assert names(stream(bare=True).feed(first)) == [name.replace("PERSON_1", ZOE)]


@pytest.mark.parametrize("at", range(1, len("tell_PERSON_1")))
def test_a_tools_name_that_is_cut_in_a_placeholder_goes_out_whole(at: int) -> None:
    """Clients take the name from the first fragment that has one."""
    whole = "tell_PERSON_1"
    out = played(stream(bare=True), *named(whole[:at], whole[at:]), finish("tool_calls"), DONE)
    read = names(out)
    assert "".join(read) == f"tell_{ZOE}"
    assert read[-1].endswith(ZOE)
    called = gathered(out)[0]["tool_calls"][0]
    assert (called["id"], called["function"]["arguments"]) == ("c", "{}")


def test_a_name_in_single_letters_waits_for_its_placeholder_only() -> None:
    out = played(stream(bare=True), *named(*"x_PERSON_1_y"), finish("tool_calls"), DONE)
    assert names(out) == ["x", "_", ZOE + "_", "y"]


def test_another_choices_chunks_keep_their_place_behind_a_name_that_waits() -> None:
    begun, ended, arguments = named("tell_PER", "SON_1")
    other = event(chunk(delta(1, content="Hi")))
    opened = stream(bare=True)
    assert opened.feed(begun + other) == b""
    assert [one["choices"][0]["index"] for one in documents(opened.feed(ended + arguments))] == [
        *(0, 1, 0, 0)
    ]


def test_a_name_that_never_goes_on_is_delivered_as_it_came() -> None:
    begun, *_ = named("tell_PER")
    assert names(played(stream(bare=True), begun, finish("tool_calls"), DONE)) == ["tell_PER"]
    assert names(played(stream(bare=True), begun)) == ["tell_PER"]
    opened = stream(bare=True)
    opened.feed(begun)
    chatter = b"".join(event(chunk(delta(1, content="x"))) for _ in range(200))
    assert names(opened.feed(chatter)) == ["tell_PER"]


def test_citations_move_with_the_text_that_they_count() -> None:
    said = "Ask <PERSON_1>, or <EMAIL_ADDRESS_1>."
    start, end = said.index("<EMAIL"), said.index(">.") + 1
    citation = {"url": "https://x.test", "start_index": start, "end_index": end}
    notes = [{"type": "url_citation", "url_citation": citation}]
    pieces = [event(chunk(delta(content=piece))) for piece in (said[:8], said[8:25], said[25:])]
    out = played(stream(), *pieces, event(chunk(delta(annotations=notes))), finish("stop"), DONE)
    deltas = [one["choices"][0]["delta"] for one in documents(out)]
    text = "".join(said.get("content", "") for said in deltas)
    (moved,) = [said["annotations"][0]["url_citation"] for said in deltas if "annotations" in said]
    assert text[moved["start_index"] : moved["end_index"]] == MAIL


def test_annotations_are_whole_and_dont_run_into_each_other() -> None:
    notes = [
        [{"type": "url_citation", "url_citation": {"title": t}}] for t in ("Plan P", "<PERSON_1>")
    ]
    out = b"".join(stream().feed(event(chunk(delta(annotations=each)))) for each in notes)
    titles = [
        each["choices"][0]["delta"]["annotations"][0]["url_citation"]["title"]
        for each in documents(out)
    ]
    assert titles == ["Plan P", ZOE]


def test_protocol_words_are_never_touched() -> None:
    first = chunk(delta(role="assistant", content="x"), system_fingerprint="fp_1")
    (out,) = documents(stream().feed(event(first)))
    assert out == first


def test_event_names_are_kept() -> None:
    named = b"event: message\n" + event(chunk(delta(content="x")))
    assert events(stream().feed(named))[0].name == "message"


# The end of a choice and of a stream.


def finishes(delivered: bytes) -> Iterator[tuple[str, str | None]]:
    for document in documents(delivered):
        for one in document["choices"]:
            yield one["delta"].get("content", ""), one["finish_reason"]


def test_what_is_held_comes_before_the_finish_reason() -> None:
    out = played(stream(), *said("Ask <PERSON_"), DONE)
    assert list(finishes(out)) == [("Ask ", None), ("<PERSON_", None), ("", "stop")]


def test_also_when_it_comes_in_the_same_chunk() -> None:
    last = chunk(delta(finish="length", content="Ask <PERSON_"), usage=USAGE)
    out = played(stream(), event(last), DONE)
    assert list(finishes(out)) == [("Ask ", None), ("<PERSON_", None), ("", "length")]
    assert [document.get("usage") for document in documents(out)] == [None, None, USAGE]


def test_held_text_carries_the_chunks_own_envelope() -> None:
    out = documents(played(stream(), *said("<PERSON_"), DONE))
    assert {(each["id"], each["model"], each["object"]) for each in out} == {
        ("chatcmpl-PERSON_X", "gpt-4o-mini", "chat.completion.chunk")
    }


def test_a_stream_without_done_gets_one() -> None:
    out = played(stream(), *said("<PERSON_1>"))
    assert content(out) == ZOE
    assert events(out)[-1] == Event("[DONE]")


def test_nothing_comes_after_done() -> None:
    opened = stream()
    opened.feed(b"".join(said("x")) + DONE)
    assert opened.feed(b"".join(said("more")) + DONE) == b""
    assert (opened.close(), opened.close()) == (b"", b"")
    assert opened.fail(ProviderTimeout("late"), "pvr-1") == b""
    assert not opened.failed


def errors(delivered: bytes) -> list[Json]:
    return [each["error"] for each in documents(delivered) if "error" in each]


@pytest.mark.parametrize(
    "pieces",
    [
        *([], said("Ask <PERSON_")[:1], [*said("x"), b"data: {"], [b": only a comment\n\n"]),
        *([event(chunk(usage=USAGE))[:-1]], [*said("x", index=1), *said("y")[:1]]),
    ],
    ids=["nothing", "no finish", "half an event", "comment", "half an end", "one of two choices"],
)
def test_a_stream_that_breaks_off_ends_in_an_error(pieces: list[bytes]) -> None:
    opened = stream()
    out = played(opened, *pieces)
    assert opened.failed
    (error,) = errors(out)
    assert (error["type"], error["code"]) == ("server_error", "provider_failed")
    assert "error" in json.loads(events(out)[-1].data)
    assert (opened.close(), opened.fail(ProviderTimeout("x"), "")) == (b"", b"")


def test_what_was_held_is_said_before_the_error() -> None:
    out = played(stream(), said("Ask <PERSON_")[0])
    assert [text for text, _ in finishes(out.partition(b'data: {"error"')[0])] == [
        *("Ask ", "<PERSON_")
    ]


@pytest.mark.parametrize(
    "bad",
    [
        *(
            event('{"choices": ['),
            event("[1]"),
            event("null"),
            event('{"a": NaN}'),
            b"data: \xff\n\n",
        ),
        *(event('{"a": 1, "a": 2}'), event({"error": {"message": "Zarathustra"}}), event("")),
        *(event("[" * 10_000), event('{"a":' * 300 + "1" + "}" * 300)),
        *(event({"choices": [{"index": {}}]}), event({"choices": [{"index": "0"}]})),
    ],
)
def test_what_cant_be_read_is_the_providers_failure(bad: bytes) -> None:
    opened = stream()
    opened.feed(said("one ")[0])
    with pytest.raises(ProviderFailed) as caught:
        # In the same piece as what can be read: that isn't lost.
        opened.feed(said("two <PERSON_")[0] + bad + said("never")[0])
    out = opened.fail(caught.value, "pvr-1")
    (error,) = errors(out)
    assert error["request_id"] == "pvr-1"
    assert [text for text, _ in finishes(out.partition(b'data: {"error"')[0])] == [
        *("two ", "<PERSON_")
    ]
    assert b"Zarathustra" not in out
    assert b"never" not in out
    assert opened.close() == b""


def test_a_failure_of_ours_says_what_it_is_and_once() -> None:
    opened = stream()
    opened.feed(said("x")[0])
    out = opened.fail(ProviderTimeout("The provider stopped answering."), "pvr-1")
    (error,) = errors(out)
    assert (error["code"], error["message"]) == (
        *("provider_timeout", "The provider stopped answering."),
    )
    assert opened.failed
    assert opened.fail(ProviderTimeout("again"), "pvr-1") == b""


# Log-probabilities.


def test_logprobs_are_dropped_where_values_were_hidden() -> None:
    logprobs = {"content": [{"token": "<", "logprob": -1}]}
    one = event(chunk({**delta(content="<"), "logprobs": logprobs}))
    (dropped,) = documents(stream(drop_logprobs=True).feed(one))
    assert dropped["choices"][0]["logprobs"] is None


def test_a_whole_answer_and_its_stream_say_the_same() -> None:
    text = "To <PERSON_1>, <EMAIL_ADDRESS_1> & <LOCATION_2>: &lt;PERSON_1&gt; \\<PERSON_1\\>"
    body = json.dumps(answer(choice(text))).encode()
    whole = json.loads(openai_chat_answer.restore(body, restorer(), Asked()).body)
    streamed = content(played(stream(), *said(*text), DONE))
    assert streamed == whole["choices"][0]["message"]["content"]
    assert ZOE in streamed
