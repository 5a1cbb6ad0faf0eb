"""Anthropic Messages: answers and streams with the caller's values put back.

Source: Anthropic API reference, "Create a Message" and "Streaming Messages".

Invariants: signed blocks pass word for word, and are told to `Asked.keep` (thinking that nobody
signed is restored like any text); each content block has its own restorers, and what they hold goes
out before the block stops; every event has its `event:` line, since the SDKs drop those without
one; every way a stream can end, the caller reads `message_stop` or an `error` event, never a bare
cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from proxy.errors import BadRequest, PrivetError, ProviderFailed
from proxy.exchange import Channel, Path
from proxy.wire import sse, strict_json
from proxy.wire.answer_strings import CHANNELS, map_strings, objects, verbatim
from proxy.wire.anthropic_blocks import BLOCK, CITATION, CONTENT, SIGNED_BLOCKS
from proxy.wire.anthropic_citations import Documents
from proxy.wire.anthropic_messages import error_tree, seal
from proxy.wire.anthropic_schemas import Growing, notes_of
from proxy.wire.from_anthropic import error_of
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.restoring import Asked, Restored, Restoring, TextStream
from proxy.wire.shared import choice

_KEPT = Spec(leaf=Leaf.ID)
_STOPPED = {
    "stop_reason": choice(
        *("end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"),
        "model_context_window_exceeded",
    ),
    "stop_sequence": DEFAULT,
    "stop_details": Spec(fields={"type": choice("refusal"), "category": _KEPT}),
    "container": Spec(fields={"id": _KEPT, "expires_at": _KEPT}),
}
_MESSAGE = Spec(
    fields={
        **_STOPPED,
        "id": _KEPT,
        "type": choice("message"),
        "role": choice("assistant"),
        "model": _KEPT,
        "content": CONTENT,
        "usage": DEFAULT,
    }
)
_EVENT = Spec(
    fields={
        "type": _KEPT,
        "index": DEFAULT,
        "message": _MESSAGE,
        "content_block": BLOCK,
        "delta": Spec(fields=_STOPPED),
        "usage": DEFAULT,
    }
)
_DELTA = Spec(fields={"type": _KEPT})
_CITED = Spec(fields={"type": _KEPT, "citation": CITATION})
#: What the deltas of a block say that pass word for word.
_VERBATIM = frozenset({"thinking_delta", "signature_delta", "compaction_delta"})


def restore(body: bytes, restorer: Restoring, asked: Asked) -> Restored:
    """A whole answer with the caller's values put back; its own bytes where there were none.

    Raises:
        ProviderFailed: the answer isn't a JSON object.
        AnswerOffSchema: it breaks a strict schema of the caller's that was relaxed.
    """
    answer = strict_json.parse_answer(body)
    asked.meter(answer)
    changed = _mapped(answer, _MESSAGE, restorer, asked)
    documents = Documents(asked)
    for block in objects(answer.get("content")):
        if _is_signed(block, asked):
            asked.keep(seal(block))
    for block in objects(changed.get("content")):
        if not asked.signs and isinstance(block.get("thinking"), str):
            block["thinking"] = restorer.text(block["thinking"], Channel.TEXT)
        citations = block.get("citations")
        for citation in citations if isinstance(citations, list) else ():
            documents.move(citation)
    notes = notes_of(objects(changed.get("content")), asked) if asked.relaxed else ()
    return Restored(body if changed == answer else strict_json.dumps(changed), notes)


class AnswerStream:
    """The events of one streamed answer, restored as they pass. Sans-io.

    Raises (from `feed`):
        ProviderFailed: bytes that are no event stream of this dialect.
        AnswerOffSchema: a block breaks a strict schema of the caller's that was relaxed.
    """

    def __init__(self, restorer: Restoring, asked: Asked) -> None:
        self._restorer = restorer
        self._asked = asked
        self._documents = Documents(asked)
        self._decoder, self._encoder = sse.Decoder(), sse.Encoder()
        self._streams: dict[tuple[int, str, str], TextStream] = {}
        self._growing = Growing(asked)
        self._called: dict[int, Restoring] = {}
        self._signed: dict[int, dict[str, str]] = {}
        self._begun = self._ended = False
        #: True once the caller was told that the stream broke off.
        self.failed = False

    def feed(self, chunk: bytes) -> bytes:
        """What can be delivered now that `chunk` is here."""
        for raw in self._decoder.feed(chunk):
            if not self._ended:
                self._encoder.put(self._event(strict_json.parse_answer(raw.data), raw.name))
        return self._encoder.take()

    def close(self) -> bytes:
        """The stream's last bytes: nothing if it was whole, an `error` event if it broke off."""
        if self._ended:
            return b""
        return self.fail(ProviderFailed("The provider's stream broke off."), "")

    def fail(self, failure: PrivetError, request_id: str) -> bytes:
        """End the stream with what was held back and an error that SDKs raise."""
        if self._ended:
            return b""
        self.failed = self._ended = True
        for index in sorted({index for index, _, _ in self._streams}):
            self._encoder.put(self._flush(index))
        self._encoder.put([_named(error_tree(failure, request_id), "error")])
        return self._encoder.take()

    def _event(self, event: dict[str, Any], name: str) -> Iterator[sse.Event]:
        kind = event.get("type")
        self._asked.meter(event)
        if kind == "error":
            raise error_of(event.get("error"))
        if not self._begun and kind not in ("message_start", "ping"):
            raise ProviderFailed("The provider's stream doesn't begin with a message.")
        self._begun = self._begun or kind == "message_start"
        if kind == "content_block_start":
            event = self._start(event)
        elif kind == "content_block_delta":
            event = self._delta(event)
        else:
            if kind == "content_block_stop":
                yield from self._stop(_index(event))
            event = _mapped(event, _EVENT, self._restorer, self._asked)
            if kind == "content_block_stop" and (notes := self._growing.end(_index(event))):
                event["x_privet"] = {"notes": notes}  # headers have long been sent
            self._ended = kind == "message_stop"
        yield _named(event, name or str(kind))

    def _start(self, event: dict[str, Any]) -> dict[str, Any]:
        """A block begins: text that it begins with may go on, all else is whole."""
        index, block = _index(event), _member(event, "content_block")
        if _is_signed(block, self._asked):
            self._signed[index] = {}
            self._gather(index, block)
        self._called[index] = _of_tool(self._restorer, block)
        started = _mapped(event, _EVENT, self._restorer, self._asked)
        self._growing.begin(index, started["content_block"])
        if block.get("type") == "text" and isinstance(block.get("text"), str):
            started["content_block"]["text"] = self._grown(
                index, "text_delta", "text", block["text"]
            )
        return started

    def _delta(self, event: dict[str, Any]) -> dict[str, Any]:
        """A block goes on: its strings grow, a citation is whole, signed ones pass as they are."""
        index, delta = _index(event), _member(event, "delta")
        kind = str(delta.get("type"))
        if kind in _VERBATIM and (self._asked.signs or kind != "thinking_delta"):
            self._gather(index, delta)
            return event
        if kind == "citations_delta":
            moved = _mapped(delta, _CITED, self._restorer, self._asked)
            self._documents.move(moved.get("citation"))
            return {**event, "delta": moved}
        grown = {
            name: self._grown(index, kind, name, value)
            for name, value in delta.items()
            if isinstance(value, str) and name != "type"
        }
        rest = {name: value for name, value in delta.items() if name not in grown}
        return {**event, "delta": _mapped(rest, _DELTA, self._restorer, self._asked) | grown}

    def _stop(self, index: int) -> Iterator[sse.Event]:
        yield from self._flush(index)
        signed = self._signed.pop(index, None)
        if signed is not None and self._asked.signs:
            self._asked.keep(seal(signed))

    def _grown(self, index: int, kind: str, name: str, text: str) -> str:
        stream = self._streams.get((index, kind, name))
        if stream is None:
            of_tool = kind == "input_json_delta"
            restorer = self._called.get(index, self._restorer) if of_tool else self._restorer
            inside_json = of_tool or (self._asked.json_answer and kind == "text_delta")
            stream = restorer.stream(Channel.JSON if inside_json else Channel.TEXT)
            self._streams[index, kind, name] = stream
        grown = stream.feed(text)
        self._growing.hear(index, name, grown)
        return grown

    def _flush(self, index: int) -> Iterator[sse.Event]:
        for key in [key for key in self._streams if key[0] == index]:
            held = self._streams.pop(key).close()
            if held:
                self._growing.hear(index, key[2], held)
                delta = {"type": key[1], key[2]: held}
                event = {"type": "content_block_delta", "index": index, "delta": delta}
                yield _named(event, "content_block_delta")

    def _gather(self, index: int, said: dict[str, Any]) -> None:
        """Put a signed block together, to know it when it comes back."""
        signed = self._signed.setdefault(index, {})
        for name, value in said.items():
            if isinstance(value, str) and name != "type":
                signed[name] = signed.get(name, "") + value


