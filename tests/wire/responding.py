"""Responses events for tests: every kind of text that grows, as the provider streams it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from proxy.wire.openai_responses_stream import AnswerStream
from proxy.wire.restoring import Asked
from proxy.wire.sse import Decoder
from tests.wire.answering import restorer

Json = dict[str, Any]

#: What the model says, about the values of `answering.restorer`.
SAID = "Dear <PERSON_1>, <EMAIL_ADDRESS_1> or PERSON_1: &lt;PERSON_1&gt;"
ARGUMENTS = '{"to": "<EMAIL_ADDRESS_1>", "who": "<PERSON_1>"}'
OPAQUE = "gAAAA<PERSON_1>=="

MESSAGE: Json = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [
        {"type": "output_text", "text": SAID, "annotations": [], "logprobs": []},
        {"type": "refusal", "refusal": SAID},
    ],
}
REASONING: Json = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": SAID}],
    "content": [{"type": "reasoning_text", "text": SAID}],
    "encrypted_content": OPAQUE,
}
CALL: Json = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "write_to_PERSON_1",
    "arguments": ARGUMENTS,
    "status": "completed",
}
MCP: Json = {
    "type": "mcp_call",
    "id": "mcp_1",
    "server_label": "files",
    "name": "send",
    "arguments": ARGUMENTS,
    "output": SAID,
}
CUSTOM: Json = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "call_2",
    "name": "note",
    "input": SAID,
}
CODE: Json = {
    "type": "code_interpreter_call",
    "id": "ci_1",
    "code": f"print('''{SAID}''')",
    "container_id": "cntr_1",
    "outputs": [{"type": "logs", "logs": SAID}],
    "status": "completed",
}
SHELL: Json = {
    "type": "shell_call",
    "id": "sh_1",
    "call_id": "call_3",
    "action": {"commands": [f"echo '{SAID}'"], "timeout_ms": 1000},
    "status": "completed",
}
SHELL_OUTPUT: Json = {
    "type": "shell_call_output",
    "id": "sho_1",
    "call_id": "call_3",
    "status": "completed",
    "output": [{"stdout": SAID, "stderr": SAID, "outcome": {"type": "exit", "exit_code": 0}}],
}
ITEMS = (MESSAGE, REASONING, CALL, MCP, CUSTOM, CODE, SHELL, SHELL_OUTPUT)

#: Item type -> the event type and the field of its text.
_GROWING = {
    "function_call": ("function_call_arguments", "arguments"),
    "mcp_call": ("mcp_call_arguments", "arguments"),
    "custom_tool_call": ("custom_tool_call_input", "input"),
    "code_interpreter_call": ("code_interpreter_call_code", "code"),
}


def response(output: Sequence[Json] = ITEMS, **fields: Any) -> Json:
    """A response object."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": "completed",
        "model": "gpt-5-mini",
        "output": list(output),
        "instructions": "Serve <PERSON_1>.",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        **fields,
    }


def events(items: Sequence[Json] = ITEMS, size: int = 3) -> list[Json]:
    """The whole stream of a response, texts in fragments of `size` characters."""
    begun = response((), status="in_progress")
    listed = itertools.chain(
        [{"type": "response.created", "response": begun}],
        *(_item(at, item, size) for at, item in enumerate(items)),
        [{"type": "response.audio.transcript.delta", "delta": piece} for piece in cut(SAID, size)],
        [{"type": "response.audio.transcript.done"}],
        [{"type": "response.completed", "response": response(items)}],
    )
    return [{**event, "sequence_number": number} for number, event in enumerate(listed)]


def cut(text: str, size: int) -> list[str]:
    """`text` in fragments."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def encoded(documents: Sequence[Json]) -> bytes:
    """The bytes of a stream, each event under its name."""
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        for event in documents
    )


def stream(*, json_answer: bool = False, drop_logprobs: bool = True) -> AnswerStream:
    """A stream's restorer."""
    return AnswerStream(restorer(), Asked(json_answer=json_answer, drop_logprobs=drop_logprobs))


def played(*pieces: bytes, json_answer: bool = False) -> list[Json]:
    """Every event that a caller reads of these pieces, to the end."""
    opened = stream(json_answer=json_answer)
    delivered = b"".join(map(opened.feed, pieces)) + opened.close()
    decoder = Decoder()
    read = list(decoder.feed(delivered))
    assert not decoder.unfinished
    documents = [json.loads(event.data) for event in read]
    assert [event.name for event in read] == [document["type"] for document in documents]
    return documents


def grown(documents: Sequence[Json]) -> dict[tuple[Any, ...], str]:
    """What a client puts together of each text: its deltas, by type and indexes."""
    texts: dict[tuple[Any, ...], str] = {}
    for event in documents:
        base, _, phase = event["type"].rpartition(".")
        if phase != "delta":
            continue
        pieces = event["delta"] if isinstance(event["delta"], dict) else {"": event["delta"]}
        for name, piece in pieces.items():
            place = (base.removeprefix("response."), *_indexes(event), name)
            texts[place] = texts.get(place, "") + piece
    return texts


def _indexes(event: Json) -> tuple[Any, ...]:
    names = ("output_index", "content_index", "summary_index", "command_index")
    return tuple(event[name] for name in names if name in event)


def _item(at: int, item: Json, size: int) -> Iterator[Json]:
    place = {"output_index": at, "item_id": item["id"]}
    hollow = {name: [] if isinstance(said, list) else said for name, said in item.items()}
    yield {
        "type": "response.output_item.added",
        "output_index": at,
        "item": hollow,
    }
    for number, part in enumerate(item.get("summary", ())):
        yield from _summary(place | {"summary_index": number}, part, size)
    for number, part in enumerate(item.get("content", ())):
        yield from _part(place | {"content_index": number}, part, size)
    for number, command in enumerate(item.get("action", {}).get("commands", ())):
        said = {"output_index": at, "command_index": number}
        yield {"type": "response.shell_call_command.added", **said, "command": ""}
        yield from _text("shell_call_command", "command", said, {"command": command}, size)
    if item["type"] in _GROWING:
        base, field = _GROWING[item["type"]]
        yield from _text(base, field, place, item, size)
    if item["type"] == "shell_call_output":
        yield from _output(place, item, size)
    yield {"type": "response.output_item.done", "output_index": at, "item": item}


def _part(place: Json, part: Json, size: int) -> Iterator[Json]:
    field = "refusal" if part["type"] == "refusal" else "text"
    yield {"type": "response.content_part.added", **place, "part": {**part, field: ""}}
    yield from _text(part["type"], field, place, part, size)
    yield {"type": "response.content_part.done", **place, "part": part}


def _summary(place: Json, part: Json, size: int) -> Iterator[Json]:
    yield {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}}
    yield from _text("reasoning_summary_text", "text", place, part, size)
    yield {"type": "response.reasoning_summary_part.done", **place, "part": part}


def _text(base: str, field: str, place: Json, holder: Json, size: int) -> Iterator[Json]:
    extra = {"logprobs": []} if base == "output_text" else {}
    for piece in cut(holder[field], size):
        yield {"type": f"response.{base}.delta", **place, "delta": piece, **extra}
    yield {"type": f"response.{base}.done", **place, field: holder[field], **extra}


def _output(place: Json, item: Json, size: int) -> Iterator[Json]:
    place = place | {"command_index": 0}
    said = item["output"][0]
    base = "response.shell_call_output_content"
    for piece in cut(said["stdout"], size):
        yield {"type": f"{base}.delta", **place, "delta": {"stdout": piece, "stderr": piece}}
    yield {"type": f"{base}.done", **place, "output": item["output"]}
