"""OpenAI Chat Completions and Completions: answers and streams with the caller's values put back.

Source: OpenAI API reference, "The chat completion object", "The chat completion chunk object" and
"The completion object" (whose choices have a `text` instead of a message).

Invariants of the stream: each string that grows over chunks (a choice's content, a tool call's
arguments, a field added next year) has its own restorer, found by its path; what a restorer holds
back goes out before that choice's `finish_reason`; every way a stream can end, the caller reads
`[DONE]` or an `error` event, never a bare cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy.errors import PrivetError, ProviderFailed
from proxy.exchange import Channel, Path
from proxy.wire import sse, strict_json
from proxy.wire.answer_strings import CHANNELS, map_strings, objects
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.openai_chat import MESSAGE
from proxy.wire.openai_chat_documents import Documents
from proxy.wire.openai_chat_names import SplitNames
from proxy.wire.openai_chat_tools import Tools
from proxy.wire.openai_shared import error, move_offsets, read_again
from proxy.wire.restoring import Asked, Restored, Restoring, TextStream

_DONE = "[DONE]"
_KEPT = Spec(leaf=Leaf.ID)
_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
_CHOICE = Spec(
    fields={
        "index": DEFAULT,
        "message": MESSAGE,
        "delta": MESSAGE,
        "text": DEFAULT,
        "finish_reason": Spec(values=_REASONS),
        "logprobs": DEFAULT,
    }
)
_TOKENS = (
    "cached",
    "audio",
    "reasoning",
    "accepted_prediction",
    "rejected_prediction",
    "cache_write",
)
_DETAILS = Spec(fields={f"{kind}_tokens": DEFAULT for kind in _TOKENS})
#: Its keys are no caller's words, so nothing looks for placeholders in them.
_USAGE = Spec(
    fields={
        "prompt_tokens": DEFAULT,
        "completion_tokens": DEFAULT,
        "total_tokens": DEFAULT,
        "prompt_tokens_details": _DETAILS,
        "completion_tokens_details": _DETAILS,
    }
)
_ANSWER = Spec(
    fields={
        "id": _KEPT,
        "object": _KEPT,
        "created": DEFAULT,
        "model": _KEPT,
        "system_fingerprint": _KEPT,
        "service_tier": _KEPT,
        "usage": _USAGE,
        "obfuscation": _KEPT,
        "choices": Spec(items=_CHOICE),
    }
)


def restore(body: bytes, restorer: Restoring, asked: Asked) -> Restored:
    """A whole answer with the caller's values put back; its own bytes where there were none.

    Raises:
        ProviderFailed: the answer isn't a JSON object.
        AnswerOffSchema: it breaks a strict schema of the caller's that was relaxed.
    """
    answer = strict_json.parse_answer(body)
    if answer.get("error") is not None and not answer.get("choices"):
        raise ProviderFailed("The provider reported an error instead of an answer.")
    asked.meter(answer)
    documents = Documents(asked)
    tools = Tools(restorer)
    tools.learn(answer)

    def change(path: Path, leaf: Leaf, text: str) -> str:
        restored = tools.at(path).text(text, _channel(path, leaf, asked))
        documents.hear(path, restored)
        return restored

    changed = map_strings(answer, _ANSWER, change)
    notes = documents.notes()
    if changed == answer:
        return Restored(body, notes)
    for before, after in zip(
        objects(answer.get("choices")), objects(changed.get("choices")), strict=True
    ):
        if before != after:
            # Token log-probabilities spell out the placeholder; they don't fit the new text.
            _without_logprobs(after)
            _move_annotations(before, after, restorer, asked)
    return Restored(strict_json.dumps(changed), notes)


class AnswerStream:
    """The events of one streamed answer, restored as they pass. Sans-io.

    Raises (from `feed`):
        ProviderFailed: bytes that are no event stream of this dialect.
        AnswerOffSchema: a choice breaks a strict schema of the caller's that was relaxed.
    """

    def __init__(self, restorer: Restoring, asked: Asked) -> None:
        self._restorer = restorer
        self._asked = asked
        self._decoder, self._encoder = sse.Decoder(), sse.Encoder()
        self._streams: dict[Path, TextStream] = {}
        self._envelope: dict[str, Any] = {}
        self._unfinished: set[int] = set()
        self._documents = Documents(asked)
        self._names = SplitNames(restorer)
        self._tools = Tools(restorer)
        self._ended = False
        #: True once the caller was told that the stream broke off.
        self.failed = False

    def feed(self, chunk: bytes) -> bytes:
        """What can be delivered now that `chunk` is here."""
        for raw in self._decoder.feed(chunk):
            self._encoder.put(self._event(raw))
        return self._encoder.take()

    def close(self) -> bytes:
        """The stream's last bytes: what was held, and an `error` event if it broke off."""
        if self._ended:
            return b""
        if self._decoder.unfinished or self._unfinished or not self._envelope:
            return self.fail(ProviderFailed("The provider's stream broke off."), "")
        return self._end(sse.Event(_DONE))

    def fail(self, failure: PrivetError, request_id: str) -> bytes:
        """End the stream with what was held back and an error that SDKs raise."""
        if self._ended:
            return b""
        self.failed = True
        return self._end(sse.Event(error(failure, request_id).decode()))

    def _end(self, last: sse.Event) -> bytes:
        self._ended = True
        self._encoder.put((*self._rest(), last))
        return self._encoder.take()

    def _event(self, event: sse.Event) -> Iterator[sse.Event]:
        if self._ended:
            return
        if event.data == _DONE:
            yield from self._rest()
            self._ended = True
            yield event
            return
        chunk = strict_json.parse_answer(event.data)
        self._asked.meter(chunk)
        if chunk.get("error") is not None:
            raise ProviderFailed("The provider reported an error in the middle of its stream.")
        for choice in objects(chunk.get("choices")):
            if choice.get("finish_reason") is None:
                self._unfinished.add(_index(choice))
            if self._asked.drop_logprobs:
                _without_logprobs(choice)
        for ready in self._names.put(chunk):
            yield from self._chunk(ready, event.name)

    def _rest(self) -> Iterator[sse.Event]:
        """All that was held back."""
        for chunk in self._names.drain():
            yield from self._chunk(chunk)
        yield from self._flush(("choices",))

    def _chunk(self, chunk: dict[str, Any], name: str = "") -> Iterator[sse.Event]:
        self._tools.learn(chunk)
        restored = map_strings(chunk, _ANSWER, self._change)
        self._envelope = {**restored, "choices": []}
        self._envelope.pop("usage", None)
        for choice in objects(restored.get("choices")):
            self._move_annotations(choice)
            if choice.get("finish_reason") is not None:
                self._unfinished.discard(_index(choice))
                yield from self._finish(restored, choice)
                if notes := self._documents.notes(_index(choice)):
                    restored["x_privet"] = {"notes": notes}  # headers have long been sent
        yield sse.Event(strict_json.dumps(restored).decode(), name)

    def _move_annotations(self, choice: dict[str, Any]) -> None:
        """URL citations count characters of the content, in which values changed their length."""
        delta = choice.get("delta")
        annotations = delta.get("annotations") if isinstance(delta, dict) else None
        if isinstance(annotations, list):
            cited = self._streams.get(("choices", _index(choice), "delta", "content"))
            if cited is not None:
                _move(annotations, cited)

    def _finish(self, chunk: dict[str, Any], choice: dict[str, Any]) -> Iterator[sse.Event]:
        """What a choice still has to say goes out before its `finish_reason`."""
        held = list(self._flush(("choices", _index(choice))))
        said = {name: choice[name] for name in ("delta", "text") if choice.get(name)}
        if held and said:
            # This very chunk's text comes before what is flushed after it.
            early = {**self._envelope, "choices": [{**choice, "finish_reason": None}]}
            choice |= {name: {} if name == "delta" else "" for name in said}
            yield sse.Event(strict_json.dumps(early).decode())
        yield from held

    def _change(self, path: Path, leaf: Leaf, text: str) -> str:
        # Ids and names are whole in a call's first fragment, where clients look them up at once (a
        # name that was cut is put together by now); annotations come whole too, one after the other
        # at the same place. None of these grows.
        whole = leaf in (Leaf.ID, Leaf.NAME) or "annotations" in path or path[:1] != ("choices",)
        if whole:
            said = self._restorer.text(text, _channel(path, leaf, self._asked))
            self._documents.hear(path, said)
            return said
        stream = self._streams.get(path)
        if stream is None:
            channel = _channel(path, leaf, self._asked)
            stream = self._streams[path] = self._tools.at(path).stream(channel)
        said = stream.feed(text)
        self._documents.hear(path, said)
        return said

    def _flush(self, below: Path) -> Iterator[sse.Event]:
        for path in [path for path in self._streams if path[: len(below)] == below]:
            held = self._streams.pop(path).close()
            if held:
                self._documents.hear(path, held)
                chunk = {**self._envelope, **_nest(path, held)}
                chunk["choices"][0]["finish_reason"] = None
                yield sse.Event(strict_json.dumps(chunk).decode())


