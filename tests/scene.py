"""One scripted answer of the simulator: what it says, and how its bytes are delivered.

A scene knows nothing of sockets; the simulator plays it. Bytes are composed only when the request
is known, since a stream and a plain answer of the same scene differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from proxy.assistant import Reply
from proxy.loopback import FRAGMENTS, chunks, completion
from tests import speaking

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it arrived; `connection` counts from 1 in the order they were opened.

    When the client left before the end of its body, `complete` is False and `body` what came.
    """

    connection: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    complete: bool = True

    @property
    def json(self) -> Json:
        """The body as JSON."""
        parsed: Json = json.loads(self.body)
        return parsed

    def header(self, name: str) -> str | None:
        """The first header field of this name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Framing:
    """How events are written: what the SSE specification allows and providers really do.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    """

    newline: str = "\n"
    comment: str = ""  # sent before every event, as keep-alives are
    space: bool = True  # after `data:`
    bom: bool = False
    many_lines: bool = False  # the JSON of an event spread over several data lines
    name: str = ""  # an `event:` line
    done: bool = True  # the closing [DONE]

    def write(self, documents: Sequence[str], *, typed: bool = False) -> bytes:
        """The whole stream of these JSON texts.

        `typed`: each event is named as its `type`, and no [DONE] closes the stream.
        """
        named = [(document, _type_of(document) if typed else self.name) for document in documents]
        closing = [("[DONE]", self.name)] if self.done and not typed else []
        text = "".join(itertools.starmap(self._event, (*named, *closing)))
        return (("\ufeff" if self.bom else "") + text).encode()

    def _event(self, document: str, name: str) -> str:
        if self.many_lines and document.startswith("{"):
            with contextlib.suppress(ValueError):  # a garbled event stays on its one line
                document = json.dumps(json.loads(document), ensure_ascii=False, indent=0)
        prefix = "data: " if self.space else "data:"
        lines = [f": {self.comment}", ""] if self.comment else []
        lines += [f"event: {name}"] if name else []
        lines += [prefix + line for line in document.split("\n")]
        return "".join(line + self.newline for line in (*lines, ""))


@dataclass(frozen=True, slots=True)
class Message:
    """A response before delivery: `documents` are the events of a stream.

    `typed`: they are named as their `type` says.
    """

    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    documents: tuple[str, ...] = ()
    typed: bool = False


@dataclass(slots=True, eq=False)
class Scene:
    """One scripted answer. Its methods say how it is delivered and return it."""

    compose: Callable[[Heard, Scene], Message]
    fragments: Sequence[int] = FRAGMENTS
    framing: Framing = field(default_factory=Framing)
    headers: list[tuple[str, str]] = field(default_factory=list)
    additions: list[Callable[[Json], None]] = field(default_factory=list)
    garbled: int | None = None
    cut: int | None = None
    piece: int | None = None
    pauses: dict[int, asyncio.Event] = field(default_factory=dict)
    claimed_length: int | None = None
    gzip: bool = False
    endless: bool = False
    silent: bool = False
    #: Set when the scene waits for a test, and when the client left before its end.
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    abandoned: asyncio.Event = field(default_factory=asyncio.Event)

    def in_fragments(self, *sizes: int) -> Self:
        """Stream texts and arguments in fragments of these many characters, in turn."""
        self.fragments = sizes
        return self

    def framed(self, **changes: Any) -> Self:
        """Write events otherwise; the names are those of `Framing`."""
        self.framing = replace(self.framing, **changes)
        return self

    def with_header(self, name: str, value: str) -> Self:
        """Send one more header field."""
        self.headers.append((name, value))
        return self

    def adds(self, name: str, value: object, *, inside: str = "") -> Self:
        """Add a field to every JSON document, or inside each `choice`, `message` or `delta`."""

        def add(document: Json) -> None:
            choices: list[Json] = document.get("choices", [])
            places = {"": [document], "choice": choices}
            holders = places.get(inside) or [c[inside] for c in choices if inside in c]
            for holder in holders:
                holder[name] = value

        self.additions.append(add)
        return self

    def garbles(self, event: int) -> Self:
        """Break the JSON of this event of a stream, counted from 0."""
        self.garbled = event
        return self

    def cuts(self, at: int) -> Self:
        """Close the connection after this many bytes of the body."""
        self.cut = at
        return self

    def byte_by_byte(self) -> Self:
        """Send every byte of the body on its own."""
        self.piece = 1
        return self

    def waits(self, until: asyncio.Event, at: int = -1) -> Self:
        """Wait for the event before this byte of the body; -1: before the status line."""
        self.pauses[at] = until
        return self

    def claims_length(self, length: int) -> Self:
        """State a Content-Length that needn't be true, and close at the end."""
        self.claimed_length = length
        return self

    def gzipped(self) -> Self:
        """Compress the body."""
        self.gzip = True
        return self

    def render(self, heard: Heard) -> tuple[Message, bytes]:
        """The message for this request, and its body as it goes out."""
        message = self.compose(heard, self)
        body = message.body
        if message.documents:
            body = self.framing.write(message.documents, typed=message.typed)
        return message, gzip.compress(body) if self.gzip else body


def answering(heard: Heard, scene: Scene, replies: Sequence[Reply]) -> Message:
    """These choices in the API that was asked, as a stream if the request asks for one."""
    asked = heard.json
    route = heard.target.partition("?")[0].rpartition("/v1")[2]
    if not asked.get("stream"):
        whole = _with(scene, _whole(route, asked, replies))
        return Message(body=json.dumps(whole, ensure_ascii=False).encode())
    parts = [_with(scene, event) for event in _events(route, asked, replies, scene.fragments)]
    documents = [json.dumps(part, ensure_ascii=False) for part in parts]
    if scene.garbled is not None:
        documents[scene.garbled] = documents[scene.garbled][:-9]
    typed = route == "/responses"
    return Message(content_type="text/event-stream", documents=tuple(documents), typed=typed)


def _whole(route: str, asked: Json, replies: Sequence[Reply]) -> Json:
    match route:
        case "/responses":
            return speaking.response(asked, replies[0])
        case "/completions":
            return speaking.completion(asked, replies)
        case "/embeddings":
            return speaking.embeddings(asked)
    return completion(asked, replies)


def _events(
    route: str, asked: Json, replies: Sequence[Reply], sizes: Sequence[int]
) -> Iterator[Json]:
    match route:
        case "/responses":
            return speaking.response_events(asked, replies[0], sizes)
        case "/completions":
            return speaking.completion_events(asked, replies, sizes)
    return chunks(asked, replies, sizes)


def _type_of(document: str) -> str:
    with contextlib.suppress(ValueError):  # a garbled event has none
        return str(json.loads(document).get("type", ""))
    return ""


def always(message: Message) -> Callable[[Heard, Scene], Message]:
    """The same message for every request."""
    return lambda _heard, _scene: message


def _with(scene: Scene, document: Json) -> Json:
    for add in scene.additions:
        add(document)
    return document
