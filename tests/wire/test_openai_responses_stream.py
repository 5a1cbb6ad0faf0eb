"""Responses: streams and whole answers, every text in them, cut anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from proxy.errors import ProviderFailed
from proxy.wire.openai_responses_answer import restore
from proxy.wire.restoring import Asked
from tests.wire.answering import MAIL, ZOE, restorer
from tests.wire.responding import (
    ARGUMENTS,
    ITEMS,
    MESSAGE,
    OPAQUE,
    SAID,
    cut,
    encoded,
    events,
    grown,
    played,
    response,
    stream,
)

TOLD = f"Dear {ZOE}, {MAIL} or {ZOE}: {ZOE}"
GIVEN = {"to": MAIL, "who": ZOE}
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def check_texts(response_: dict[str, Any]) -> None:
    """Every text of a whole response reads as the model would have written it."""
    message, reasoning, call, mcp, custom, code, shell, output = response_["output"]
    assert message["content"][0]["text"] == message["content"][1]["refusal"] == TOLD
    assert reasoning["summary"][0]["text"] == reasoning["content"][0]["text"] == TOLD
    assert reasoning["encrypted_content"] == OPAQUE, "what is sealed travels verbatim"
    assert json.loads(call["arguments"]) == json.loads(mcp["arguments"]) == GIVEN
    assert call["name"] == f"write_to_{ZOE}"
    assert mcp["output"] == custom["input"] == TOLD
    assert code["code"] == f"print('''{TOLD}''')"
    assert code["outputs"][0]["logs"] == TOLD
    assert shell["action"]["commands"] == [f"echo '{TOLD}'"]
    assert output["output"][0]["stdout"] == output["output"][0]["stderr"] == TOLD
    assert response_["instructions"] == f"Serve {ZOE}."


def test_a_whole_response() -> None:
    body = json.dumps(response()).encode()
    restored = json.loads(restore(body, restorer(), Asked()).body)
    check_texts(restored)
    Response.model_validate(restored, strict=True)


def test_a_response_without_a_value_keeps_its_bytes() -> None:
    body = json.dumps(response(({**MESSAGE, "content": []},), instructions=None)).encode()
    assert restore(body, restorer(), Asked()).body is body


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_every_text_of_a_stream_agrees_with_every_repetition(size: int) -> None:
    read = played(encoded(events(size=size)))
    assert [event["sequence_number"] for event in read] == list(range(len(read)))
    texts = grown(read)
    assert json.loads(texts.pop(("function_call_arguments", 2, ""))) == GIVEN
    assert json.loads(texts.pop(("mcp_call_arguments", 3, ""))) == GIVEN
    assert texts.pop(("code_interpreter_call_code", 5, "")) == f"print('''{TOLD}''')"
    assert texts.pop(("shell_call_command", 6, 0, "")) == f"echo '{TOLD}'"
    assert set(texts) == {
        ("output_text", 0, 0, ""),
        ("refusal", 0, 1, ""),
        ("reasoning_summary_text", 1, 0, ""),
        ("reasoning_text", 1, 0, ""),
        ("custom_tool_call_input", 4, ""),
        ("shell_call_output_content", 7, 0, "stdout"),
        ("shell_call_output_content", 7, 0, "stderr"),
        ("audio.transcript", ""),
    }
    assert set(texts.values()) == {TOLD}
    check_texts(read[-1]["response"])
    done = [event["item"] for event in read if event["type"] == "response.output_item.done"]
    assert done == read[-1]["response"]["output"]
    for event in read:
        for name in ("text", "refusal", "input"):
            if event["type"].endswith("_text.done") or event["type"].endswith("refusal.done"):
                assert event.get(name, TOLD) == TOLD
        EVENT.validate_python(event, strict=True)


def test_a_stream_cut_at_every_byte_reads_the_same() -> None:
    text = {"type": "output_text", "text": "I, <PERSON_1>", "annotations": []}
    listed = events(({**MESSAGE, "content": [text]},), size=6)
    whole = encoded([e for e in listed if "output_text" in e["type"] or "completed" in e["type"]])
    expected = played(whole)
    for at in range(1, len(whole)):
        assert played(whole[:at], whole[at:]) == expected


def test_single_bytes_read_the_same() -> None:
    whole = encoded(events(size=5))
    assert played(*(whole[at : at + 1] for at in range(len(whole)))) == played(whole)


@pytest.mark.parametrize(
    "text", ["<PERSON_1>", "&lt;PERSON_1&gt;", "PERSON\\_1", "<EMAIL_ADDRESS_1>"]
)
def test_a_placeholder_split_at_every_offset(text: str) -> None:
    value = MAIL if "MAIL" in text else ZOE
    for at in range(1, len(text)):
        item = {**MESSAGE, "content": [{"type": "output_text", "text": text, "annotations": []}]}
        listed = [event for event in events((item,), size=1000) if "delta" not in event]
        place = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
        base = {"type": "response.output_text.delta", **place}
        begin = next(n for n, e in enumerate(listed) if e["type"] == "response.output_text.done")
        listed[begin:begin] = [{**base, "delta": text[:at]}, {**base, "delta": text[at:]}]
        listed = [{**event, "sequence_number": n} for n, event in enumerate(listed)]
        assert grown(played(encoded(listed)))["output_text", 0, 0, ""] == value


def test_a_json_answer_is_escaped_and_a_refusal_isnt() -> None:
    read = played(encoded(events(size=2)), json_answer=True)
    quoted = json.dumps(ZOE, ensure_ascii=False)[1:-1]
    texts = grown(read)
    assert quoted in texts["output_text", 0, 0, ""]
    assert texts["refusal", 0, 1, ""] == TOLD
    message = read[-1]["response"]["output"][0]
    assert message["content"][0]["text"] == texts["output_text", 0, 0, ""]
    assert message["content"][1]["refusal"] == TOLD


def test_annotations_move_with_the_text() -> None:
    text = "See <PERSON_1> at http://a.example (here)."
    start, end = text.index("http"), text.index(" (here)")
    cited = {
        "type": "url_citation",
        "url": "http://a.example",
        "title": "Of <PERSON_1>",
        "start_index": start,
        "end_index": end,
    }
    part = {"type": "output_text", "text": text, "annotations": [cited]}
    item = {**MESSAGE, "content": [part]}
    listed = events((item,), size=4)
    at = next(n for n, e in enumerate(listed) if e["type"] == "response.output_text.done")
    place = {"output_index": 0, "content_index": 0, "item_id": "msg_1", "annotation_index": 0}
    added = {"type": "response.output_text.annotation.added", **place, "annotation": cited}
    listed.insert(at, added)
    read = played(encoded([{**e, "sequence_number": n} for n, e in enumerate(listed)]))

    told = text.replace("<PERSON_1>", ZOE)
    moved = [e["annotation"] for e in read if "annotation" in e]
    moved += [e["part"]["annotations"][0] for e in read if e["type"].endswith("part.done")]
    moved.append(read[-1]["response"]["output"][0]["content"][0]["annotations"][0])
    assert len(moved) == 3
    for annotation in moved:
        assert told[annotation["start_index"] : annotation["end_index"]] == "http://a.example"
        assert annotation["title"] == f"Of {ZOE}"


def test_log_probabilities_of_restored_text_are_dropped() -> None:
    spelled = [{"token": "<PERSON", "logprob": -0.1, "bytes": [], "top_logprobs": []}]
    item = {**MESSAGE, "content": [{**MESSAGE["content"][0], "logprobs": spelled}]}
    listed = events((item,), size=4)
    for event in listed:
        if event["type"].startswith("response.output_text."):
            event["logprobs"] = spelled
    assert "<PERSON" not in json.dumps(played(encoded(listed)))
    body = json.dumps(response((item,))).encode()
    assert b"<PERSON" not in restore(body, restorer(), Asked()).body


# How streams end.


def test_a_stream_cut_anywhere_before_its_end_says_so() -> None:
    whole = encoded(events((MESSAGE,), size=9))
    last = whole.rindex(b"event: response.completed")
    for at in range(0, last, 17):
        opened = stream()
        delivered = opened.feed(whole[:at]) + opened.close()
        assert opened.failed
        tail = json.loads(delivered.rstrip().rpartition(b"data: ")[2])
        assert tail["type"] == "error"
        assert tail["code"] == tail["error"]["code"] == "provider_failed"
        assert delivered.endswith(b"\n\n")


def test_what_was_held_goes_out_before_the_error() -> None:
    listed = events((MESSAGE,), size=1000)
    at = next(n for n, e in enumerate(listed) if e["type"] == "response.output_text.delta")
    listed[at] |= {"delta": "Dear <PERSON_"}
    opened = stream()
    delivered = opened.feed(encoded(listed[: at + 1])) + opened.close()
    kinds = [line for line in delivered.split(b"\n") if line.startswith(b"event")]
    assert kinds[-2:] == [b"event: response.output_text.delta", b"event: error"]
    assert b'"delta":"<PERSON_"' in delivered


@pytest.mark.parametrize("kind", ["response.incomplete", "response.failed", "response.cancelled"])
def test_every_terminal_event_ends_a_stream(kind: str) -> None:
    listed = events((MESSAGE,))
    listed[-1] |= {"type": kind}
    assert played(encoded(listed))[-1]["type"] == kind


@pytest.mark.parametrize("index", [[], {}, [1], "0"])
def test_a_place_that_is_no_number_is_the_providers_failure(index: Any) -> None:
    delta = {"type": "response.output_text.delta", "output_index": index, "delta": "x"}
    added = {"type": "response.output_item.added", "output_index": index, "item": MESSAGE}
    for event in (delta, added):
        with pytest.raises(ProviderFailed):
            stream().feed(encoded([event]))


@pytest.mark.parametrize(
    ("code", "told"),
    [("server_error", "The provider failed."), ("invalid_prompt", f"Not about {ZOE}.")],
)
def test_what_a_provider_says_of_its_own_failure_stays_with_us(code: str, told: str) -> None:
    error = {"code": code, "message": "Not about <PERSON_1>."}
    failed = response((), status="failed", error=error)
    body = restore(json.dumps(failed).encode(), restorer(), Asked()).body
    event = {"type": "response.failed", "sequence_number": 0, "response": failed}
    for read in (json.loads(body), played(encoded([event]))[-1]["response"]):
        assert read["error"] == {"code": code, "message": told}


def test_a_providers_error_ends_it() -> None:
    listed = [events((MESSAGE,))[0], {"type": "error", "message": "secret host", "code": "x"}]
    opened = stream()
    with pytest.raises(ProviderFailed):
        opened.feed(encoded(listed))
    last = opened.fail(ProviderFailed("It failed."), "pvr-1")
    assert b"secret host" not in last
    assert b"pvr-1" in last


@pytest.mark.parametrize("event", [b"data: []\n\n", b"data: {}\n\n", b"data: {\n\n"])
def test_what_is_no_event_is_refused(event: bytes) -> None:
    with pytest.raises(ProviderFailed):
        stream().feed(event)


def test_events_and_fields_of_next_year_are_restored() -> None:
    listed = events((MESSAGE,), size=1000)
    new = [
        {"type": "response.haiku.delta", "output_index": 0, "delta": piece}
        for piece in cut(SAID, 2)
    ]
    closing = {"type": "response.haiku.done", "output_index": 0, "haiku": SAID}
    listed[2:2] = [*new, closing]
    read = played(encoded([{**e, "sequence_number": n} for n, e in enumerate(listed)]))
    assert grown(read)["haiku", 0, ""] == TOLD
    assert next(e["haiku"] for e in read if "haiku" in e) == TOLD


def test_names_declared_here_are_the_sdks() -> None:
    """Every item type of the SDK's is known to the dialect, so its fields are what they seem."""
    from typing import get_args

    from openai.types.responses import ResponseOutputItem

    from proxy.wire.openai_responses_items import AUTHORS, ITEM

    known = ITEM.fields["type"].values
    listed = get_args(get_args(ResponseOutputItem)[0])
    kinds = {get_args(item.model_fields["type"].annotation)[0] for item in listed}
    assert kinds - known == set()
    assert kinds - AUTHORS.keys() <= {"message", "additional_tools", "mcp_approval_response"}
    assert {item["type"] for item in ITEMS} <= kinds
    assert ARGUMENTS
