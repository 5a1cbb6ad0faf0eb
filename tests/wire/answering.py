"""A restorer for answers in tests: one request's values, and an answer's or stream's JSON."""

from __future__ import annotations

import json
from typing import Any

from proxy.exchange import Author, TextPart
from proxy.mask.masked import Restorable
from proxy.mask.restorer import Restorer
from proxy.wire.openai_chat_answer import AnswerStream
from proxy.wire.relaxed import Relaxed
from proxy.wire.restoring import Asked
from proxy.wire.sse import Decoder, Event

ZOE = 'Zoë "Z" O\'Neil'
MAIL = "zoe@example.org"
CITY = "home\ncity"

Json = dict[str, Any]


def restorer(asked: str = "Who is it?", *, bare: bool = False) -> Restorer:
    """PERSON_1 is `ZOE`, EMAIL_ADDRESS_1 is `MAIL`, LOCATION_1 is `CITY`."""
    tokens = {"PERSON_1": ZOE, "EMAIL_ADDRESS_1": MAIL, "LOCATION_1": CITY}
    known = frozenset(tokens) if bare else frozenset()
    return Restorer(Restorable(tokens, {}, known), [TextPart((), asked, Author.USER)])


def answer(*choices: Json, **fields: Any) -> Json:
    """A chat completion."""
    return {
        "id": "chatcmpl-PERSON_X",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o-mini",
        "choices": list(choices),
        **fields,
    }


def choice(content: str | None, index: int = 0, **message: Any) -> Json:
    """One choice of a chat completion."""
    said = {"role": "assistant", "content": content, **message}
    return {"index": index, "message": said, "finish_reason": "stop"}


def chunk(*choices: Json, **fields: Any) -> Json:
    """One chunk of a stream."""
    return {**answer(*choices, **fields), "object": "chat.completion.chunk"}


def delta(index: int = 0, finish: str | None = None, **said: Any) -> Json:
    """One choice of a chunk."""
    return {"index": index, "delta": said, "finish_reason": finish}


def event(document: Json | str) -> bytes:
    """The bytes of one event."""
    data = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return f"data: {data}\n\n".encode()


def stream(
    asked: str = "Who is it?",
    *,
    json_answer: bool = False,
    drop_logprobs: bool = True,
    bare: bool = False,
    relaxed: tuple[Relaxed, ...] = (),
) -> AnswerStream:
    """A stream's restorer."""
    return AnswerStream(restorer(asked, bare=bare), Asked(json_answer, drop_logprobs, relaxed))


def played(opened: AnswerStream, *pieces: bytes) -> bytes:
    """All that is delivered of these pieces, to the end."""
    return b"".join(map(opened.feed, pieces)) + opened.close()


def events(delivered: bytes) -> list[Event]:
    """The events in delivered bytes; fails if they don't end with a whole one."""
    decoder = Decoder()
    found = list(decoder.feed(delivered))
    assert not decoder.unfinished
    return found


def documents(delivered: bytes) -> list[Json]:
    """The JSON of every event but [DONE]."""
    return [json.loads(event.data) for event in events(delivered) if event.data != "[DONE]"]


def gathered(delivered: bytes) -> dict[int, Json]:
    """What a client puts together of each choice, the way the SDKs do: strings grow."""
    choices: dict[int, Json] = {}
    for document in documents(delivered):
        for part in document.get("choices", ()):
            whole = choices.setdefault(part["index"], {"finish_reason": None})
            assert whole["finish_reason"] is None, "something came after the finish_reason"
            whole["finish_reason"] = part["finish_reason"]
            _grow(whole, part["delta"])
    return choices


def _grow(whole: Json, said: Json) -> None:
    for name, value in said.items():
        if isinstance(value, str) and name not in ("role", "type", "id"):
            whole[name] = (whole.get(name) or "") + value
        elif isinstance(value, dict):
            _grow(whole.setdefault(name, {}), value)
        elif isinstance(value, list):
            items = whole.setdefault(name, {})
            for item in value:
                _grow(items.setdefault(item["index"], {}), item)
        elif name not in whole or value is not None:
            whole[name] = value
