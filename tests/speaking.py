"""What OpenAI's other APIs answer: Responses, Completions and Embeddings, as their provider would.

Each function takes a request as parsed JSON and the replies of a scene, and gives JSON documents:
one whole answer, or the events of a stream. Chat Completions are in proxy/loopback.py.
Format: OpenAI API reference, and the types of the official SDK.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from proxy.assistant import Reply
from proxy.loopback import CREATED

Json = dict[str, Any]

_USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 14,
}
_WORD = re.compile(r"<[A-Z0-9_]+[a-z]*>|\w+")
DIMENSIONS = 256

_serial = itertools.count(1)


def response(asked: Json, reply: Reply, status: str = "completed") -> Json:
    """A response object, its id new."""
    echoed = {
        "instructions": asked.get("instructions"),
        "metadata": asked.get("metadata") or {},
        "tools": asked.get("tools") or [],
        "tool_choice": asked.get("tool_choice") or "auto",
        "text": asked.get("text") or {"format": {"type": "text"}},
        "store": asked.get("store", True),
        "previous_response_id": asked.get("previous_response_id"),
    }
    finished = status == "completed"
    return {
        "id": f"resp_{next(_serial):032x}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": asked["model"],
        "output": output(reply) if finished else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "usage": _USAGE if finished else None,
        **echoed,
    }


def output(reply: Reply) -> list[Json]:
    """The output items of a reply."""
    items: list[Json] = []
    if reply.content is not None:
        items.append(_message({"type": "output_text", "text": reply.content, "annotations": []}))
    if reply.refusal is not None:
        items.append(_message({"type": "refusal", "refusal": reply.refusal}))
    for call in reply.tool_calls:
        number = next(_serial)
        items.append(
            {
                "type": "function_call",
                "id": f"fc_{number:032x}",
                "call_id": f"call_{number:024x}",
                "name": call.name,
                "arguments": call.arguments,
                "status": "completed",
            }
        )
    return items


def response_events(asked: Json, reply: Reply, sizes: Sequence[int]) -> Iterator[Json]:
    """The events of a streamed response, texts in fragments of `sizes` characters in turn."""
    return events_of(response(asked, reply), sizes)


def events_of(whole: Json, sizes: Sequence[int]) -> Iterator[Json]:
    """The events of a response that is told piece by piece."""
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    events = itertools.chain(
        [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
        ],
        *(_item_events(at, item, sizes) for at, item in enumerate(whole["output"])),
        [{"type": "response.completed", "response": whole}],
    )
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _item_events(at: int, item: Json, sizes: Sequence[int]) -> Iterator[Json]:
    place: Json = {"output_index": at, "item_id": item["id"]}
    if item["type"] == "reasoning":
        yield from _reasoning_events(place, item, sizes)
        return
    begun = {**item, "status": "in_progress"}
    begun |= {"content": []} if item["type"] == "message" else {"arguments": ""}
    yield {"type": "response.output_item.added", "output_index": at, "item": begun}
    if item["type"] == "message":
        part = item["content"][0]
        place["content_index"] = 0
        field = "text" if part["type"] == "output_text" else "refusal"
        yield {"type": "response.content_part.added", **place, "part": {**part, field: ""}}
        base, text = f"response.{part['type']}", part[field]
        extra = {"logprobs": []} if field == "text" else {}
    else:
        field, base, text = "arguments", "response.function_call_arguments", item["arguments"]
        extra = {}
    for fragment in fragments(text, sizes):
        yield {"type": f"{base}.delta", **place, "delta": fragment, **extra}
    yield {"type": f"{base}.done", **place, field: text, **extra}
    if item["type"] == "message":
        yield {"type": "response.content_part.done", **place, "part": item["content"][0]}
    yield {"type": "response.output_item.done", "output_index": at, "item": item}


def _reasoning_events(place: Json, item: Json, sizes: Sequence[int]) -> Iterator[Json]:
    """The summary piece by piece; what is encrypted comes whole, at the end."""
    at = place["output_index"]
    begun = {**item, "summary": [], "encrypted_content": ""}
    yield {"type": "response.output_item.added", "output_index": at, "item": begun}
    base = "response.reasoning_summary"
    for number, part in enumerate(item["summary"]):
        here = {**place, "summary_index": number}
        yield {"type": f"{base}_part.added", **here, "part": {**part, "text": ""}}
        for fragment in fragments(part["text"], sizes):
            yield {"type": f"{base}_text.delta", **here, "delta": fragment}
        yield {"type": f"{base}_text.done", **here, "text": part["text"]}
        yield {"type": f"{base}_part.done", **here, "part": part}
    yield {"type": "response.output_item.done", "output_index": at, "item": item}


def completion(asked: Json, replies: Sequence[Reply]) -> Json:
    """A `text_completion` object: one choice for each prompt and reply."""
    texts = [reply.content or "" for _ in _prompts(asked) for reply in replies]
    choices = [
        {"index": index, "text": text, "logprobs": None, "finish_reason": "stop"}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    return {**_frame(asked), "choices": choices, "usage": usage}


def completion_events(
    asked: Json, replies: Sequence[Reply], sizes: Sequence[int]
) -> Iterator[Json]:
    """The chunks of a streamed completion, one choice after the other."""
    for choice in completion(asked, replies)["choices"]:
        for fragment in fragments(choice["text"], sizes):
            said = {**choice, "text": fragment, "finish_reason": None}
            yield {**_frame(asked), "choices": [said]}
        yield {**_frame(asked), "choices": [{**choice, "text": ""}]}
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield {**_frame(asked), "choices": [], "usage": completion(asked, replies)["usage"]}


def embeddings(asked: Json) -> Json:
    """A bag of words for each input: the sum of a direction for each word (or placeholder).

    A real embedder as far as a test of retrieval goes: texts that share words are near each other,
    and the directions of two words are as good as at right angles (random projection).
    """
    vectors = [_bag_of_words(str(text)) for text in _prompts(asked)]
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(asked, vector)}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 9, "total_tokens": 9}
    return {"object": "list", "data": data, "model": asked["model"], "usage": usage}


def fragments(text: str, sizes: Sequence[int]) -> Iterator[str]:
    """`text` in pieces of these many characters, in turn."""
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size


def _message(part: Json) -> Json:
    return {
        "type": "message",
        "id": f"msg_{next(_serial):032x}",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _frame(asked: Json) -> Json:
    kind = {"object": "text_completion", "created": CREATED, "model": asked["model"]}
    return {"id": "cmpl-1", **kind}


def _prompts(asked: Json) -> list[Any]:
    given = asked["prompt"] if "prompt" in asked else asked["input"]
    several = isinstance(given, list) and not any(isinstance(item, int) for item in given)
    return given if several else [given]


def _bag_of_words(text: str) -> list[float]:
    vector = [0.0] * DIMENSIONS
    for word in _WORD.findall(text):
        digest = hashlib.shake_256(word.casefold().encode()).digest(DIMENSIONS // 8)
        bits = int.from_bytes(digest)
        for at in range(DIMENSIONS):
            vector[at] += 1.0 if bits >> at & 1 else -1.0
    length = sum(value * value for value in vector) ** 0.5 or 1.0
    return [value / length for value in vector]


def _encoded(asked: Json, vector: list[float]) -> Any:
    if asked.get("encoding_format") != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
