"""OpenAI Responses: what a request of this dialect holds.

Declarations over the shared walker; the items are in openai_responses_items.py, the answers in
openai_responses_answer.py. Source: OpenAI API reference, "Create a model response"
(POST /v1/responses).

Privet keeps conversations itself: a request that goes on from an earlier response, or refers to
stored items, is completed from the vault before it is read for good (openai_responses_state.py);
providers are told to store nothing. So every turn is inspected whole, may go to another endpoint
than the last, and leaves no copy behind. A provider that stores nothing can't go on from its own
reasoning unless it is handed back: where a request or its conversation shows that the model reasons
(others refuse the question), it is asked for it in encrypted form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxy.errors import BadRequest
from proxy.exchange import Author, Exchange, Offset, Path, Scope, Signed, TextPart
from proxy.wire import json_walk, strict_json
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, Walk
from proxy.wire.openai_responses_items import (
    AUTHORS,
    CONTENT,
    ID_LEAF,
    ITEM,
    NAME_LEAF,
    ROLES,
    TOOL,
)
from proxy.wire.openai_shared import check_kinds, check_object, choice, offsets_in
from proxy.wire.restoring import Sent
from proxy.wire.writing import edited

NAME = "openai.responses"

_ENCRYPTED = "reasoning.encrypted_content"
_INCLUDABLE = frozenset(
    {
        *("file_search_call.results", "web_search_call.results", "web_search_call.action.sources"),
        *("message.input_image.image_url", "computer_call_output.output.image_url"),
        *("code_interpreter_call.outputs", "message.output_text.logprobs", _ENCRYPTED),
    }
)
_SCHEMA_FIELDS = {
    "tools": Spec(items=TOOL),
    "tool_choice": Spec(fields=TOOL.fields, values=frozenset({"none", "auto", "required"})),
    "text": Spec(
        fields={
            "format": Spec(
                fields={
                    "type": choice("text", "json_object", "json_schema"),
                    "name": NAME_LEAF,
                    "description": DEFAULT,
                    "schema": TOOL.fields["parameters"],
                    "strict": DEFAULT,
                }
            ),
            "verbosity": choice("low", "medium", "high"),
        }
    ),
}
_EFFORT = choice("none", "minimal", "low", "medium", "high", "xhigh", "max")
_SUMMARY = choice("auto", "concise", "detailed")
_OTHER_FIELDS = {
    "include": Spec(items=Spec(values=_INCLUDABLE)),
    "metadata": Spec(fields={"user_id": Spec(leaf=Leaf.PSEUDONYM)}, items=NAME_LEAF),
    "moderation": Spec(fields={"model": ID_LEAF, "policy": DEFAULT}),
    "previous_response_id": ID_LEAF,
    # A template that the provider keeps; what is filled into it is ours to inspect.
    "prompt": Spec(
        fields={
            "id": ID_LEAF,
            "version": ID_LEAF,
            "variables": Spec(items=Spec(fields=CONTENT.fields)),
        }
    ),
    "prompt_cache_key": Spec(leaf=Leaf.PSEUDONYM),
    "prompt_cache_options": Spec(
        fields={"mode": choice("implicit", "explicit"), "ttl": choice("30m", "12h")}
    ),
    "prompt_cache_retention": choice("in_memory", "24h"),
    "reasoning": Spec(
        fields={
            "effort": _EFFORT,
            "summary": _SUMMARY,
            "generate_summary": _SUMMARY,
            "context": choice("auto", "current_turn", "all_turns"),
            "mode": choice("standard", "pro"),
        }
    ),
    "safety_identifier": Spec(leaf=Leaf.PSEUDONYM),
    "service_tier": choice("auto", "default", "flex", "scale", "priority", "fast"),
    "stream_options": Spec(fields={"include_obfuscation": DEFAULT}),
    "truncation": choice("auto", "disabled"),
    "user": Spec(leaf=Leaf.PSEUDONYM),
    **dict.fromkeys(
        (
            *("background", "max_output_tokens", "max_tool_calls", "parallel_tool_calls", "store"),
            *("stream", "temperature", "top_logprobs", "top_p"),
        ),
        DEFAULT,
    ),
}
_REQUEST = Spec(
    fields={
        **_SCHEMA_FIELDS,
        **_OTHER_FIELDS,
        "instructions": DEFAULT,
        "input": Spec(items=ITEM),
    }
)
FIELDS = frozenset(_REQUEST.fields) | {"model"}
#: What a response repeats of its request.
_ECHOED = frozenset(
    {
        *("instructions", "metadata", "parallel_tool_calls", "previous_response_id"),
        *("prompt_cache_key", "safety_identifier", "store", "text", "tool_choice", "tools", "user"),
    }
)
#: Not fields like any other: they are walked in their own order, or aren't data.
_PLACED = _SCHEMA_FIELDS.keys() | {"model", "input", "instructions"}


def parse(body: bytes, exchange_id: str) -> Exchange:
    """Read a request.

    Raises:
        BadRequest: not strict JSON, not of this dialect's shape, or what Privet doesn't do.
    """
    tree = strict_json.parse(body)
    items = _check_shape(tree)
    leading = _leading_instructions(items)
    walk = Walk(Author.SCHEMA)
    for name in _SCHEMA_FIELDS:
        if name in tree:
            walk.member(name, tree[name], _REQUEST, ())
    walk.author = Author.OPERATOR
    if "instructions" in tree:
        walk.member("instructions", tree["instructions"], _REQUEST, ())
    _visit_items(walk, items, 0, leading)
    walk.author = Author.FIELD
    for name in sorted(tree.keys() - _PLACED):
        walk.member(name, tree[name], _REQUEST, ())
    if isinstance(tree.get("input"), str):
        walk.author = Author.USER
        walk.member("input", tree["input"], _REQUEST, ())
    _visit_items(walk, items, leading, len(items))
    answer_format = (tree.get("text") or {}).get("format") or {}
    return walk.exchange(
        tree,
        body,
        exchange_id,
        NAME,
        json_answer=answer_format.get("type") in ("json_object", "json_schema"),
        previous=tree.get("previous_response_id") or "",
        references=tuple(item["id"] for item in items if item.get("type") == "item_reference"),
        stores=tree.get("store") is not False,
        scope=_scope(tree, walk),
        signed=tuple(_signed(tree, walk.sealed)),
        offsets=tuple(_offsets(items)),
        echo={
            **{name: tree[name] for name in _ECHOED & tree.keys()},
            "store": tree.get("store") is not False,
        },
    )


def write(
    exchange: Exchange, edits: Mapping[Path, str], model: str, hidden: Mapping[str, str]
) -> Sent:
    """As `writing.write`; of a conversation that the vault holds, providers store nothing."""
    changed = edits or exchange.without or model != exchange.model
    if not changed and exchange.tree.get("store") is False:
        return Sent(exchange.body)
    tree, relaxed = edited(exchange, edits, hidden)
    tree |= {"model": model, "store": False}
    notes: tuple[str, ...] = ()
    if isinstance(tree.get("input"), list):
        sent = list(_sendable(tree["input"]))
        notes = ("reasoning-dropped",) if len(sent) < len(tree["input"]) else ()
        tree["input"] = sent
    if exchange.stores and _reasons(exchange.tree):
        asked = [name for name in tree.get("include") or () if name != _ENCRYPTED]
        tree["include"] = [*asked, _ENCRYPTED]
    return Sent(strict_json.dumps(tree), relaxed, notes)


def _sendable(items: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Items as a provider takes them that has stored none: without reasoning of which it was told
    but the name, and without the names of what that led to.
    """
    nameless: set[int] = set()
    for position, item in enumerate(items):
        told = item.get("encrypted_content") or item.get("content")
        if item.get("type") == "reasoning" and not told:
            nameless |= {*_led_to(items, position)}
        elif position in nameless:
            yield {name: value for name, value in item.items() if name != "id"}
        else:
            yield item


