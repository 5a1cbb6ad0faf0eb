"""Chat Completions' answers as Anthropic messages, whole and streamed.

Sources: OpenAI API reference, "The chat completion object" and "The chat completion chunk object";
Anthropic API reference, "Create a Message" and "Streaming Messages". vLLM's `reasoning_content`
(and `reasoning`) and `stop_reason` are additions that its documentation describes.

Invariant of the stream: blocks come one after the other, each started and stopped once; the last
events follow when the usage is known, or when the stream says that it is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy.errors import BadRequest, ProviderFailed
from proxy.wire import sse, strict_json
from proxy.wire.translation import Json, count

_STOP = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_REASONING = ("reasoning_content", "reasoning")


def answer(body: bytes, _now: int) -> bytes:
    """A whole chat completion as a message.

    Raises:
        ProviderFailed: it isn't one, or a tool's arguments aren't JSON.
    """
    completion = strict_json.parse_answer(body)
    choices = completion.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise ProviderFailed("The provider's answer isn't a chat completion.")
    said = choices[0].get("message") or {}
    content: list[Json] = []
    for name in _REASONING:
        if said.get(name):
            content.append({"type": "thinking", "thinking": said[name], "signature": ""})
            break
    text = said.get("content") or said.get("refusal")
    if text:
        content.append({"type": "text", "text": text})
    for call in said.get("tool_calls") or ():
        function = call.get("function") or {}
        arguments = _arguments(function.get("arguments"))
        content.append(_use(call.get("id"), function.get("name"), arguments))
    message = {
        **_frame(completion),
        "content": content,
        **_stopped(
            choices[0], refused=bool(said.get("refusal")), called=bool(said.get("tool_calls"))
        ),
        "usage": _usage(completion.get("usage") or {}),
    }
    return strict_json.dumps(message)


class Stream:
    """Chunks of a chat completion as Anthropic's events.

    Raises (from `feed`):
        ProviderFailed: an error in the stream, or what is no chunk.
    """

    def __init__(self, _asked: bytes, _now: int) -> None:
        self._decoder = sse.Decoder()
        self._begun = self._ended = False
        self._block = -1  # the open one's index, and what it is
        self._open = ""
        self._calls: dict[int, str] = {}
        self._last: Json | None = None  # the delta that ends the message
        self._usage: Json = {}
        self._refused = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events as far as `chunk` completes the chunks that they come from."""
        for raw in self._decoder.feed(chunk):
            done = raw.data == "[DONE]"
            for event in self._done() if done else self._chunk(strict_json.parse_answer(raw.data)):
                yield _encode(event)

    def close(self) -> Iterator[bytes]:
        """The last events, where the provider ends without saying that it is done."""
        for event in self._done():
            yield _encode(event)

    def _chunk(self, chunk: Json) -> Iterator[Json]:
        if chunk.get("error") is not None:
            raise ProviderFailed("The provider reported an error in the middle of its stream.")
        if not self._begun:
            self._begun = True
            message = {**_frame(chunk), "content": [], "stop_reason": None, "stop_sequence": None}
            yield {"type": "message_start", "message": {**message, "usage": _usage({})}}
        self._usage = chunk.get("usage") or self._usage
        for choice in chunk.get("choices") or ():
            yield from self._choice(choice)

    def _choice(self, choice: Json) -> Iterator[Json]:
        delta = choice.get("delta") or {}
        thought = next((delta[name] for name in _REASONING if delta.get(name)), None)
        if thought:
            block = {"type": "thinking", "thinking": "", "signature": ""}
            yield from self._say("thinking", block, {"type": "thinking_delta", "thinking": thought})
        self._refused = self._refused or bool(delta.get("refusal"))
        text = delta.get("content") or delta.get("refusal")
        if text:
            block = {"type": "text", "text": ""}
            yield from self._say("text", block, {"type": "text_delta", "text": text})
        for call in delta.get("tool_calls") or ():
            yield from self._call(call)
        if choice.get("finish_reason") is not None:
            yield from self._stop()
            self._last = _stopped(choice, refused=self._refused, called=bool(self._calls))

    def _call(self, call: Json) -> Iterator[Json]:
        index, function = call.get("index", 0), call.get("function") or {}
        name = f"call {index}"
        if index in self._calls and self._open != name:
            raise ProviderFailed("The provider's stream mixes the arguments of two tool calls.")
        self._calls.setdefault(index, name)
        block = _use(call.get("id"), function.get("name"), {})
        said = {"type": "input_json_delta", "partial_json": function.get("arguments") or ""}
        yield from self._say(name, block, said)

    def _say(self, kind: str, block: Json, delta: Json) -> Iterator[Json]:
        if self._open != kind:
            yield from self._stop()
            self._open, self._block = kind, self._block + 1
            yield {"type": "content_block_start", "index": self._block, "content_block": block}
        if any(value for name, value in delta.items() if name != "type"):
            yield {"type": "content_block_delta", "index": self._block, "delta": delta}

    def _stop(self) -> Iterator[Json]:
        if self._open:
            self._open = ""
            yield {"type": "content_block_stop", "index": self._block}

    def _done(self) -> Iterator[Json]:
        """The end, if there was a finish reason; without one the stream broke off."""
        if self._last is not None and not self._ended:
            self._ended = True
            yield {"type": "message_delta", "delta": self._last, "usage": _usage(self._usage)}
            yield {"type": "message_stop"}


def _encode(event: Json) -> bytes:
    return sse.encode(sse.Event(strict_json.dumps(event).decode(), event["type"]))


def _frame(completion: Json) -> Json:
    return {
        "id": completion.get("id"),
        "type": "message",
        "role": "assistant",
        "model": completion.get("model"),
    }


def _stopped(choice: Json, *, refused: bool, called: bool) -> Json:
    """Why it stopped; some servers say `stop` after a call of a tool too."""
    reason = _STOP.get(choice.get("finish_reason") or "", "end_turn")
    matched = choice.get("stop_reason")
    if refused:
        reason = "refusal"
    elif called and reason == "end_turn":
        reason = "tool_use"
    elif reason == "end_turn" and isinstance(matched, str):
        return {"stop_reason": "stop_sequence", "stop_sequence": matched}
    return {"stop_reason": reason, "stop_sequence": None}


def _use(call_id: Any, name: Any, arguments: Json) -> Json:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def _arguments(text: Any) -> Json:
    try:
        arguments = strict_json.parse(text or "{}")
    except BadRequest:
        arguments = None
    if not isinstance(arguments, dict):
        raise ProviderFailed("The model called a tool with arguments that aren't a JSON object.")
    return arguments


def _usage(usage: Json) -> Json:
    cached = count(usage.get("prompt_tokens_details") or {}, "cached_tokens")
    return {
        "input_tokens": count(usage, "prompt_tokens") - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": count(usage, "completion_tokens"),
    }
