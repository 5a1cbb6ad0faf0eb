"""Anthropic's side of the simulator: messages whole and streamed, and signatures that it checks.

Sources: Anthropic API reference, "Create a Message", "Streaming Messages", "Errors"; "Extended
thinking" on what has to come back unchanged, and when.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from proxy.assistant import Reply
from tests.scene import Heard, Json, Message, Scene

PATHS = ("/v1/messages", "/v1/messages/count_tokens")
_KINDS = {429: "rate_limit_error", 529: "overloaded_error"}
#: Which string of a block grows over the events, as which kind of delta.
_GROWS = {
    "text": (("text", "text_delta"),),
    "thinking": (("thinking", "thinking_delta"), ("signature", "signature_delta")),
    "tool_use": (("input", "input_json_delta"),),
    "server_tool_use": (("input", "input_json_delta"),),
}
#: What a stream says at its end.
_STOPPED = ("stop_reason", "stop_sequence", "stop_details")
_FIELD = {"input_json_delta": "partial_json"}


class Signer:
    """Signs thinking, and refuses a request in which a byte of it has changed."""

    def __init__(self) -> None:
        self._key = b"a provider's own"

    def thinking(self, text: str) -> Json:
        """A block of thinking with its signature."""
        return {"type": "thinking", "thinking": text, "signature": self._sign(text)}

    def redacted(self, text: str) -> Json:
        """A block of encrypted thinking."""
        packed = b64encode(self._sign(text).encode() + text.encode()).decode()
        return {"type": "redacted_thinking", "data": packed}

    def objection(self, asked: Json) -> str | None:
        """What Anthropic would say of a request whose thinking isn't what it sent."""
        messages = asked["messages"]
        for at, message in enumerate(messages):
            for block in message["content"] if isinstance(message["content"], list) else ():
                if block["type"] == "thinking":
                    if block["signature"] != self._sign(block["thinking"]):
                        return f"messages.{at}: Invalid `signature` in `thinking` block"
                elif block["type"] == "redacted_thinking" and not self._knows(block["data"]):
                    return f"messages.{at}: Invalid `data` in `redacted_thinking` block"
        if asked.get("thinking", {}).get("type") == "enabled":
            last = next((m for m in reversed(messages) if m["role"] == "assistant"), None)
            if last is not None and _hands_in_results(messages[-1]):
                kind = last["content"][0]["type"]
                if kind not in ("thinking", "redacted_thinking"):
                    return f"Expected `thinking` or `redacted_thinking`, but found `{kind}`"
        return None

    def _sign(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode(), hashlib.sha512)
        return b64encode(digest).decode()

    def _knows(self, data: str) -> bool:
        from base64 import b64decode

        unpacked = b64decode(data, validate=True)
        signature, text = unpacked[:88].decode(), unpacked[88:].decode()
        return self.redacted(text)["data"] == data and signature == self._sign(text)


def text(said: str, **more: Any) -> Json:
    """A block of text."""
    return {"type": "text", "text": said, **more}


def tool_use(name: str, arguments: Json, number: int = 1) -> Json:
    """A call of a tool."""
    return {"type": "tool_use", "id": f"toolu_{number:024d}", "name": name, "input": arguments}


def saying(heard: Heard, scene: Scene, reply: Reply) -> Message:
    """What every dialect's replies can say, as Anthropic says it."""
    if reply.refusal is not None:
        details = {"type": "refusal", "category": None, "explanation": reply.refusal}
        more = {"stop_reason": "refusal", "stop_details": details}
        return messaging(heard, scene, [text(reply.refusal)], **more)
    blocks = [] if reply.content is None else [text(reply.content)]
    blocks += [
        tool_use(call.name, json.loads(call.arguments), number)
        for number, call in enumerate(reply.tool_calls, 1)
    ]
    return messaging(heard, scene, blocks)


def messaging(heard: Heard, scene: Scene, blocks: Sequence[Json], **more: Any) -> Message:
    """These blocks, as a stream if the request asks for one; their number if it wants to know."""
    asked = heard.json
    if heard.target == PATHS[1]:
        return Message(body=b'{"input_tokens": 25}')
    calls = any(block["type"] == "tool_use" for block in blocks)
    whole = {
        "id": "msg_" + hashlib.sha256(heard.body).hexdigest()[:24],
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": list(blocks),
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "usage": {
            "input_tokens": 25,
            "cache_creation_input_tokens": 3,
            "cache_read_input_tokens": 7,
            "output_tokens": 12,
        },
        **more,
    }
    if not asked.get("stream"):
        for add in scene.additions:
            add(whole)
        return Message(body=json.dumps(whole, ensure_ascii=False).encode())
    events = list(events_of(whole, scene.fragments))
    for event in events:
        for add in scene.additions:
            add(event)
    documents = [json.dumps(event, ensure_ascii=False) for event in events]
    if scene.garbled is not None:
        documents[scene.garbled] = documents[scene.garbled][:-9] + "}"
    return Message(
        content_type="text/event-stream",
        documents=tuple(documents),
        typed=True,
    )


def failing(status: int, message: str, kind: str | None = None) -> Message:
    """An error in Anthropic's shape."""
    kind = kind or _KINDS.get(status, "invalid_request_error")
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return Message(status, body=json.dumps(error).encode())


def _hands_in_results(message: Json) -> bool:
    content = message["content"]
    return isinstance(content, list) and any(b["type"] == "tool_result" for b in content)


def events_of(whole: Json, sizes: Sequence[int]) -> Iterator[Json]:
    """The events of a streamed message, its strings in fragments of `sizes` characters in turn."""
    usage = whole["usage"]
    opening = {**whole, "content": [], **dict.fromkeys(_STOPPED)}
    yield {"type": "message_start", "message": {**opening, "usage": {**usage, "output_tokens": 1}}}
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        yield from _block_events(index, block, sizes)
    stopped = {name: whole.get(name) for name in _STOPPED}
    said = {"output_tokens": usage["output_tokens"]}
    yield {"type": "message_delta", "delta": stopped, "usage": said}
    yield {"type": "message_stop"}


def _block_events(index: int, block: Json, sizes: Sequence[int]) -> Iterator[Json]:
    grows = _GROWS.get(block["type"], ())
    begun = {**block, **{name: {} if name == "input" else "" for name, _ in grows}}
    citations = begun.pop("citations", [])
    yield {"type": "content_block_start", "index": index, "content_block": begun}
    for name, kind in grows:
        value = block[name]
        string = json.dumps(value, ensure_ascii=False) if name == "input" else value
        pieces = [string] if name == "signature" else _fragments(string, sizes)
        for piece in pieces:
            delta = {"type": kind, _FIELD.get(kind, name): piece}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
    for citation in citations:
        delta = {"type": "citations_delta", "citation": citation}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _fragments(string: str, sizes: Sequence[int]) -> Iterator[str]:
    start = 0
    for size in cycle(sizes):
        if start >= len(string):
            return
        yield string[start : start + size]
        start += size
