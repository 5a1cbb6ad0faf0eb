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
from proxy.wire import strict_json, to_anthropic
from proxy.wire.translation import LEAVE_OUT, Json, Translated, no_counterpart, only, sort_fields

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
_MESSAGE = ("type", "role", "content", "id", "status")


def request(body: bytes) -> Translated:
    """The same request for an Anthropic model.

    Raises:
        CannotTranslate: something that can't be carried over.
        BadRequest: tool arguments that aren't a JSON object.
    """
    asked: Json = strict_json.parse(body)
    notes = sort_fields(asked, CARRIED, DROPPED, REFUSED)
    if set(asked.get("include") or ()) - {_ENCRYPTED}:
        notes.append("include")
    return to_anthropic.assembled(
        asked,
        notes,
        asked.get("max_output_tokens"),
        _turns(asked, notes),
        tools=_tools(asked, notes),
        output=_output(asked, notes),
    )


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
    system = _texts(asked.get("instructions"), notes)
    turns: list[Json] = []
    for item in items:
        if item.get("role") in ("system", "developer"):
            only("input", item, _MESSAGE)
            notes += ["system-first"] if turns else []
            system += _texts(item.get("content"), notes)
            continue
        speaker, blocks = _blocks(item, notes)
        to_anthropic.gather(turns, speaker, list(blocks))
    return system, turns


def _blocks(item: Json, notes: list[str]) -> tuple[str, Iterator[Json]]:
    """Who says what an item holds, in blocks."""
    match item.get("type", "message"):
        case "message" if item.get("role") in _ROLES:
            only("input", item, _MESSAGE, notes, ("phase",))
            return _ROLES[item["role"]], _parts(item.get("content"), notes)
        case "function_call":
            only("input", item, ("type", "id", "call_id", "name", "arguments", "status"))
            call = to_anthropic.use(item["call_id"], item["name"], item.get("arguments"))
            return "assistant", iter([call])
        case "function_call_output":
            only("input", item, ("type", "id", "call_id", "output", "status"))
            output = item.get("output")
            content = output if isinstance(output, str) else list(_parts(output, notes))
            return "user", iter([to_anthropic.result(item["call_id"], content)])
        case "reasoning":
            known = ("type", "id", "status", "encrypted_content", "summary", "content")
            only("input", item, known)
            block = unpacked(item.get("encrypted_content") or "")
            if block is None:
                notes.append("reasoning")
            return "assistant", iter([block] if block else [])
    raise no_counterpart("input.type")


def _texts(content: Any, notes: list[str]) -> list[Json]:
    """What may hold nothing but text."""
    blocks = list(_parts(content, notes))
    if any(block["type"] != "text" for block in blocks):
        raise no_counterpart("input.content")
    return blocks


def _parts(content: Any, notes: list[str]) -> Iterator[Json]:
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    for part in content or ():
        match part.get("type"):
            case "input_text" | "output_text":
                dropped = ("annotations", "logprobs")
                only("input.content", part, ("type", "text"), notes, dropped)
                if part["text"]:
                    yield {"type": "text", "text": part["text"]}
            case "refusal":
                only("input.content", part, ("type", "refusal"))
                yield {"type": "text", "text": part["refusal"]}
            case "input_image":
                only("input.content", part, ("type", "image_url", "detail"))
                detail = part.get("detail")
                yield to_anthropic.image(part["image_url"], detail, notes, "input_image")
            case "input_file":
                where = "file_data" if part.get("file_data") else "file_url"
                only("input.content", part, ("type", where, "filename"))
                yield to_anthropic.document(part.get(where) or "", part.get("filename"))
            case _:
                raise no_counterpart("input.content")


def _tools(asked: Json, notes: list[str]) -> Json:
    made = []
    for tool in asked.get("tools") or ():
        if tool.get("type") != "function":
            raise no_counterpart("tools.type")
        made.append(to_anthropic.tool({k: v for k, v in tool.items() if k != "type"}))
    choice = asked.get("tool_choice")
    if isinstance(choice, dict):
        only("tool_choice", choice, ("type", "name"))
        if choice.get("type") != "function":
            raise no_counterpart("tool_choice")
    return to_anthropic.tools(made, choice, asked, notes)


def _output(asked: Json, notes: list[str]) -> Json:
    text, reasoning = asked.get("text") or {}, asked.get("reasoning") or {}
    only("text", text, ("format",), notes, ("verbosity",))
    only("reasoning", reasoning, ("effort", "summary", "generate_summary"))
    effort = ("reasoning.effort", reasoning.get("effort"))
    sent = to_anthropic.output(text.get("format") or {}, effort, notes, "text.format")
    thinking = sent.get("thinking") or {"type": "adaptive"}
    summed_up = reasoning.get("summary") or reasoning.get("generate_summary")
    if summed_up and thinking["type"] != "disabled":
        sent["thinking"] = {**thinking, "display": "summarized"}
    return sent
