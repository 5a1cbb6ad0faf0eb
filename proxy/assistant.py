"""A small scripted assistant: what a model does with placeholders, without a model.

It writes possessives, lists, tables, JSON and tool arguments from the values that it finds in a
conversation, and on request it damages brackets as careless models do. It knows nothing of what
the placeholders stand for, so what comes back through Privet shows whether restoring works.

Invariant: a reply is a pure function of the request.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A chat completions request as parsed JSON.
Request = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a function; `arguments` is the JSON text exactly as it is sent."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answers in one choice; an empty `finish_reason` follows from the rest."""

    content: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish_reason: str = ""


_PLACEHOLDER = re.compile(r"<([A-Z][A-Z_]*)_[0-9A-Z]+[a-z]*>")

#: entity, the words in a property's name that ask for it, and what it looks like unmasked.
_KINDS = (
    ("EMAIL_ADDRESS", {"email", "mail", "to", "recipient", "cc"}, r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    ("IBAN_CODE", {"iban", "account"}, r"\b[A-Z]{2}\d{2}(?: ?\w{4}){3,7}(?: ?\w{1,3})?\b"),
    ("PHONE_NUMBER", {"phone", "mobile", "fax"}, r"\+\d[\d ()-]{7,}\d"),
    ("LOCATION", {"location", "city", "address", "place"}, None),
    ("DATE_OF_BIRTH", {"birth", "dob", "born"}, r"\b\d{4}-\d\d-\d\d\b"),
    ("PERSON", {"person", "name", "customer", "patient", "who"}, r"\b[A-Z][a-z]+ [A-Z][a-z]+\b"),
)

#: The damage that models do to brackets, one after another (DESIGN section 7, restoring grammar).
_DAMAGE: tuple[Callable[[str], str], ...] = (
    lambda token: token.removeprefix("<"),
    lambda token: token.replace("<", "&lt;").replace(">", "&gt;"),
    lambda token: token.replace("<", "\\<").replace(">", "\\>").replace("_", "\\_"),
)


def echo(request: Request) -> Reply:
    """Answer with the last user message."""
    return Reply(_last_user_text(request))


def assist(request: Request) -> Reply:
    """Answer as the scripted assistant: a tool call where tools are offered, else JSON or prose."""
    messages: Sequence[Request] = request["messages"]
    values = _values_in("\n".join(_text(message) for message in messages))
    if messages[-1].get("role") == "tool":
        return Reply(f"Done. {_summary(values)}")
    tool = _chosen_tool(request)
    if tool is not None:
        schema = tool.get("parameters") or {"type": "object"}
        arguments = json.dumps(_fill("", schema, values), ensure_ascii=False)
        return Reply(tool_calls=(ToolCall(tool["name"], arguments),))
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        built = _fill("", wanted["json_schema"].get("schema", {}), values)
        return Reply(json.dumps(built, ensure_ascii=False))
    if wanted.get("type") == "json_object":
        built = {"summary": _summary(values), "values": [value for _, value in values]}
        return Reply(json.dumps(built, ensure_ascii=False))
    return Reply(_prose(_last_user_text(request), values))


def _prose(asked: str, values: Sequence[tuple[str, str]]) -> str:
    """The form follows a word of the question: list, table, sloppy; otherwise a short letter."""
    words = set(re.findall(r"[a-z]+", asked.lower()))
    if "list" in words:
        return "Here is what I have:\n\n" + "\n".join(f"- **{value}**" for _, value in values)
    if "table" in words:
        rows = (f"| {entity.lower()} | {value} |" for entity, value in values)
        return "| What | Value |\n|---|---|\n" + "\n".join(rows)
    if "sloppy" in words:
        pairs = zip(values, itertools.cycle(_DAMAGE), strict=False)
        return "I noted " + ", ".join(damage(value) for (_, value), damage in pairs) + "."
    people = [value for entity, value in values if entity == "PERSON"]
    opening = f"I have read {people[0]}'s message. " if people else ""
    return opening + _summary(values)


def _summary(values: Sequence[tuple[str, str]]) -> str:
    if not values:
        return "Nobody is named here, so there is nothing to sum up."
    return "This concerns " + ", ".join(value for _, value in values) + "."


def _values_in(text: str) -> list[tuple[str, str]]:
    """Every value of the conversation as (entity, spelling), each once: placeholders come first."""
    found = [(match[1], match[0]) for match in _PLACEHOLDER.finditer(text)]
    for entity, _, unmasked in _KINDS:
        if unmasked is not None:
            found += [(entity, match[0]) for match in re.finditer(unmasked, text)]
    return list(dict.fromkeys(found))


def _chosen_tool(request: Request) -> Request | None:
    """The function that `tool_choice` names, else the one whose name the question echoes most."""
    functions: list[Request] = [
        tool["function"] for tool in request.get("tools") or [] if tool.get("type") == "function"
    ]
    choice = request.get("tool_choice", "auto")
    if not functions or choice == "none":
        return None
    if isinstance(choice, dict):
        functions = [f for f in functions if f["name"] == choice["function"]["name"]] or functions
    asked = _last_user_text(request).lower()
    return max(functions, key=lambda f: sum(word in asked for word in f["name"].lower().split("_")))


def _fill(name: str, schema: Request, values: Sequence[tuple[str, str]]) -> Any:
    """Make a value that fits a JSON schema, taking strings from the conversation by `name`."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            return _fill(name, schema[union][0], values)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        members = schema.get("properties") or {}
        return {key: _fill(key, member, values) for key, member in members.items()}
    if kind == "array":
        return [_fill(name, schema.get("items") or {"type": "string"}, values)]
    simple = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return simple[kind] if kind in simple else _string_for(name, values)


def _string_for(name: str, values: Sequence[tuple[str, str]]) -> str:
    words = set(re.findall(r"[a-z]+", name.lower()))
    for entity, hints, _ in _KINDS:
        if words & hints:
            return next((value for found, value in values if found == entity), "unknown")
    return _summary(values)


def _last_user_text(request: Request) -> str:
    messages: Sequence[Request] = request["messages"]
    users = [message for message in messages if message.get("role") == "user"]
    return _text(users[-1]) if users else ""


def _text(message: Request) -> str:
    """The text of a message: its content, or the text parts of it joined."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