def _reasons(tree: dict[str, Any]) -> bool:
    """Whether a request shows that its model is one that reasons."""
    wanted = tree.get("reasoning")
    if isinstance(wanted, dict) and wanted.get("effort") != "none":
        return True
    items = tree["input"] if isinstance(tree.get("input"), list) else ()
    return any(item.get("type") == "reasoning" for item in items)


def _scope(tree: dict[str, Any], walk: Walk) -> Scope:
    """Encrypted reasoning speaks of placeholders: they have to mean the same in every turn."""
    asks = _ENCRYPTED in (tree.get("include") or ()) or _reasons(tree)
    return Scope.PRINCIPAL if walk.sealed or asks else Scope.REQUEST


def _signed(tree: dict[str, Any], sealed: Mapping[Path, TextPart | None]) -> Iterator[Signed]:
    """Encrypted content. Reasoning may go once its turn is over: the API ignores it then.

    What it led to goes without its id then, under which the API knows of the reasoning.
    """
    items = tree["input"] if isinstance(tree.get("input"), list) else []
    asked = [position for position, item in enumerate(items) if _author(item) is Author.USER]
    for path, part in sealed.items():
        one = json_walk.seal(tree, path, part)
        match path:
            case ("input", int(position), "encrypted_content") if (
                items[position].get("type") == "reasoning" and asked and position < asked[-1]
            ):
                ids = [("input", led_to, "id") for led_to in _led_to(items, position)]
                yield replace(one, paths=(path[:2], *ids), droppable=True)
            case _:
                yield one


