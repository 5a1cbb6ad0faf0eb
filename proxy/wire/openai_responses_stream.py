"""OpenAI Responses: streams with the caller's values put back.

Source: OpenAI API reference, "Streaming events", and the SDK's `ResponseStreamEvent`.

Invariants: each text that grows over `….delta` events has its own restorer, found by the event's
type and its indexes; what a restorer holds goes out as one more delta before the `….done` event of
that text, so deltas add up to what `done`, the part, the item and the response repeat; events keep
counting in `sequence_number`; every way a stream can end, the caller reads a response that ended or
an `error` event, never a bare cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from proxy.errors import PrivetError, ProviderFailed
from proxy.exchange import Channel
from proxy.wire import sse, strict_json
from proxy.wire.answer_strings import map_strings
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.openai_responses_answer import Whole, notes_of, without_logprobs
from proxy.wire.openai_responses_items import ID_LEAF
from proxy.wire.openai_shared import error_detail, move_offsets
from proxy.wire.restoring import Asked, Restoring, TextStream

Json = dict[str, Any]

_DONE = "[DONE]"
_TERMINAL = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)
#: Events that end every text of their part or item.
_WIDE = frozenset(
    {
        *("response.content_part.done", "response.reasoning_summary_part.done"),
        *("response.output_item.done", *_TERMINAL),
    }
)
_TEXT = "response.output_text"
_CHANNELS = {
    "response.function_call_arguments": Channel.JSON,
    "response.mcp_call_arguments": Channel.JSON,
}
_INDEXES = ("output_index", "content_index", "summary_index", "command_index")
_EVENT = Spec(
    fields={
        **dict.fromkeys(("type", "item_id", "obfuscation"), ID_LEAF),
        "partial_image_b64": Spec(leaf=Leaf.SEALED),
        **dict.fromkeys((*_INDEXES, "sequence_number", "annotation_index", "logprobs"), DEFAULT),
        **dict.fromkeys(
            ("delta", "text", "refusal", "arguments", "input", "command", "message", "annotation"),
            DEFAULT,
        ),
    }
)

#: A text's place: its event type without `.delta`, its indexes, and a name inside the delta.
Place = tuple[str, tuple[object, ...], str]


@dataclass(slots=True)
class _Text:
    """A text that grows: its restorer, and the last event that brought a piece of it."""

    stream: TextStream
    event: sse.Event
    frame: Json


class AnswerStream:
    """The events of one streamed response, restored as they pass. Sans-io.

    Raises (from `feed`):
        ProviderFailed: bytes that are no event stream of this dialect.
        AnswerOffSchema: an item breaks a strict schema of the caller's that was relaxed.
    """

    def __init__(self, restorer: Restoring, asked: Asked) -> None:
        self._restorer = restorer
        self._whole = Whole(restorer, asked)
        self._asked = asked
        self._decoder, self._encoder = sse.Decoder(), sse.Encoder()
        self._texts: dict[Place, _Text] = {}
        # What annotations count characters of, by its indexes.
        self._cited: dict[tuple[object, ...], TextStream] = {}
        self._called: dict[object, Restoring] = {}  # by output index: what is for a tool
        self._added = 0
        self._next = 0
        self._finished = False
        self._ended = False
        #: True once the caller was told that the stream broke off.
        self.failed = False

    def feed(self, chunk: bytes) -> bytes:
        """What can be delivered now that `chunk` is here."""
        for raw in self._decoder.feed(chunk):
            self._encoder.put(self._event(raw))
        return self._encoder.take()

    def close(self) -> bytes:
        """The stream's last bytes: an `error` event if it broke off."""
        if self._ended or (self._finished and not self._decoder.unfinished):
            return b""
        return self.fail(ProviderFailed("The provider's stream broke off."), "")

    def fail(self, failure: PrivetError, request_id: str) -> bytes:
        """End the stream with what was held back and an error that SDKs raise."""
        if self._ended:
            return b""
        self.failed = self._ended = True
        self._encoder.put(self._flush("", {}, wide=True))
        self._encoder.put([self._error(failure, request_id)])
        return self._encoder.take()

    def _error(self, failure: PrivetError, request_id: str) -> sse.Event:
        """The reference shows the fields at the top, the SDK raises for those under `error`."""
        detail = error_detail(failure, request_id)
        said = {name: detail[name] for name in ("code", "message", "param")}
        event = {"type": "error", "sequence_number": self._next, **said, "error": detail}
        return sse.Event(strict_json.dumps(event).decode(), "error")

    def _event(self, raw: sse.Event) -> Iterator[sse.Event]:
        if self._ended:
            return
        if raw.data == _DONE:  # not of this protocol, but sent by some servers
            if self._finished:
                self._ended = True
                yield raw
            return
        event = strict_json.parse_answer(raw.data)
        self._asked.meter(event)
        kind = event.get("type")
        if not isinstance(kind, str):
            raise ProviderFailed("The provider sent an event without a type.")
        if kind == "error" or event.get("error") is not None:
            raise ProviderFailed("The provider reported an error in the middle of its stream.")
        base, _, phase = kind.rpartition(".")
        if phase == "done" or kind in _TERMINAL:
            yield from self._flush(base, event, wide=kind in _WIDE)
        self._finished = self._finished or kind in _TERMINAL
        restored = self._delta(base, event, raw) if phase == "delta" else self._other(kind, event)
        if self._asked.drop_logprobs:
            without_logprobs(restored)
        yield self._numbered(restored, raw.name)

    def _delta(self, base: str, event: Json, raw: sse.Event) -> Json:
        """A piece of a text, or of a shell's two; what else the event says comes whole."""
        frame = {name: value for name, value in event.items() if name not in ("delta", "logprobs")}
        frame = map_strings(frame, _EVENT, self._whole.change)
        said = event.get("delta")
        if base == "response.audio":
            return event  # sounds, in base64
        pieces = said if isinstance(said, dict) else {"": said}
        restored = {
            name: self._grow(base, name, text, frame, raw) if isinstance(text, str) else text
            for name, text in pieces.items()
        }
        delta = restored if isinstance(said, dict) else restored[""]
        logprobs = {"logprobs": event["logprobs"]} if "logprobs" in event else {}
        return {**frame, "delta": delta, **logprobs}

    def _grow(self, base: str, name: str, piece: str, frame: Json, raw: sse.Event) -> str:
        place = (base, _indexes(frame), name)
        text = self._texts.get(place)
        if text is None:
            restorer = self._called.get(_indexes(frame)[0], self._restorer)
            text = _Text(restorer.stream(self._channel(base)), raw, frame)
            self._texts[place] = text
        text.event, text.frame = raw, frame
        if base == _TEXT:
            self._cited[place[1]] = text.stream
        return text.stream.feed(piece)

    def _other(self, kind: str, event: Json) -> Json:
        """An event that holds whatever it holds whole."""
        response, item, part = event.get("response"), event.get("item"), event.get("part")
        rest = {k: v for k, v in event.items() if k not in ("response", "item", "part")}
        channel = self._channel(kind.removesuffix(".done"))
        restored: Json = map_strings(rest, _EVENT, self._whole.change)
        for name in ("text", "arguments"):
            if isinstance(event.get(name), str):
                restorer = self._called.get(_indexes(event)[0], self._restorer)
                restored[name] = restorer.text(event[name], channel)
        if isinstance(response, dict):
            restored["response"] = self._whole.response(response)
            if kind in _TERMINAL:
                self._asked.tell(restored["response"])
        if isinstance(item, dict):
            self._called[_indexes(event)[0]] = self._whole.for_tool(item).restorer
            restored["item"] = self._whole.item(item)
            if kind == "response.output_item.done":
                self._judge(restored, {"output": [restored["item"]]})
        if isinstance(part, dict):
            restored["part"] = self._whole.part(part)
        if kind == f"{_TEXT}.annotation.added":
            cited = self._cited.get(_indexes(event))
            if cited is not None:
                move_offsets(restored.get("annotation"), cited)
        return restored

    def _judge(self, event: Json, response: Json) -> None:
        """Hold what an item says against the schemas that were relaxed, before clients act on it.

        Raises:
            AnswerOffSchema: it breaks a strict one.
        """
        notes = tuple(dict.fromkeys(notes_of(response, self._asked)))
        if notes:
            event["x_privet"] = {"notes": notes}  # headers have long been sent

    def _channel(self, base: str) -> Channel:
        return self._whole.text_channel if base == _TEXT else _CHANNELS.get(base, Channel.TEXT)

    def _flush(self, base: str, event: Json, *, wide: bool) -> Iterator[sse.Event]:
        """What is still held of the texts that an event ends."""
        ends = _indexes(event)
        for place in list(self._texts):
            same = all(end is None or end == at for end, at in zip(ends, place[1], strict=True))
            if not same or not (wide or place[0] == base):
                continue
            text = self._texts.pop(place)
            held = text.stream.close()
            if held:
                delta = {place[2]: held} if place[2] else held
                frame = {**text.frame, "delta": delta}
                frame |= {"logprobs": []} if place[0] == _TEXT else {}
                yield self._numbered(frame, text.event.name, added=True)

    def _numbered(self, event: Json, name: str, *, added: bool = False) -> sse.Event:
        """The event with its number in the stream that the caller reads."""
        number = event.get("sequence_number")
        if isinstance(number, int) and not isinstance(number, bool):
            number = self._next if added else number + self._added
            self._added += added
            self._next = number + 1
            event = {**event, "sequence_number": number}
        return sse.Event(strict_json.dumps(event).decode(), name)


def _indexes(event: Json) -> tuple[int | None, ...]:
    indexes = tuple(event.get(name) for name in _INDEXES)
    if not all(isinstance(index, int | None) for index in indexes):
        raise ProviderFailed("The provider's stream names a place that isn't a number.")
    return indexes
