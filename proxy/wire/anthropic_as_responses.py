"""Anthropic's answers as Responses, whole and streamed.

Each content block is an output item. Thinking is a reasoning item: its text is the summary, and the
signed block itself is what stands there as encrypted content (responses_to_anthropic.py).

Sources: Anthropic API reference, "Create a Message" and "Streaming Messages"; OpenAI API reference,
"The response object" and "Streaming events".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from proxy.wire import sse, strict_json
from proxy.wire.from_anthropic import events_of, message_of, tokens_of
from proxy.wire.responses_to_anthropic import packed
from proxy.wire.translation import Json

#: Why a response is incomplete; all other reasons to stop complete it.
_INCOMPLETE = {
    "max_tokens": "max_output_tokens",
    "model_context_window_exceeded": "max_output_tokens",
    "refusal": "content_filter",
}
_SUMMARY = "response.reasoning_summary"


def answer(body: bytes, now: int) -> bytes:
    """A whole message as a response.

    Raises:
        ProviderFailed: it isn't a message.
    """
    message = message_of(body)
    output = [_item(message, at, block) for at, block in enumerate(message["content"])]
    told = [item for item in output if item]
    usage = message.get("usage") or {}
    return strict_json.dumps(_whole(message, now, told, message.get("stop_reason"), usage))


@dataclass(slots=True)
class _Open:
    """A block that is under way: as far as it came, and which item it is."""

    block: Json
    at: int
    item_id: str
    pieces: list[str] = field(default_factory=list)

    def ended(self) -> Json:
        """The block with all that came of it."""
        told = "".join(self.pieces)
        match self.block["type"]:
            case "text":
                return {**self.block, "text": self.block.get("text", "") + told}
            case "thinking":
                return {**self.block, "thinking": self.block.get("thinking", "") + told}
        return self.block


class Stream:
    """A stream of Anthropic's events as events of a response.

    Raises (from `feed`):
        ProviderFailed: an error event, or what is no event of Anthropic's.
    """

    def __init__(self, _asked: bytes, now: int) -> None:
        self._now = now
        self._decoder = sse.Decoder()
        self._message: Json = {}
        self._usage: Json = {}
        self._stop: str | None = None
        self._open: dict[int, _Open] = {}
        self._output: list[Json] = []
        self._number = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events as far as `chunk` completes those that they come from."""
        for told in events_of(self._decoder, chunk):
            for event in self._event(told):
                numbered = {**event, "sequence_number": self._number}
                self._number += 1
                yield sse.encode(sse.Event(strict_json.dumps(numbered).decode(), event["type"]))

    def close(self) -> Iterator[bytes]:
        """Nothing is held."""
        yield from ()

    def _event(self, event: Json) -> Iterator[Json]:
        match event:
            case {"type": "message_start", "message": dict(message)}:
                self._message = message
                self._usage = dict(message.get("usage") or {})
                begun = {**_whole(message, self._now, [], None, {}), "status": "in_progress"}
                begun["usage"] = None
                for kind in ("created", "in_progress"):
                    yield {"type": f"response.{kind}", "response": begun}
            case {"type": "content_block_start", "content_block": dict(block)}:
                yield from self._start(event.get("index", 0), block)
            case {"type": "content_block_delta", "delta": dict(delta)}:
                yield from self._delta(event.get("index", 0), delta)
            case {"type": "content_block_stop"}:
                yield from self._ended(event.get("index", 0))
            case {"type": "message_delta", "delta": dict(delta)}:
                self._stop = delta.get("stop_reason")
                self._usage |= event.get("usage") or {}
            case {"type": "message_stop"}:
                whole = _whole(self._message, self._now, self._output, self._stop, self._usage)
                yield {"type": f"response.{whole['status']}", "response": whole}

    def _start(self, index: int, block: Json) -> Iterator[Json]:
        item = _item(self._message, index, block)
        if item is None:
            return
        opened = self._open[index] = _Open(block, len(self._output), item["id"])
        self._output.append(item)
        place = {"output_index": opened.at, "item_id": opened.item_id}
        begun = {**item, "status": "in_progress"}
        match item["type"]:
            case "message":
                begun["content"] = []
            case "function_call":
                begun["arguments"] = ""
            case "reasoning":
                begun = {**item, "summary": [], "encrypted_content": ""}
        yield {"type": "response.output_item.added", "output_index": opened.at, "item": begun}
        if block["type"] == "text":
            part = {**item["content"][0], "text": ""}
            yield {"type": "response.content_part.added", **place, "content_index": 0, "part": part}
            if block.get("text"):
                yield _grown(opened, block["text"])
        elif block["type"] == "thinking":
            part = {"type": "summary_text", "text": ""}
            yield {"type": f"{_SUMMARY}_part.added", **place, "summary_index": 0, "part": part}
            if block.get("thinking"):
                yield _grown(opened, block["thinking"])

    def _delta(self, index: int, delta: Json) -> Iterator[Json]:
        opened = self._open.get(index)
        if opened is None:
            return
        if delta.get("type") == "signature_delta":
            signature = opened.block.get("signature", "") + delta.get("signature", "")
            opened.block = {**opened.block, "signature": signature}
            return
        said = delta.get("text") or delta.get("thinking") or delta.get("partial_json")
        if isinstance(said, str) and said:
            opened.pieces.append(said)
            yield _grown(opened, said)

    def _ended(self, index: int) -> Iterator[Json]:
        opened = self._open.pop(index, None)
        item = _item(self._message, index, opened.ended()) if opened else None
        if opened is None or item is None:
            return
        self._output[opened.at] = item
        place = {"output_index": opened.at, "item_id": opened.item_id}
        match item["type"]:
            case "message":
                (part,) = item["content"]
                here = {**place, "content_index": 0}
                told = {"text": part["text"], "logprobs": []}
                yield {"type": "response.output_text.done", **here, **told}
                yield {"type": "response.content_part.done", **here, "part": part}
            case "function_call":
                arguments, said = item["arguments"], "".join(opened.pieces)
                done = {"name": item["name"], "arguments": said or arguments}
                if not said:
                    yield _grown(opened, arguments)
                self._output[opened.at] = item = {**item, "arguments": said or arguments}
                yield {"type": "response.function_call_arguments.done", **place, **done}
            case "reasoning":
                for part in item["summary"]:
                    here = {**place, "summary_index": 0}
                    yield {"type": f"{_SUMMARY}_text.done", **here, "text": part["text"]}
                    yield {"type": f"{_SUMMARY}_part.done", **here, "part": part}
        yield {"type": "response.output_item.done", "output_index": opened.at, "item": item}