def _offsets(items: Sequence[dict[str, Any]]) -> Iterator[Offset]:
    """Where the citations of earlier answers begin and end."""
    for position, item in enumerate(items):
        content = item.get("content")
        for number, part in enumerate(content if isinstance(content, list) else ()):
            annotations = part.get("annotations") if isinstance(part, dict) else None
            place: Path = ("input", position, "content", number)
            for index, one in enumerate(annotations if isinstance(annotations, list) else ()):
                yield from offsets_in(one, (*place, "annotations", index), (*place, "text"))


def _led_to(items: Sequence[dict[str, Any]], position: int) -> Iterator[int]:
    """The items with an id that came of the reasoning at a position."""
    for following in range(position + 1, len(items)):
        item = items[following]
        if item.get("type") == "reasoning" or _author(item) is not Author.ASSISTANT:
            return
        if "id" in item:
            yield following


def _check_shape(tree: Any) -> list[Any]:
    """The input's items; none where it is a string."""
    check_object(tree)
    check_kinds(
        tree,
        ("stream", bool, "true or false"),
        ("store", bool, "true or false"),
        ("background", bool, "true or false"),
        ("tools", list, "an array"),
        ("include", list, "an array"),
        ("text", dict, "an object"),
        ("previous_response_id", str, "a string"),
    )
    if not isinstance((tree.get("text") or {}).get("format"), dict | None):
        raise BadRequest("`text.format` has to be an object.")
    _refuse_what_is_elsewhere(tree)
    given = tree.get("input")
    if isinstance(given, str) or (given is None and isinstance(tree.get("prompt"), dict)):
        return []
    if not isinstance(given, list):
        raise BadRequest("`input` has to be a string or an array of items.")
    for position, item in enumerate(given):
        _check_item(position, item)
    return given


def _refuse_what_is_elsewhere(tree: dict[str, Any]) -> None:
    if tree.get("conversation") is not None:
        raise BadRequest(
            "Privet doesn't serve the conversations of the provider.",
            hint="Go on from a response with `previous_response_id`.",
        )
    if tree.get("background"):
        raise BadRequest(
            "Privet doesn't run responses in the background.", hint="Ask for a stream instead."
        )


def _check_item(position: int, item: Any) -> None:
    if not isinstance(item, dict):
        raise BadRequest(f"`input[{position}]` has to be an object.")
    for name in ("type", "role"):
        if not isinstance(item.get(name), str | None):
            raise BadRequest(f"`input[{position}].{name}` has to be a string.")
    if item.get("type") == "item_reference" and not isinstance(item.get("id"), str):
        raise BadRequest(f"`input[{position}].id` has to be a string.")


def _author(item: dict[str, Any]) -> Author:
    kind = item.get("type") or "message"
    if kind == "message":
        return ROLES.get(item.get("role") or "user", Author.USER)
    return AUTHORS.get(kind, Author.USER)


def _leading_instructions(items: Sequence[dict[str, Any]]) -> int:
    for position, item in enumerate(items):
        if _author(item) is not Author.OPERATOR:
            return position
    return len(items)


def _visit_items(walk: Walk, items: Sequence[dict[str, Any]], start: int, end: int) -> None:
    for position in range(start, end):
        walk.author = _author(items[position])
        walk.visit(items[position], ITEM, ("input", position), depth=2)
