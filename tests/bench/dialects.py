"""What Privet adds in each dialect, and where a dialect is translated: one process, no sockets.

The pipeline runs as it is, with a provider that answers at once in the protocol that it is asked in.
Ratios are to Chat Completions of the same run.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import uvloop

from proxy.assistant import Reply
from proxy.detect.detector import Detector
from proxy.identity.keys import create_key
from proxy.pipeline import serve
from proxy.providers import Provider
from proxy.serving.services import detecting, running
from proxy.steps.journey import Call, Services
from proxy.wire import BY_PATH
from tests import anthropic_scene
from tests.bench.conversations import Conversation, conversation
from tests.bench.report import DialectCost, print_dialects
from tests.house import write_configuration
from tests.scene import Heard, Scene, always, answering

TEXT = (
    "Thank you, <PERSON_1>. I have sent the summary to <EMAIL_ADDRESS_1>; it lists the new phone "
    "number, the side entrance, the refund and the chair. Is there anything else?"
)
_SEED = 300
_PIECE = 6  # characters of a streamed event

Json = dict[str, Any]


def _chat(said: Conversation) -> Json:
    return {"messages": said.messages}


def _responses(said: Conversation) -> Json:
    return {"input": said.messages}


def _messages(said: Conversation) -> Json:
    system, *turns = said.messages
    return {"system": system["content"], "messages": turns, "max_tokens": 1000}


def _completions(said: Conversation) -> Json:
    return {"prompt": "\n\n".join(message["content"] for message in said.messages)}


def _embeddings(said: Conversation) -> Json:
    return {"input": [message["content"] for message in said.messages]}


@dataclass(frozen=True, slots=True)
class Case:
    """One row: what is asked on which route of which kind of provider."""

    name: str
    path: str
    body: Callable[[Conversation], Json]
    kind: str = ""
    streams: bool = True


CASES = (
    Case("Chat Completions", "/v1/chat/completions", _chat),
    Case("Responses", "/v1/responses", _responses),
    Case("Completions", "/v1/completions", _completions),
    Case("Embeddings", "/v1/embeddings", _embeddings, streams=False),
    Case("Messages → Chat", "/v1/messages", _messages),
    Case("Messages", "/v1/messages", _messages, "anthropic"),
    Case("Chat → Messages", "/v1/chat/completions", _chat, "anthropic"),
    Case("Responses → Messages", "/v1/responses", _responses, "anthropic"),
)


class _Canned:
    """The reply of a provider that answers at once; a stream's events come one by one."""

    status = 200
    headers: Mapping[str, str] = {}

    def __init__(self, pieces: tuple[bytes, ...], *, is_event_stream: bool) -> None:
        self.pieces = pieces
        self.is_event_stream = is_event_stream

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _answering_at_once() -> Any:
    """Providers that answer without being asked over a socket."""
    real, kept = Provider.send, {}

    async def send(self: Provider, dialect: str, body: bytes, *_: Any, **__: Any) -> _Canned:
        stream = b'"stream":true' in body
        if (dialect, stream) not in kept:
            kept[dialect, stream] = _canned(dialect, body, stream=stream)
        return kept[dialect, stream]

    Provider.send = send  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Provider.send = real  # type: ignore[method-assign]


def _canned(dialect: str, body: bytes, *, stream: bool) -> _Canned:
    path = next(one.path for one in BY_PATH.values() if one.name == dialect)
    heard = Heard(1, "POST", path, (), body)
    scene = Scene(always(None), fragments=(_PIECE,))  # type: ignore[arg-type]  # asked for none
    reply = Reply(TEXT)
    if path in anthropic_scene.PATHS:
        message = anthropic_scene.saying(heard, scene, reply)
    else:
        message = answering(heard, scene, [reply])
    if not stream:
        return _Canned((message.body,), is_event_stream=False)
    whole = scene.framing.write(message.documents, typed=message.typed)
    pieces = tuple(event + b"\n\n" for event in whole.split(b"\n\n") if event)
    return _Canned(pieces, is_event_stream=True)


class Asked:
    """One case, and what was taken for it in each round."""

    def __init__(self, case: Case, services: Services, key: str) -> None:
        self._case, self._services = case, services
        self._headers = {"Authorization": f"Bearer {key}", "anthropic-version": "2023-06-01"}
        self._numbers = itertools.count()
        self._seen = conversation(_SEED)
        self.warm: list[float] = []
        self._new: list[float] = []
        self._events: list[float] = []

    async def round(self, number: int) -> None:
        """A conversation that was seen, one with a new message, a stream."""
        self.warm.append((await self._ask(self._seen))[0])
        self._new.append((await self._ask(conversation(_SEED, last=number)))[0])
        if self._case.streams:
            seconds, pieces = await self._ask(self._seen, stream=True)
            self._events.append(seconds / pieces)

    def forget(self) -> None:
        """What was taken so far was warming up."""
        for taken in (self.warm, self._new, self._events):
            taken.clear()

    def cost(self, chat: Asked) -> DialectCost:
        """The medians; the ratio is that of neighbours."""
        ratios = [here / there for here, there in zip(self.warm, chat.warm, strict=True)]
        events = median(self._events) if self._events else 0.0
        return DialectCost(median(self.warm), median(ratios), median(self._new), events)

    async def _ask(self, said: Conversation, *, stream: bool = False) -> tuple[float, int]:
        """Seconds of a whole answer; of a stream, from its first piece to its last, and how many."""
        asked = {"model": "gpt-4o-mini", **self._case.body(said)}
        body = orjson.dumps(asked | ({"stream": True} if stream else {}))
        call = Call(f"pvr-{next(self._numbers):024d}", self._headers, body)
        start = time.perf_counter()
        answer = await serve(call, BY_PATH[self._case.path], self._services)
        if isinstance(answer.body, bytes):
            return time.perf_counter() - start, 1
        start, pieces, last = time.perf_counter(), 0, 0.0
        async for _ in answer.body:  # the last is followed by the outcome's record
            pieces, last = pieces + 1, time.perf_counter()
        return last - start, pieces


async def run(repetitions: int) -> None:
    """Start what is needed, measure in rounds and print."""
    with _answering_at_once():
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="privet-bench-")))
            detector: Detector | None = None
            asked: dict[str, Asked] = {}
            for kind in ("", "anthropic"):
                home = folder / (kind or "openai")
                configuration = write_configuration(
                    home, "http://127.0.0.1:9/v1", cloud_type=kind, extra="log_level: warning\n"
                )
                key, _ = create_key(home / "keys.yaml", "support", "desk")
                if detector is None:
                    detector = await stack.enter_async_context(detecting(configuration))
                services = await stack.enter_async_context(running(configuration, detector))
                mine = [case for case in CASES if case.kind == kind]
                asked |= {case.name: Asked(case, services, key) for case in mine}
            for one in asked.values():
                await one.round(-1)
                one.forget()
            for number in range(repetitions):
                for one in asked.values():
                    await one.round(number)
    chat = asked[CASES[0].name]
    print_dialects({name: one.cost(chat) for name, one in asked.items()})


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]) if sys.argv[1:] else 60))
