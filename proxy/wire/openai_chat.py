"""OpenAI Chat Completions: what a request of this dialect holds.

Declarations over the shared walker; the answers are in openai_chat_answer.py.
Source: OpenAI API reference, "Create chat completion" (POST /v1/chat/completions).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from proxy.errors import BadRequest
from proxy.exchange import Author, Exchange, Offset, Path
from proxy.wire import json_schema, strict_json
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, Walk
from proxy.wire.openai_shared import BREAKPOINT
from proxy.wire.shared import check_kinds, check_object, choice, media, offsets_in, unread

NAME = "openai.chat"

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_EFFORT = frozenset({"none", "minimal", "low", "medium", "high", "xhigh"})
_AUTHORS = {
    "system": Author.OPERATOR,
    "developer": Author.OPERATOR,
    "assistant": Author.ASSISTANT,
    "tool": Author.TOOL,
    "function": Author.TOOL,
}

_CONTENT_PART = Spec(
    fields={
        "type": choice(
            *("text", "refusal", "image_url", "input_audio", "file"),
            *("video_url", "audio_url"),  # vLLM's additions
        ),
        "text": DEFAULT,
        "refusal": DEFAULT,
        "image_url": media(
            "image",
            url=unread("image"),
            detail=choice("auto", "low", "high", "original"),
        ),
        "input_audio": media("audio", data=unread("audio"), format=choice("wav", "mp3")),
        "video_url": media("video", url=unread("video")),
        "audio_url": media("audio", url=unread("audio")),
        "file": media(
            "file",
            file_data=unread("file"),
            file_id=unread("file"),
            filename=Spec(leaf=Leaf.NAME),
        ),
        "prompt_cache_breakpoint": BREAKPOINT,
    }
)
_CITATION = Spec(fields=dict.fromkeys(("url", "title", "start_index", "end_index"), DEFAULT))
_ANNOTATION = Spec(fields={"type": choice("url_citation"), "url_citation": _CITATION})
_CALLED = Spec(fields={"name": Spec(leaf=Leaf.NAME), "arguments": Spec(leaf=Leaf.JSON)})
_TOOL_CALL = Spec(
    fields={
        "index": DEFAULT,
        "id": Spec(leaf=Leaf.ID),
        "type": choice("function", "custom"),
        "function": _CALLED,
        "custom": Spec(fields={"name": Spec(leaf=Leaf.NAME), "input": DEFAULT}),
    }
)
MESSAGE = Spec(
    fields={
        "role": Spec(values=_ROLES),
        "content": Spec(items=_CONTENT_PART),
        "refusal": DEFAULT,
        "name": Spec(leaf=Leaf.NAME),
        "tool_calls": Spec(items=_TOOL_CALL),
        "tool_call_id": Spec(leaf=Leaf.ID),
        "function_call": _CALLED,
        "annotations": Spec(items=_ANNOTATION),
        # Audio of an earlier answer, by reference: nobody here knows what it says.
        "audio": media("audio", id=unread("audio")),
    }
)
_FUNCTION = Spec(
    fields={
        "name": Spec(leaf=Leaf.NAME),
        "description": DEFAULT,
        "parameters": json_schema.SCHEMA,
        "schema": json_schema.SCHEMA,
        "strict": DEFAULT,
    }
)
_tool_reference = {
    "type": choice("function", "custom", "allowed_tools"),
    "function": _FUNCTION,
    "mode": choice("auto", "required"),
    "custom": Spec(
        fields={
            "name": Spec(leaf=Leaf.NAME),
            "description": DEFAULT,
            "format": Spec(
                fields={
                    "type": choice("text", "grammar"),
                    "grammar": Spec(
                        fields={"definition": DEFAULT, "syntax": choice("lark", "regex")}
                    ),
                }
            ),
        }
    ),
}
_TOOL = Spec(fields=_tool_reference)
_TOOL_CHOICE = Spec(
    fields={
        **_tool_reference,
        "allowed_tools": Spec(
            fields={"mode": choice("auto", "required"), "tools": Spec(items=_TOOL)}
        ),
    },
    values=frozenset({"none", "auto", "required"}),
)
_SCHEMA_FIELDS = {
    "tools": Spec(items=_TOOL),
    "tool_choice": _TOOL_CHOICE,
    "functions": Spec(items=_FUNCTION),
    "function_call": Spec(
        fields={"name": Spec(leaf=Leaf.NAME)}, values=frozenset({"none", "auto"})
    ),
    "response_format": Spec(
        fields={
            "type": choice("text", "json_object", "json_schema"),
            "json_schema": _FUNCTION,
        }
    ),
}
_OTHER_FIELDS = {
    "audio": Spec(
        fields={
            "format": choice("wav", "aac", "mp3", "flac", "opus", "pcm16"),
            "voice": choice(
                *("alloy", "ash", "ballad", "coral", "echo", "fable"),
                *("nova", "onyx", "sage", "shimmer", "verse", "marin", "cedar"),
            ),
        }
    ),
    "metadata": Spec(fields={"user_id": Spec(leaf=Leaf.PSEUDONYM)}, items=Spec(leaf=Leaf.NAME)),
    "modalities": Spec(items=choice("text", "audio")),
    "prediction": Spec(fields={"type": choice("content"), "content": Spec(items=_CONTENT_PART)}),
    "prompt_cache_key": Spec(leaf=Leaf.PSEUDONYM),
    "prompt_cache_retention": choice("in_memory", "24h"),
    "reasoning_effort": Spec(values=_EFFORT),
    "safety_identifier": Spec(leaf=Leaf.PSEUDONYM),
    "service_tier": choice("auto", "default", "flex", "scale", "priority", "fast"),
    "stream_options": Spec(fields={"include_usage": DEFAULT, "include_obfuscation": DEFAULT}),
    "user": Spec(leaf=Leaf.PSEUDONYM),
    "verbosity": choice("low", "medium", "high"),
    "web_search_options": Spec(fields={"search_context_size": choice("low", "medium", "high")}),
    **dict.fromkeys(
        (
            *("frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs"),
            *("max_completion_tokens", "max_tokens", "n", "parallel_tool_calls", "seed", "stop"),
            *("store", "stream", "temperature", "top_p"),
        ),
        DEFAULT,
    ),
}
_REQUEST = Spec(fields={**_SCHEMA_FIELDS, **_OTHER_FIELDS, "messages": Spec(items=MESSAGE)})
#: Not fields like any other: they are walked in their own order, or aren't data.
_PLACED = _SCHEMA_FIELDS.keys() | {"messages", "model"}
#: Every top-level field that is declared, for what has to know them all.
FIELDS = frozenset(_REQUEST.fields) | {"model"}


def parse(body: bytes, exchange_id: str) -> Exchange:
    """Read a request.

    Raises:
        BadRequest: not strict JSON, or not of this dialect's shape.
    """
    tree = strict_json.parse(body)
    messages = _check_shape(tree)
    leading = _leading_instructions(messages)
    walk = Walk(Author.SCHEMA)
    walk.members(tree, _REQUEST, _SCHEMA_FIELDS)
    _visit_messages(walk, messages, 0, leading)
    walk.author = Author.FIELD
    walk.members(tree, _REQUEST, sorted(tree.keys() - _PLACED))
    _visit_messages(walk, messages, leading, len(messages))
    response_format = tree.get("response_format") or {}
    return walk.exchange(
        tree,
        body,
        exchange_id,
        NAME,
        json_answer=response_format.get("type") in ("json_object", "json_schema"),
        offsets=tuple(_offsets(messages)),
    )


def _offsets(messages: Sequence[dict[str, Any]]) -> Iterator[Offset]:
    """Where the citations of earlier answers begin and end."""
    for position, message in enumerate(messages):
        annotations = message.get("annotations")
        for number, one in enumerate(annotations if isinstance(annotations, list) else ()):
            if isinstance(one, dict):
                path: Path = ("messages", position, "annotations", number, "url_citation")
                counted: Path = ("messages", position, "content")
                yield from offsets_in(one.get("url_citation"), path, counted)


def _check_shape(tree: Any) -> list[Any]:
    check_object(tree)
    messages = tree.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("`messages` has to be an array with at least one message.")
    for position, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadRequest(f"`messages[{position}]` has to be an object with a `role`.")
        if not isinstance(message.get("content"), str | list | None):
            raise BadRequest(f"`messages[{position}].content` has to be a string or an array.")
        if not isinstance(message.get("tool_calls"), list | None):
            raise BadRequest(f"`messages[{position}].tool_calls` has to be an array.")
    check_kinds(
        tree,
        ("stream", bool, "true or false"),
        ("tools", list, "an array"),
        ("functions", list, "an array"),
        ("response_format", dict, "an object"),
        ("stream_options", dict, "an object"),
        ("n", int, "a number"),
    )
    return messages


def _leading_instructions(messages: list[Any]) -> int:
    for position, message in enumerate(messages):
        if _AUTHORS.get(message["role"]) is not Author.OPERATOR:
            return position
    return len(messages)


def _visit_messages(walk: Walk, messages: list[Any], start: int, end: int) -> None:
    for position in range(start, end):
        message = messages[position]
        walk.author = _AUTHORS.get(message["role"], Author.USER)
        walk.visit(message, MESSAGE, ("messages", position), depth=2)
