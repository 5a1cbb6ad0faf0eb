"""A Chat Completions request as an Anthropic one.

Sources: OpenAI API reference, "Create chat completion"; Anthropic API reference, "Create a
Message". proxy/providers/README.md shows the tables below; a test holds them together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from proxy.errors import BadRequest
from proxy.wire import strict_json
from proxy.wire.translation import (
    LEAVE_OUT,
    Json,
    Translated,
    no_counterpart,
    number,
    only,
    sort_fields,
)

#: The answer's limit where the caller sets none; Anthropic wants one, and every model grants this.
DEFAULT_MAX_TOKENS = 4096

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

_EFFORT = {"minimal": "low"} | {name: name for name in ("low", "medium", "high", "xhigh", "max")}
_DATA_URL = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,", re.IGNORECASE)


def request(body: bytes) -> Translated:
    """The same request for an Anthropic model.

    Raises:
        CannotTranslate: something that can't be carried over.
        BadRequest: tool arguments that aren't a JSON object.
    """
    asked: Json = strict_json.parse(body)
    notes = sort_fields(asked, CARRIED, DROPPED, REFUSED)
    _refuse_values(asked)
    system, messages = _turns(asked["messages"], notes)
    limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
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
    stop = asked.get("stop")
    if stop:
        sent["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    user = asked.get("safety_identifier") or asked.get("user")
    if user:
        sent["metadata"] = {"user_id": user}
    return Translated(strict_json.dumps(sent), tuple(dict.fromkeys(notes)))


def _refuse_values(asked: Json) -> None:
    """Fields that are carried over with some of their values only."""
    if (asked.get("n") or 1) != 1:
        raise no_counterpart("n", "Ask once for each choice.")
    if asked.get("logprobs"):
        raise no_counterpart("logprobs")
    if set(asked.get("modalities") or ("text",)) != {"text"}:
        raise no_counterpart("modalities")
    if number(asked.get("temperature")) > 1:
        raise no_counterpart("temperature", "This model takes temperatures from 0 to 1.")


def _turns(messages: list[Json], notes: list[str]) -> tuple[list[Json], list[Json]]:
    """The instructions, and the turns; results of tools called in one turn stand in one turn."""
    system: list[Json] = []
    turns: list[Json] = []
    for message in messages:
        role = message["role"]
        if message.get("name"):
            notes.append("messages.name")
        if role in ("system", "developer"):
            if turns:
                notes.append("system-first")
            system += _text_parts(message.get("content"))
            continue
        blocks = list(_blocks(message, notes))
        gather(turns, "assistant" if role == "assistant" else "user", blocks)
    return system, turns


def gather(turns: list[Json], speaker: str, blocks: list[Json]) -> None:
    """Add blocks to the last turn if it is the same speaker's: turns alternate there."""
    if turns and turns[-1]["role"] == speaker:
        turns[-1]["content"] += blocks
    elif blocks:
        turns.append({"role": speaker, "content": blocks})


def _blocks(message: Json, notes: list[str]) -> Iterator[Json]:
    content = message.get("content")
    match message["role"]:
        case "tool":
            only("messages", message, ("role", "content", "tool_call_id", "name"))
            yield {
                "type": "tool_result",
                "tool_use_id": message.get("tool_call_id"),
                "content": content if isinstance(content, str) else _text_parts(content),
            }
        case "assistant":
            only("messages", message, _ASSISTANT)
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


_ASSISTANT = ("role", "content", "refusal", "tool_calls", "name", "annotations")


def _text_parts(content: Any) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    parts = content or []
    for part in parts:
        if part.get("type") not in ("text", "refusal"):
            raise no_counterpart("messages.content")
        only("messages.content", part, ("type", "text", "refusal"))
    texts = [part.get("text") or part.get("refusal") for part in parts]
    return [{"type": "text", "text": text} for text in texts if text]


