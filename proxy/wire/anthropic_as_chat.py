"""Anthropic's answers as Chat Completions, whole and streamed.

Sources: Anthropic API reference, "Create a Message" and "Streaming Messages"; OpenAI API reference,
"The chat completion object" and "The chat completion chunk object".

Thinking stays behind: Chat Completions has no place for it (the request's notes say so).
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.wire import sse, strict_json
from proxy.wire.from_anthropic import events_of, message_of, tokens_of
from proxy.wire.translation import Json

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def answer(body: bytes, now: int) -> bytes:
    """A whole message as a chat completion.

    Raises:
        ProviderFailed: it isn't a message.
    """
    message = message_of(body)
    blocks = message["content"]
    texts = [block.get("text", "") for block in blocks if block.get("type") == "text"]
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    said: Json = {"role": "assistant", "content": "".join(texts) if texts else None}
    said |= {"refusal": None, **({"tool_calls": calls} if calls else {})}
    finish = _FINISH.get(message.get("stop_reason") or "", "stop")
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
    usage = message.get("usage") or {}
    whole = {**_frame(message, "chat.completion", now), "choices": [choice], "usage": _usage(usage)}
    return strict_json.dumps(whole)


class Stream:
    """A stream of Anthropic's events as chunks of a chat completion.

    Raises (from `feed`):
        ProviderFailed: an error event, or what is no event of Anthropic's.
    """

    def __init__(self, asked: bytes, now: int) -> None:
        options = strict_json.parse(asked).get("stream_options") or {}
        self._with_usage = bool(options.get("include_usage"))
        self._now = now
        self._decoder = sse.Decoder()
        self._frame: Json = {}
        self._usage: Json = {}
        self._calls: dict[int, int] = {}  # block -> tool call
        self._silent: set[int] = set()  # calls whose arguments haven't begun

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The chunks as far as `chunk` completes the events that they come from."""
        for event in events_of(self._decoder, chunk):
            for document in self._event(event):
                yield sse.encode(sse.Event(document))

    def close(self) -> Iterator[bytes]:
        """Nothing is held."""
        yield from ()

    def _event(self, event: Json) -> Iterator[str]:
        match event:
            case {"type": "message_start", "message": dict(message)}:
                self._frame = _frame(message, "chat.completion.chunk", self._now)
                self._usage = dict(message.get("usage") or {})
                yield self._chunk({"role": "assistant", "content": ""})
            case {"type": "content_block_start", "content_block": dict(block)}:
                yield from self._start(event.get("index", 0), block)
            case {"type": "content_block_delta", "delta": dict(delta)}:
                yield from self._delta(event.get("index", 0), delta)
            case {"type": "content_block_stop"} if event.get("index") in self._silent:
                self._silent.discard(event["index"])
                yield self._arguments(event["index"], "{}")
            case {"type": "message_delta", "delta": dict(delta)}:
                self._usage |= event.get("usage") or {}
                yield self._chunk({}, _FINISH.get(delta.get("stop_reason") or "", "stop"))
            case {"type": "message_stop"}:
                if self._with_usage:
                    last = {**self._frame, "choices": [], "usage": _usage(self._usage)}
                    yield strict_json.dumps(last).decode()
                yield "[DONE]"

    def _start(self, index: int, block: Json) -> Iterator[str]:
        if block.get("type") == "text" and block.get("text"):
            yield self._chunk({"content": block["text"]})
        elif block.get("type") == "tool_use":
            position = self._calls[index] = len(self._calls)
            self._silent.add(index)
            call = {**_call(block), "index": position}
            call["function"]["arguments"] = ""
            yield self._chunk({"tool_calls": [call]})
            if block.get("input"):
                self._silent.discard(index)
                yield self._arguments(index, strict_json.dumps(block["input"]).decode())

    def _delta(self, index: int, delta: Json) -> Iterator[str]:
        if delta.get("type") == "text_delta":
            yield self._chunk({"content": delta.get("text", "")})
        elif index in self._calls and delta.get("partial_json"):
            self._silent.discard(index)
            yield self._arguments(index, delta["partial_json"])

    def _arguments(self, index: int, text: str) -> str:
        call = {"index": self._calls[index], "function": {"arguments": text}}
        return self._chunk({"tool_calls": [call]})

    def _chunk(self, delta: Json, finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return strict_json.dumps({**self._frame, "choices": [choice]}).decode()


def _frame(message: Json, kind: str, now: int) -> Json:
    return {
        "id": message.get("id"),
        "object": kind,
        "created": now,
        "model": message.get("model"),
    }


def _call(block: Json) -> Json:
    arguments = strict_json.dumps(block.get("input") or {}).decode()
    function = {"name": block.get("name"), "arguments": arguments}
    return {"id": block.get("id"), "type": "function", "function": function}


def _usage(usage: Json) -> Json:
    tokens = tokens_of(usage)
    return {
        "prompt_tokens": tokens.read,
        "completion_tokens": tokens.said,
        "total_tokens": tokens.read + tokens.said,
        "prompt_tokens_details": {"cached_tokens": tokens.cached},
        "completion_tokens_details": {"reasoning_tokens": tokens.thought},
    }
