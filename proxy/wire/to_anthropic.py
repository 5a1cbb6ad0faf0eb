"""What requests of both of OpenAI's protocols have in common once they are Anthropic's.

Source: Anthropic API reference, "Create a Message".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from proxy.errors import BadRequest
from proxy.wire import strict_json
from proxy.wire.translation import Json, Translated, no_counterpart, number, only

#: The answer's limit where the caller sets none; Anthropic wants one, and every model grants this.
DEFAULT_MAX_TOKENS = 4096

_EFFORT = {"minimal": "low"} | {name: name for name in ("low", "medium", "high", "xhigh", "max")}
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}
_DATA_URL = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,", re.IGNORECASE)


def assembled(
    asked: Json, notes: list[str], limit: Any, turns: tuple[list[Json], list[Json]], **more: Json
) -> Translated:
    """The request, with what both protocols call by the same name.

    Args:
        turns: the instructions, and the conversation.
        more: parts of the request that are made already.

    Raises:
        CannotTranslate: a temperature that Anthropic doesn't have.
    """
    if number(asked.get("temperature")) > 1:
        raise no_counterpart("temperature", "This model takes temperatures from 0 to 1.")
    if limit is None:
        notes.append(f"max_tokens={DEFAULT_MAX_TOKENS}")
    system, messages = turns
    sent: Json = {"model": asked["model"], "max_tokens": limit or DEFAULT_MAX_TOKENS}
    sent |= {"system": system} if system else {}
    sent["messages"] = messages
    for part in more.values():
        sent |= part
    for name in ("temperature", "top_p", "stream"):
        if asked.get(name) is not None:
            sent[name] = asked[name]
    users = [asked[name] for name in ("safety_identifier", "user") if asked.get(name)]
    if users:
        sent["metadata"] = {"user_id": users[0]}
    if len(users) > 1:
        notes.append("user")
    return Translated(strict_json.dumps(sent), tuple(dict.fromkeys(notes)))


def gather(turns: list[Json], speaker: str, blocks: list[Json]) -> None:
    """Add blocks to the last turn if it is the same speaker's: turns alternate there."""
    if turns and turns[-1]["role"] == speaker:
        turns[-1]["content"] += blocks
    elif blocks:
        turns.append({"role": speaker, "content": blocks})


def source_of(url: str) -> Json:
    """Where an image or a document is: in the request, or at an https URL."""
    head = _DATA_URL.match(url)
    if head:
        return {"type": "base64", "media_type": head[1].lower(), "data": url[head.end() :]}
    if not url.lower().startswith("https://"):
        raise no_counterpart("url", "Send a data: URL in base64, or an https URL.")
    return {"type": "url", "url": url}


def image(url: str, detail: Any, notes: list[str], named: str) -> Json:
    """An image; how closely it is to be looked at can't be said there."""
    if detail not in (None, "auto"):
        notes.append(f"{named}.detail")
    return {"type": "image", "source": source_of(url)}


def document(data: str, name: Any) -> Json:
    """A file that is read, under its name if it has one."""
    return {"type": "document", "source": source_of(data), **({"title": name} if name else {})}


def use(call_id: str, name: str, arguments: str | None) -> Json:
    """A call of a tool.

    Raises:
        BadRequest: its arguments aren't a JSON object.
    """
    read = strict_json.parse(arguments or "{}")
    if not isinstance(read, dict):
        raise BadRequest("The arguments of a tool call have to be a JSON object.")
    return {"type": "tool_use", "id": call_id, "name": name, "input": read}


def result(call_id: Any, content: str | Sequence[Json]) -> Json:
    """What a tool answered."""
    return {"type": "tool_result", "tool_use_id": call_id, "content": content}


def tool(function: Json) -> Json:
    """A function as a tool; `function` says nothing but what it is."""
    only("tools", function, ("name", "description", "parameters", "strict"))
    sent = {"name": function["name"]}
    for name in ("description", "strict"):
        if function.get(name) is not None:
            sent[name] = function[name]
    return {**sent, "input_schema": function.get("parameters") or {"type": "object"}}


def tools(made: list[Json], choice: Any, asked: Json, notes: list[str]) -> Json:
    """The tools, and which of them may or have to be called, how many at a time.

    Args:
        choice: one of the protocol's words, or the name of a tool as an object.
    """
    if not made:
        notes += ["tool_choice"] if choice else []
        return {}
    chosen: Json = {"type": _CHOICES[choice]} if choice in (*_CHOICES,) else {}
    if isinstance(choice, dict):
        chosen = {"type": "tool", "name": choice["name"]}
    elif choice and not chosen:
        raise no_counterpart("tool_choice")
    if asked.get("parallel_tool_calls") is False and chosen.get("type") != "none":
        chosen = {**(chosen or {"type": "auto"}), "disable_parallel_tool_use": True}
    return {"tools": made, **({"tool_choice": chosen} if chosen else {})}


def output(wanted: Json, effort: tuple[str, str | None], notes: list[str], named: str) -> Json:
    """Structured output and reasoning, which stand in one place on the other side.

    Args:
        wanted: the format, where its schema stands.
        effort: the field that asks for reasoning, and for how much.
        named: what the caller's protocol calls the format.
    """
    field, much = effort
    config: Json = {}
    match wanted.get("type", "text"):
        case "text":
            only(named, wanted, ("type",))
        case "json_schema":
            only(named, wanted, ("type", "name", "schema", "strict", "description"))
            config["format"] = {"type": "json_schema", "schema": wanted["schema"]}
            notes += (f"{named}.{name}" for name in ("name", "description") if wanted.get(name))
            notes += [f"{named}.strict"] if wanted.get("strict") is False else []
        case _:
            raise no_counterpart(named, "Use a format with a JSON schema.")
    sent: Json = {}
    if much == "none":
        sent["thinking"] = {"type": "disabled"}
    elif much is not None:
        if much not in _EFFORT:
            raise no_counterpart(field)
        config["effort"] = _EFFORT[much]
        sent["thinking"] = {"type": "adaptive"}
    return sent | ({"output_config": config} if config else {})
