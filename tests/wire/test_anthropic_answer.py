"""Anthropic's answers and streams with the values put back, however the bytes are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import Message

from proxy.errors import ProviderFailed
from proxy.mask.masked import Restorable
from proxy.mask.restorer import Restorer
from proxy.wire import anthropic_messages
from proxy.wire.anthropic_answer import AnswerStream, restore
from proxy.wire.places import Places
from proxy.wire.restoring import Asked
from proxy.wire.sse import Decoder
from tests.anthropic_scene import events_of
from tests.wire.answering import CITY, MAIL, ZOE, restorer

SIGNATURE = "QUJD" * 20
BLOCKS: list[Any] = [
    {"type": "thinking", "thinking": "<PERSON_1> it is.", "signature": SIGNATURE},
    {"type": "redacted_thinking", "data": SIGNATURE},
    {"type": "text", "text": "Dear <PERSON_1>, & <LOCATION_1>."},
    {
        "type": "tool_use",
        "id": "toolu_1",
        "name": "send_mail",
        "input": {"to": "<EMAIL_ADDRESS_1>", "cc": ["<PERSON_1>"], "raw": '{"a": "<PERSON_1>"}'},
    },
]


def message(*blocks: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(blocks or BLOCKS),
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 7},
        **more,
    }


def whole(answer: dict[str, Any], **asked: Any) -> dict[str, Any]:
    body = json.dumps(answer, ensure_ascii=False).encode()
    restored: dict[str, Any] = json.loads(restore(body, restorer(), Asked(**asked)).body)
    Message.model_validate(restored)
    return restored


def streamed(answer: dict[str, Any], sizes: tuple[int, ...] = (17, 9)) -> bytes:
    documents = [(event["type"], json.dumps(event)) for event in events_of(answer, sizes)]
    return "".join(f"event: {name}\ndata: {text}\n\n" for name, text in documents).encode()


def gathered(delivered: bytes) -> list[dict[str, Any]]:
    """The content blocks as the SDK puts them together; every event has to have its name."""
    blocks: list[dict[str, Any]] = []
    for event in Decoder().feed(delivered):
        said = json.loads(event.data)
        assert event.name == said["type"]
        if said["type"] == "content_block_start":
            assert said["index"] == len(blocks)
            blocks.append({**said["content_block"], "_json": ""})
        elif said["type"] == "content_block_delta":
            block, delta = blocks[said["index"]], said["delta"]
            if delta["type"] == "input_json_delta":
                block["_json"] += delta["partial_json"]
            elif delta["type"] == "citations_delta":
                block.setdefault("citations", []).append(delta["citation"])
            else:
                name = delta["type"].removesuffix("_delta")
                block[name] = block.get(name, "") + delta[name]
    for block in blocks:
        text = block.pop("_json")
        if text:
            block["input"] = json.loads(text)
    return blocks


def test_values_are_put_back_and_signed_blocks_are_not_touched() -> None:
    thinking, redacted, text, call = whole(message())["content"]
    assert (thinking, redacted) == (BLOCKS[0], BLOCKS[1])
    assert text["text"] == f"Dear {ZOE}, & {CITY}."
    assert call["input"]["to"] == MAIL
    assert call["input"]["cc"] == [ZOE]
    assert json.loads(call["input"]["raw"]) == {"a": ZOE}


def test_an_answer_without_placeholders_keeps_its_bytes() -> None:
    body = b'{"type": "message",  "content": [{"type": "text", "text": "\\u0048i"}]}'
    assert restore(body, restorer(), Asked()).body == body


def test_signed_blocks_are_told() -> None:
    kept: list[str] = []
    whole(message(), keep=kept.append)
    assert {f"<PERSON_1> it is.\0{SIGNATURE}", SIGNATURE} <= set(kept)
    in_stream: list[str] = []
    opened = AnswerStream(restorer(), Asked(keep=in_stream.append))
    opened.feed(streamed(message()))
    assert {f"<PERSON_1> it is.\0{SIGNATURE}", SIGNATURE} <= set(in_stream)


def test_thinking_that_nobody_signs_is_restored() -> None:
    unsigned = message({**BLOCKS[0], "signature": ""}, stop_reason="end_turn")
    kept: list[str] = []
    asked = Asked(signs=False, keep=kept.append)
    opened = AnswerStream(restorer(), asked)
    read = gathered(opened.feed(streamed(unsigned, (1,))))
    body = restore(json.dumps(unsigned).encode(), restorer(), asked).body
    for blocks in (read, json.loads(body)["content"]):
        assert blocks[0]["thinking"] == f"{ZOE} it is."
    assert kept == []


def test_structured_output_is_escaped() -> None:
    answer = message({"type": "text", "text": '{"who": "<PERSON_1>"}'}, stop_reason="end_turn")
    assert json.loads(whole(answer, json_answer=True)["content"][0]["text"]) == {"who": ZOE}
    opened = AnswerStream(restorer(), Asked(json_answer=True))
    (block,) = gathered(opened.feed(streamed(answer)) + opened.close())
    assert json.loads(block["text"]) == {"who": ZOE}


def test_a_field_of_next_year_is_restored() -> None:
    answer = message({"type": "oracle", "says": ["<PERSON_1>"]}, oracle="<PERSON_1>")
    body = json.dumps(answer).encode()
    restored = json.loads(restore(body, restorer(), Asked()).body)
    assert (restored["oracle"], restored["content"][0]["says"]) == (ZOE, [ZOE])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": 1, "a": 2}'])
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        restore(body, restorer(), Asked())


# Streams.


def test_a_stream_cut_at_every_byte_reads_the_same() -> None:
    raw = streamed(message())
    expected = whole(message())["content"]
    for at in range(len(raw) + 1):
        opened = AnswerStream(restorer(), Asked())
        delivered = opened.feed(raw[:at]) + opened.feed(raw[at:]) + opened.close()
        assert not opened.failed
        assert gathered(delivered) == expected, at


@pytest.mark.parametrize("size", range(1, 24))
def test_placeholders_split_at_every_offset(size: int) -> None:
    opened = AnswerStream(restorer(), Asked())
    raw = streamed(message(), (size, 50))
    delivered = b"".join(opened.feed(raw[at : at + 1]) for at in range(len(raw))) + opened.close()
    assert gathered(delivered) == whole(message())["content"]


def test_a_stream_that_ends_anywhere_before_its_end_says_so() -> None:
    raw = streamed(message())
    for at in range(len(raw) - 1):
        opened = AnswerStream(restorer(), Asked())
        delivered = opened.feed(raw[:at]) + opened.close()
        events = list(Decoder().feed(delivered))
        assert opened.failed
        assert events[-1].name == "error"
        assert json.loads(events[-1].data)["error"]["type"] == "api_error"


def test_what_was_held_goes_out_before_the_error() -> None:
    raw = streamed(message({"type": "text", "text": "Dear <PERSON_"}))
    opened = AnswerStream(restorer(), Asked())
    stop = raw.index(b"event: content_block_stop")
    delivered = opened.feed(raw[:stop]) + opened.close()
    assert gathered(delivered.split(b"event: error")[0])[0]["text"] == "Dear <PERSON_"


def test_an_error_in_the_stream_keeps_its_type_and_not_its_words() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Jane is busy"}}
    raw = streamed(message()).split(b"event: content_block_stop")[0]
    opened = AnswerStream(restorer(), Asked())
    opened.feed(raw)
    with pytest.raises(ProviderFailed) as caught:
        opened.feed(f"event: error\ndata: {json.dumps(error)}\n\n".encode())
    last = opened.fail(caught.value, "pvr-1")
    assert b"overloaded_error" in last
    assert b"Jane" not in last


def test_an_event_without_its_line_gets_one() -> None:
    raw = streamed(message()).replace(b"event: message_start\n", b"")
    opened = AnswerStream(restorer(), Asked())
    assert opened.feed(raw).startswith(b"event: message_start\n")


@pytest.mark.parametrize("kind", [[], {}, 7, None])
def test_a_type_that_is_no_word_is_none_of_ours(kind: Any) -> None:
    block = {"type": kind, "text": "for <PERSON_1>"}
    assert whole_block(block) == {"type": kind, "text": f"for {ZOE}"}
    delta = {"type": "content_block_delta", "index": 0, "delta": block}
    started = {"type": "content_block_start", "index": 0, "content_block": block}
    for events in ([started], [delta]):
        listed = [{"type": "message_start", "message": message()}, *events]
        raw = "".join(f"data: {json.dumps(event)}\n\n" for event in listed).encode()
        assert b'"message_start"' in AnswerStream(restorer(), Asked()).feed(raw)


def whole_block(block: dict[str, Any]) -> dict[str, Any]:
    body = restore(json.dumps(message(block)).encode(), restorer(), Asked()).body
    (restored,) = json.loads(body)["content"]
    return dict(restored)


def test_a_delta_of_next_year_grows_too() -> None:
    events = [
        {"type": "message_start", "message": message()},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "oracle"}},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "oracle_delta", "oracle": part},
            }
            for part in ("for <PER", "SON_1", ">!")
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]
    raw = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()
    opened = AnswerStream(restorer(), Asked())
    assert gathered(opened.feed(raw))[0]["oracle"] == f"for {ZOE}!"


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {}\n\n",
        b"data: []\n\n",
        b"event: x\ndata: {\n\n",
        b'data: {"type": "content_block_stop", "index": 0}\n\n',
        b'data: {"type":"message_start","message":{}}\n\ndata: {"type":"content_block_delta","index":"0"}\n\n',
        b'data: {"type":"message_start","message":{}}\n\ndata: {"type":"content_block_delta","index":0}\n\n',
    ],
)
def test_what_is_no_stream_of_this_dialect(raw: bytes) -> None:
    with pytest.raises(ProviderFailed):
        AnswerStream(restorer(), Asked()).feed(raw)


# Citations.

DOCUMENT = "Our customer Ann Lee of Ulm pays late. She is in arrears."
MASKED = "Our customer <PERSON_1> of Ulm pays late. She is in arrears."
TREE = {
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "document", "source": {"type": "base64", "data": "x"}},
                {
                    "type": "tool_result",
                    "content": [{"type": "document", "source": {"type": "text", "data": DOCUMENT}}],
                },
            ],
        }
    ]
}
PATH = ("messages", 0, "content", 1, "content", 0, "source", "data")
REQUEST = anthropic_messages.parse(json.dumps({"model": "m", **TREE}).encode(), "id")
PLACES = Places(REQUEST, {PATH: MASKED}, {PATH: [(13, 20, 13, 23)]})


def cited(start: int, end: int) -> Any:
    return {
        "type": "char_location",
        "cited_text": MASKED[start:end],
        "document_index": 1,
        "document_title": None,
        "start_char_index": start,
        "end_char_index": end,
    }


@pytest.mark.parametrize(
    ("masked", "original"),
    [
        ("<PERSON_1> of Ulm", "Ann Lee of Ulm"),
        ("She is in arrears.", "She is in arrears."),
        ("Our customer", "Our customer"),
        ("pays late", "pays late"),
        ("SON_1> of", "Ann Lee of"),
        ("customer <PER", "customer Ann Lee"),
    ],
)
@pytest.mark.parametrize("streaming", [False, True])
def test_offsets_point_into_the_callers_document(
    masked: str, original: str, streaming: bool
) -> None:
    at = MASKED.index(masked)
    answer = message(
        {"type": "text", "text": "As said.", "citations": [cited(at, at + len(masked))]},
        stop_reason="end_turn",
    )
    restoring = Restorer(Restorable({"PERSON_1": "Ann Lee"}), [])
    asked = Asked(places=PLACES)
    if streaming:
        opened = AnswerStream(restoring, asked)
        (block,) = gathered(opened.feed(streamed(answer)))
    else:
        body = restore(json.dumps(answer).encode(), restoring, asked).body
        (block,) = json.loads(body)["content"]
    (citation,) = block["citations"]
    start, end = citation["start_char_index"], citation["end_char_index"]
    assert DOCUMENT[start:end] == citation["cited_text"] == original


def test_a_citation_of_a_document_that_is_not_there_stays_as_it_is() -> None:
    strange = {**cited(0, 12), "document_index": 7}
    answer = message({"type": "text", "text": "x", "citations": [strange]}, stop_reason="end_turn")
    assert whole(answer, places=PLACES)["content"][0]["citations"] == [strange]
