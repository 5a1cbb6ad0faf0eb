"""A Chat Completions request as an Anthropic one.

Sources: OpenAI API reference, "Create chat completion"; Anthropic API reference, "Create a
Message". proxy/providers/README.md shows the tables below; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy.wire import strict_json, to_anthropic
from proxy.wire.translation import LEAVE_OUT, Json, Translated, no_counterpart, only, sort_fields

CARRIED = frozenset(
    {
        *("messages", "model", "max_completion_tokens", "max_tokens", "n", "logprobs"),
        *("modalities", "parallel_tool_calls", "reasoning_effort", "response_format"),
        *("safety_identifier", "stop", "stream", "stream_options", "temperature", "tool_choice"),
        *("tools", "top_p", "user"),
    }
)
DROPPED = frozenset(
    {
        *("frequency_penalty", "metadata", "prediction", "presence_penalty", "prompt_cache_key"),
        *("prompt_cache_retention", "seed", "service_tier", "store", "verbosity"),
    }
)
REFUSED = {
    **dict.fromkeys(("audio", "logit_bias", "top_logprobs", "web_search_options"), LEAVE_OUT),
    "functions": "Use `tools`.",
    "function_call": "Use `tool_choice`.",
}

_TEXTS = ("text", "refusal")


def request(body: bytes) -> Translated:
    """The same request for an Anthropic model.

    Raises:
        CannotTranslate: something that can't be carried over.
        BadRequest: tool arguments that aren't a JSON object.
    """
    asked: Json = strict_json.parse(body)
    notes = sort_fields(asked, CARRIED, DROPPED, REFUSED)
    _refuse_values(asked)
    options = asked.get("stream_options") or {}
    only("stream_options", options, ("include_usage",), notes, ("include_obfuscation",))
    stop = asked.get("stop")
    limits = [asked[name] for name in ("max_completion_tokens", "max_tokens") if asked.get(name)]
    return to_anthropic.assembled(
        asked,
        notes,
        limits[0] if limits else None,
        _turns(asked["messages"], notes),
        tools=_tools(asked, notes),
        output=_output(asked, notes),
        stop={"stop_sequences": [stop] if isinstance(stop, str) else stop} if stop else {},
    )


def _refuse_values(asked: Json) -> None:
    """Fields that are carried over with some of their values only."""
    if (asked.get("n") or 1) != 1:
        raise no_counterpart("n", "Ask once for each choice.")
    if asked.get("logprobs"):
        raise no_counterpart("logprobs")
    if set(asked.get("modalities") or ("text",)) != {"text"}:
        raise no_counterpart("modalities")


def _turns(messages: list[Json], notes: list[str]) -> tuple[list[Json], list[Json]]:
    """The instructions, and the turns; results of tools called in one turn stand in one turn."""
    system: list[Json] = []
    turns: list[Json] = []
    for message in messages:
        role = message["role"]
        if message.get("name"):
            notes.append("messages.name")
        if role in ("system", "developer"):
            only("messages", message, ("role", "content", "name"))
            notes += ["system-first"] if turns else []
            system += _text_parts(message.get("content"))
            continue
        blocks = list(_blocks(message, notes))
        to_anthropic.gather(turns, "assistant" if role == "assistant" else "user", blocks)
    return system, turns


def _blocks(message: Json, notes: list[str]) -> Iterator[Json]:
    content = message.get("content")
    match message["role"]:
        case "tool":
            only("messages", message, ("role", "content", "tool_call_id", "name"))
            texts = content if isinstance(content, str) else _text_parts(content)
            yield to_anthropic.result(message.get("tool_call_id"), texts)
        case "assistant":
            known = ("role", "content", "refusal", "tool_calls", "name")
            only("messages", message, known, notes, ("annotations",))
            if content:
                yield from _text_parts(content)
            if message.get("refusal"):
                yield {"type": "text", "text": message["refusal"]}
            for call in message.get("tool_calls") or ():
                yield _call(call)
        case "user":
            only("messages", message, ("role", "content", "name"))
            if isinstance(content, str):
                yield {"type": "text", "text": content}
            for part in content if isinstance(content, list) else ():
                yield _part(part, notes)
        case _:
            raise no_counterpart("messages.role")


def _text_parts(content: Any) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    parts = content or []
    for part in parts:
        if part.get("type") not in _TEXTS:
            raise no_counterpart("messages.content")
        only("messages.content", part, ("type", part["type"]))
    texts = [part[part["type"]] for part in parts]
    return [{"type": "text", "text": text} for text in texts if text]


def _part(part: Json, notes: list[str]) -> Json:
    kind = part.get("type")
    if kind not in ("text", "image_url", "file"):
        raise no_counterpart("messages.content")
    only("messages.content", part, ("type", kind))
    match kind:
        case "image_url":
            image = part["image_url"]
            if isinstance(image, str):
                image = {"url": image}
            only("image_url", image, ("url", "detail"))
            return to_anthropic.image(image["url"], image.get("detail"), notes, "image_url")
        case "file":
            if part["file"].get("file_id"):
                raise no_counterpart("file_id", "Send the file itself.")
            only("file", part["file"], ("file_data", "filename"))
            return to_anthropic.document(part["file"]["file_data"], part["file"].get("filename"))
    return {"type": "text", "text": part["text"]}


def _call(call: Json) -> Json:
    if call.get("type", "function") != "function":
        raise no_counterpart("tool_calls.custom")
    only("tool_calls", call, ("id", "type", "index", "function"))
    only("tool_calls", call["function"], ("name", "arguments"))
    return to_anthropic.use(call["id"], call["function"]["name"], call["function"].get("arguments"))


def _tools(asked: Json, notes: list[str]) -> Json:
    made = []
    for tool in asked.get("tools") or ():
        if tool.get("type") != "function":
            raise no_counterpart("tools.custom")
        only("tools", tool, ("type", "function"))
        made.append(to_anthropic.tool(tool["function"]))
    choice = asked.get("tool_choice")
    if isinstance(choice, dict):
        if choice.get("type") != "function":
            raise no_counterpart("tool_choice")
        only("tool_choice", choice, ("type", "function"))
        choice = choice["function"]
        only("tool_choice", choice, ("name",))
    return to_anthropic.tools(made, choice, asked, notes)


def _output(asked: Json, notes: list[str]) -> Json:
    wanted = asked.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        only("response_format", wanted, ("type", "json_schema"))
        wanted = {"type": "json_schema", **wanted["json_schema"]}
    effort = asked.get("reasoning_effort")
    if effort not in (None, "none"):
        # Chat Completions has no place for signed reasoning.
        notes.append("reasoning-not-returned")
    return to_anthropic.output(wanted, ("reasoning_effort", effort), notes, "response_format")
