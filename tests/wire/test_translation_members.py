"""No translation loses anything in silence: each member of a request is carried, noted or refused.

Every member that the official SDKs declare anywhere in a protocol is put into every object of a rich
request, and one that nobody declares.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import anthropic.types
import openai.types.chat
import openai.types.responses
import pytest

from proxy.errors import BadRequest, CannotTranslate
from proxy.wire import TRANSLATIONS
from tests.wire.translating import (
    ANTHROPIC_CONVERSATION,
    CHAT_CONVERSATION,
    PNG,
    RESPONSES_CONVERSATION,
    WEATHER,
)

MARK = "a value like no other"
VALUES: tuple[Any, ...] = (MARK, [MARK], {"type": MARK}, {"enabled": True}, True, 7)
#: What a schema or a call's arguments hold goes over as a whole.
WHOLE = {"parameters", "input_schema", "schema", "input"}
FILE = f"data:application/pdf;base64,{PNG}"
TO_CHAT_MORE: Any = {
    "thinking": {"type": "enabled", "budget_tokens": 2000},
    "output_config": {"format": {"type": "json_schema", "schema": WEATHER}},
}
DOCUMENTS: Any = [
    {
        "type": "document",
        "title": "Terms",
        "source": {"type": "text", "media_type": "text/plain", "data": "None."},
    },
    {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": PNG},
    },
    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
]


def rich(conversation: Any, turn: str, *parts: Any, **more: Any) -> Any:
    """A conversation with more in its last turn, and further fields."""
    turns = [*conversation[turn], {"role": "user", "content": list(parts)}]
    return {**conversation, turn: turns, **more}


REQUESTS: dict[str, Any] = {
    "chat": rich(
        CHAT_CONVERSATION,
        "messages",
        {"type": "file", "file": {"file_data": FILE, "filename": "a.pdf"}},
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": WEATHER}},
        stream_options={"include_usage": True},
    ),
    "chat, one tool": {
        **CHAT_CONVERSATION,
        "tool_choice": {"type": "function", "function": {"name": "f"}},
    },
    "responses": rich(
        RESPONSES_CONVERSATION,
        "input",
        {"type": "input_file", "file_data": FILE, "filename": "a.pdf"},
        text={"format": {"type": "json_schema", "name": "n", "schema": WEATHER}},
        reasoning={"effort": "low"},
        tool_choice={"type": "function", "name": "f"},
    ),
    "anthropic": rich(ANTHROPIC_CONVERSATION, "messages", *DOCUMENTS, **TO_CHAT_MORE),
}
#: What says nothing besides what is carried: a protocol's own book-keeping, one choice or no
#: background (which `True` and 7 are read as), how a schema is kept to (always), a summary's length.
SAYS_NOTHING = {
    "chat": {("tool_calls", "index"), ("json_schema", "strict"), ("", "n")},
    "responses": {
        *(("input", "id"), ("input", "status"), ("format", "strict"), ("", "background")),
        *(("reasoning", "summary"), ("reasoning", "generate_summary")),
    },
    "anthropic": set(),
}
PUT = dict(zip(("chat", "responses", "anthropic"), TRANSLATIONS, strict=True))
PROTOCOLS = {
    "chat": openai.types.chat,
    "responses": openai.types.responses,
    "anthropic": anthropic.types,
}


def declared(package: Any) -> set[str]:
    """The members of every request type of an SDK."""
    names = {"of_next_year"}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            if hasattr(one, "__required_keys__"):  # a TypedDict, of typing or its back-port
                names |= one.__annotations__.keys()
    return names


def objects(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every object of the protocol."""
    if isinstance(node, dict):
        yield path
        for name, value in node.items():
            if name not in WHOLE or isinstance(value, list):
                yield from objects(value, (*path, name))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from objects(value, (*path, position))


def outcome(protocol: str, asked: Any) -> Any:
    """What is sent, and what is noted; or how it is refused."""
    try:
        return PUT[protocol].put(json.dumps(asked).encode())
    except (CannotTranslate, BadRequest) as refusal:
        return type(refusal)


@pytest.mark.parametrize("name", REQUESTS)
def test_no_member_is_lost(name: str) -> None:
    asked, protocol = REQUESTS[name], name.split(",", maxsplit=1)[0]
    before = outcome(protocol, asked)
    assert before not in (CannotTranslate, BadRequest)
    lost = set()
    for path in objects(asked):
        changed = json.loads(json.dumps(asked))
        place = changed
        for step in path:
            place = place[step]
        where = next((step for step in reversed(path) if isinstance(step, str)), "")
        for member in declared(PROTOCOLS[protocol]) - place.keys():
            if (where, member) in SAYS_NOTHING[protocol]:
                continue
            for value in VALUES:
                place[member] = value
                after = outcome(protocol, changed)
                if after == before:
                    lost.add((where, member))
                elif after is CannotTranslate:
                    break  # whatever it says
            del place[member]
    assert sorted(lost) == []