def _mapped(node: dict[str, Any], spec: Spec, restorer: Restoring, asked: Asked) -> dict[str, Any]:
    try:
        mapped: dict[str, Any] = map_strings(node, spec, partial(_change, node, restorer, asked))
    except BadRequest:
        raise ProviderFailed("The provider's tool input isn't valid JSON.") from None
    for text in verbatim(node, spec) if asked.signs else ():
        asked.keep(text)
    return mapped


def _change(  # noqa: PLR0917 — the last three are what the walker hands over
    node: dict[str, Any], restorer: Restoring, asked: Asked, path: Path, leaf: Leaf, text: str
) -> str:
    if leaf is Leaf.JSON:
        return _of_tool(restorer, _at(node, path[:-1])).text(text, Channel.JSON)
    if asked.json_answer and len(path) == 3 and path[0] == "content" and path[2] == "text":
        return restorer.text(text, Channel.JSON)
    return restorer.text(text, CHANNELS.get(leaf, Channel.TEXT))


def _of_tool(restorer: Restoring, block: Any) -> Restoring:
    """What restores the input of the tool that a block calls."""
    name = block.get("name") if isinstance(block, dict) else None
    if not isinstance(name, str):
        return restorer
    return restorer.for_tool(restorer.text(name, Channel.NAME))


def _is_signed(block: dict[str, Any], asked: Asked) -> bool:
    """Whether the block is to come back word for word."""
    return asked.signs and str(block.get("type")) in SIGNED_BLOCKS


def _at(node: Any, path: Path) -> Any:
    """The block at a path, unless an item's own `index` leads elsewhere."""
    for step in path:
        try:
            node = node[step]
        except (LookupError, TypeError):
            return None
    return node


def _index(event: dict[str, Any]) -> int:
    index = event.get("index")
    if not isinstance(index, int):
        raise ProviderFailed("The provider's stream names a block that isn't a number.")
    return index


def _member(event: dict[str, Any], name: str) -> dict[str, Any]:
    member = event.get(name)
    if not isinstance(member, dict):
        raise ProviderFailed("The provider's stream holds an event without its block.")
    return member


def _named(event: dict[str, Any], name: str) -> sse.Event:
    return sse.Event(strict_json.dumps(event).decode(), name)