def _channel(path: Path, leaf: Leaf, asked: Asked) -> Channel:
    if asked.json_answer and path[-2:] in (("message", "content"), ("delta", "content")):
        return Channel.JSON
    return CHANNELS.get(leaf, Channel.TEXT)


def _without_logprobs(choice: dict[str, Any]) -> None:
    if choice.get("logprobs") is not None:
        choice["logprobs"] = None


def _index(choice: dict[str, Any]) -> int:
    index = choice.get("index", 0)
    if not isinstance(index, int):
        raise ProviderFailed("The provider's stream names a choice that isn't a number.")
    return index


def _move_annotations(
    before: dict[str, Any], after: dict[str, Any], restorer: Restoring, asked: Asked
) -> None:
    """URL citations count characters of the content, which has changed its length."""
    message, restored = before.get("message"), after.get("message")
    if not isinstance(message, dict) or not isinstance(restored, dict):
        return
    content, annotations = message.get("content"), restored.get("annotations")
    if not isinstance(content, str) or not isinstance(annotations, list) or not annotations:
        return
    channel = Channel.JSON if asked.json_answer else Channel.TEXT
    _move(annotations, read_again(content, restorer, channel))


def _move(annotations: list[Any], cited: TextStream) -> None:
    for annotation in annotations:
        if isinstance(annotation, dict):
            move_offsets(annotation.get("url_citation"), cited)


def _nest(path: Path, text: str) -> dict[str, Any]:
    """The smallest chunk that carries `text` at `path`; list items name their index."""
    value: Any = text
    for step in reversed(path):
        if isinstance(step, int):
            value = [{"index": step, **value} if isinstance(value, dict) else value]
        else:
            value = {step: value}
    chunk: dict[str, Any] = value
    return chunk