def _part(part: Json, notes: list[str]) -> Json:
    match part.get("type"):
        case "text":
            only("messages.content", part, ("type", "text"))
            return {"type": "text", "text": part["text"]}
        case "image_url":
            image = part["image_url"]
            url = image if isinstance(image, str) else image.get("url", "")
            if isinstance(image, dict) and image.get("detail") not in (None, "auto"):
                notes.append("image_url.detail")
            return {"type": "image", "source": source_of(url)}
        case "file":
            data = part["file"].get("file_data")
            if not data:
                raise no_counterpart("file_id", "Send the file itself.")
            name = part["file"].get("filename")
            titled = {"title": name} if name else {}
            return {"type": "document", "source": source_of(data), **titled}
    raise no_counterpart("messages.content")


def source_of(url: str) -> Json:
    """Where an image or a document is: in the request, or at an https URL."""
    head = _DATA_URL.match(url)
    if head:
        return {"type": "base64", "media_type": head[1].lower(), "data": url[head.end() :]}
    if not url.lower().startswith("https://"):
        raise no_counterpart("url", "Send a data: URL in base64, or an https URL.")
    return {"type": "url", "url": url}


def _call(call: Json) -> Json:
    if call.get("type", "function") != "function":
        raise no_counterpart("tool_calls.custom")
    function = call["function"]
    arguments = input_of(function.get("arguments"))
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": arguments}


def input_of(arguments: str | None) -> Json:
    """What a tool is called with; raises BadRequest if that is no object."""
    read = strict_json.parse(arguments or "{}")
    if not isinstance(read, dict):
        raise BadRequest("The arguments of a tool call have to be a JSON object.")
    return read


def _tools(asked: Json, notes: list[str]) -> Json:
    tools = [_tool(tool) for tool in asked.get("tools") or ()]
    parallel = asked.get("parallel_tool_calls") is not False
    return choice_of(tools, asked.get("tool_choice"), notes, parallel=parallel)


def choice_of(tools: list[Json], chosen: Any, notes: list[str], *, parallel: bool) -> Json:
    """The tools, and which of them may or have to be called, how many at a time."""
    sent: Json = {"tools": tools} if tools else {}
    choice = _choice(chosen)
    if not parallel and tools:
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice and tools:
        sent["tool_choice"] = choice
    elif choice:
        notes.append("tool_choice")
    return sent


def _tool(tool: Json) -> Json:
    if tool.get("type") != "function":
        raise no_counterpart("tools.custom")
    function = tool["function"]
    only("tools", function, ("name", "description", "parameters", "strict"))
    sent = {"name": function["name"]}
    for theirs, ours in (("description", "description"), ("strict", "strict")):
        if function.get(theirs) is not None:
            sent[ours] = function[theirs]
    return {**sent, "input_schema": function.get("parameters") or {"type": "object"}}


def _choice(choice: Any) -> Json | None:
    if isinstance(choice, dict):
        if choice.get("type") != "function":
            raise no_counterpart("tool_choice")
        return {"type": "tool", "name": choice["function"]["name"]}
    kinds = {"auto": "auto", "none": "none", "required": "any"}
    return {"type": kinds[choice]} if choice in kinds else None


def _output(asked: Json, notes: list[str]) -> Json:
    """Structured output and reasoning, which stand in one place on the other side."""
    config: Json = {}
    wanted = asked.get("response_format") or {}
    match wanted.get("type", "text"):
        case "json_schema":
            config["format"] = {"type": "json_schema", "schema": wanted["json_schema"]["schema"]}
            notes.append("response_format.name")
        case "json_object":
            raise no_counterpart("json_object", "Use a response format with a JSON schema.")
    effort = asked.get("reasoning_effort")
    sent = thinking_of(effort, config, "reasoning_effort")
    if effort not in (None, "none"):
        # Chat Completions has no place for signed reasoning.
        notes.append("reasoning-not-returned")
    return sent | ({"output_config": config} if config else {})


def thinking_of(effort: str | None, config: Json, field: str) -> Json:
    """How to think for an effort; how much goes into the output's configuration."""
    if effort is None:
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if effort not in _EFFORT:
        raise no_counterpart(field)
    config["effort"] = _EFFORT[effort]
    return {"thinking": {"type": "adaptive"}}