def _grown(opened: _Open, piece: str) -> Json:
    """A piece more of what a block says."""
    place = {"output_index": opened.at, "item_id": opened.item_id, "delta": piece}
    match opened.block["type"]:
        case "text":
            more = {"content_index": 0, "logprobs": []}
            return {"type": "response.output_text.delta", **place, **more}
        case "thinking":
            return {"type": f"{_SUMMARY}_text.delta", **place, "summary_index": 0}
    return {"type": "response.function_call_arguments.delta", **place}


def _item(message: Json, at: int, block: Json) -> Json | None:
    """The output item of a block; None for those that Responses has none for."""
    number = f"{message.get('id')}_{at}"
    match block.get("type"):
        case "text":
            text = {"text": block.get("text", ""), "annotations": [], "logprobs": []}
            return {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", **text}],
            }
        case "tool_use":
            return {
                "type": "function_call",
                "id": f"fc_{number}",
                "call_id": block.get("id"),
                "name": block.get("name"),
                "arguments": strict_json.dumps(block.get("input") or {}).decode(),
                "status": "completed",
            }
        case "thinking" | "redacted_thinking":
            told = block.get("thinking")
            return {
                "type": "reasoning",
                "id": f"rs_{number}",
                "summary": [{"type": "summary_text", "text": told}] if told is not None else [],
                "encrypted_content": packed(block),
            }
    return None


def _whole(message: Json, now: int, output: list[Json], stop: str | None, usage: Json) -> Json:
    """The response; what repeats the request stands as the API has it by default."""
    incomplete = _INCOMPLETE.get(stop or "")
    return {
        "id": f"resp_{message.get('id')}",
        "object": "response",
        "created_at": now,
        "status": "incomplete" if incomplete else "completed",
        "error": None,
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "model": message.get("model"),
        "output": list(output),
        "parallel_tool_calls": True,
        "usage": _usage(usage),
        "instructions": None,
        "metadata": {},
        "previous_response_id": None,
        "store": False,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
    }


def _usage(usage: Json) -> Json:
    tokens = tokens_of(usage)
    return {
        "input_tokens": tokens.read,
        "input_tokens_details": {
            "cached_tokens": tokens.cached,
            "cache_write_tokens": tokens.written,
        },
        "output_tokens": tokens.said,
        "output_tokens_details": {"reasoning_tokens": tokens.thought},
        "total_tokens": tokens.read + tokens.said,
    }
