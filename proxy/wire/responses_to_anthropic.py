"""A Responses request as an Anthropic one.

Sources: OpenAI API reference, "Create a model response"; Anthropic API reference, "Create a
Message" and "Extended thinking". proxy/providers/README.md shows the tables below; a test holds
them together.

Thinking goes there and back: a signed block travels to the caller as the encrypted content of a
reasoning item, and stands word for word in the next request (`packed`, `unpacked`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from proxy.errors import BadRequest
from proxy.wire import strict_json
from proxy.wire.chat_to_anthropic import (
    DEFAULT_MAX_TOKENS,
    choice_of,
    gather,
    input_of,
    source_of,
    thinking_of,
)
from proxy.wire.translation import (
    LEAVE_OUT,
    Json,
    Translated,
    no_counterpart,
    number,
    only,
    sort_fields,
)

CARRIED = frozenset(
    {
        *("background", "include", "input", "instructions", "max_output_tokens", "model"),
        *("parallel_tool_calls", "reasoning", "safety_identifier", "store", "stream"),
        *("temperature", "text", "tool_choice", "tools", "top_p", "user"),
    }
)
DROPPED = frozenset(
    {
        *("metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        *("service_tier", "stream_options", "truncation"),
    }
)
REFUSED = {
    **dict.fromkeys(("max_tool_calls", "moderation", "top_logprobs"), LEAVE_OUT),
    "previous_response_id": "Send the conversation itself.",
    "prompt": "Send the instructions themselves.",
}

_ENCRYPTED = "reasoning.encrypted_content"
_MARK = "anthropic"  # whose block a reasoning item holds
_ROLES = {"user": "user", "assistant": "assistant"}


def request(body: bytes) -> Translated:
    """The same request for an Anthropic model.

    Raises:
        CannotTranslate: something that can't be carried over.
        BadRequest: tool arguments that aren't a JSON object.
    """
    asked: Json = strict_json.parse(body)
    notes = sort_fields(asked, CARRIED, DROPPED, REFUSED)
    if number(asked.get("temperature")) > 1:
        raise no_counterpart("temperature", "This model takes temperatures from 0 to 1.")
    if set(asked.get("include") or ()) - {_ENCRYPTED}:
        notes.append("include")
    system, messages = _turns(asked, notes)
    limit = asked.get("max_output_tokens")
    if limit is None:
        notes.append(f"max_tokens={DEFAULT_MAX_TOKENS}")
    sent: Json = {
        "model": asked["model"],
        "max_tokens": limit or DEFAULT_MAX_TOKENS,
        **({"system": system} if system else {}),
        "messages": messages,
        **_tools(asked, notes),
        **_output(asked, notes),
    }
    for name in ("temperature", "top_p", "stream"):
        if asked.get(name) is not None:
            sent[name] = asked[name]
    user = asked.get("safety_identifier") or asked.get("user")
    if user:
        sent["metadata"] = {"user_id": user}
    return Translated(strict_json.dumps(sent), tuple(dict.fromkeys(notes)))


def packed(block: Json) -> str:
    """A signed block of thinking, as the encrypted content of a reasoning item."""
    return base64.b64encode(strict_json.dumps({_MARK: block})).decode()


def unpacked(encrypted: str) -> Json | None:
    """The block, word for word; None if another maker's model thought it."""
    try:
        held = strict_json.parse(base64.b64decode(encrypted, validate=True))
    except (BadRequest, binascii.Error, ValueError):
        return None
    block = held.get(_MARK) if isinstance(held, dict) else None
    return block if isinstance(block, dict) else None


def _turns(asked: Json, notes: list[str]) -> tuple[list[Json], list[Json]]:
    """The instructions, and the turns."""
    given = asked.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else list(given or ())
    system = _texts(asked.get("instructions"))
    turns: list[Json] = []
    for item in items:
        if item.get("role") in ("system", "developer"):
            if turns:
                notes.append("system-first")
            system += _texts(item.get("content"))
            continue
        speaker, blocks = _blocks(item, notes)
        gather(turns, speaker, list(blocks))
    return system, turns


def _blocks(item: Json, notes: list[str]) -> tuple[str, Iterator[Json]]:
    """Who says what an item holds, in blocks."""
    match item.get("type", "message"):
        case "message" if item.get("role") in _ROLES:
            only("input", item, ("type", "role", "content", "id", "status", "phase"))
            return _ROLES[item["role"]], _parts(item.get("content"), notes)
        case "function_call":
            only("input", item, ("type", "id", "call_id", "name", "arguments", "status"))
            arguments = input_of(item.get("arguments"))
            call = {"type": "tool_use", "id": item["call_id"], "name": item["name"]}
            return "assistant", iter([{**call, "input": arguments}])
        case "function_call_output":
            only("input", item, ("type", "id", "call_id", "output", "status"))
            output = item.get("output")
            content = output if isinstance(output, str) else list(_parts(output, notes))
            result = {"type": "tool_result", "tool_use_id": item["call_id"], "content": content}
            return "user", iter([result])
        case "reasoning":
            block = unpacked(item.get("encrypted_content") or "")
            if block is None:
                notes.append("reasoning")
            return "assistant", iter([block] if block else [])
    raise no_counterpart("input.type")


def _texts(content: Any) -> list[Json]:
    """What may hold nothing but text."""
    blocks = list(_parts(content, []))
    if any(block["type"] != "text" for block in blocks):
        raise no_counterpart("input.content")
    return blocks


def _parts(content: Any, notes: list[str]) -> Iterator[Json]:
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}] if content else []
    for part in content or ():
        match part.get("type"):
            case "input_text" | "output_text":
                only("input.content", part, ("type", "text", "annotations", "logprobs"))
                if part["text"]:
                    yield {"type": "text", "text": part["text"]}
            case "refusal":
                yield {"type": "text", "text": part["refusal"]}
            case "input_image":
                only("input.content", part, ("type", "image_url", "detail"))
                if part.get("detail") not in (None, "auto"):
                    notes.append("input_image.detail")
                yield {"type": "image", "source": source_of(part["image_url"])}
            case "input_file":
                only("input.content", part, ("type", "file_data", "file_url", "filename"))
                source = source_of(part.get("file_data") or part.get("file_url") or "")
                titled = {"title": part["filename"]} if part.get("filename") else {}
                yield {"type": "document", "source": source, **titled}
            case _:
                raise no_counterpart("input.content")


def _tools(asked: Json, notes: list[str]) -> Json:
    tools = [_tool(tool) for tool in asked.get("tools") or ()]
    choice = asked.get("tool_choice")
    if isinstance(choice, dict):
        only("tool_choice", choice, ("type", "name"))
        choice = {"type": choice.get("type"), "function": {"name": choice.get("name")}}
    return choice_of(tools, choice, notes, parallel=asked.get("parallel_tool_calls") is not False)


def _tool(tool: Json) -> Json:
    if tool.get("type") != "function":
        raise no_counterpart("tools.type")
    only("tools", tool, ("type", "name", "description", "parameters", "strict"))
    sent = {name: tool[name] for name in ("name", "description", "strict") if tool.get(name)}
    return {**sent, "input_schema": tool.get("parameters") or {"type": "object"}}


def _output(asked: Json, notes: list[str]) -> Json:
    """Structured output and reasoning, which stand in one place on the other side."""
    config: Json = {}
    text = asked.get("text") or {}
    only("text", text, ("format", "verbosity"))
    if text.get("verbosity") is not None:
        notes.append("text.verbosity")
    wanted = text.get("format") or {}
    match wanted.get("type", "text"):
        case "json_schema":
            config["format"] = {"type": "json_schema", "schema": wanted["schema"]}
            notes.append("text.format.name")
        case "json_object":
            raise no_counterpart("json_object", "Use a format with a JSON schema.")
    reasoning = asked.get("reasoning") or {}
    only("reasoning", reasoning, ("effort", "summary", "generate_summary"))
    sent = thinking_of(reasoning.get("effort"), config, "reasoning.effort")
    return sent | ({"output_config": config} if config else {})
