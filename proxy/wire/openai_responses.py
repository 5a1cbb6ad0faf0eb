"""OpenAI Responses: what a request of this dialect holds.

Declarations over the shared walker; the items are in openai_responses_items.py, the answers in
openai_responses_answer.py. Source: OpenAI API reference, "Create a model response"
(POST /v1/responses).

Privet keeps conversations itself: a request that goes on from an earlier response, or refers to
stored items, is completed from the vault before it is read for good (openai_responses_state.py);
providers are told to store nothing. So every turn is inspected whole, may go to another endpoint
than the last, and leaves no copy behind. What the model thought is handed back to it
(openai_responses_reasoning.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proxy.errors import BadRequest
from proxy.exchange import Author, Exchange, Offset, Path
from proxy.wire import openai_responses_reasoning as reasoning
from proxy.wire import strict_json
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, Walk
from proxy.wire.openai_responses_items import (
    CONTENT,
    ID_LEAF,
    ITEM,
    NAME_LEAF,
    TOOL,
    author_of,
)
from proxy.wire.restoring import Sent
from proxy.wire.shared import check_kinds, check_object, choice, offsets_in
from proxy.wire.writing import edited

NAME = "openai.responses"

_INCLUDABLE = frozenset(
    {
        *("file_search_call.results", "web_search_call.results", "web_search_call.action.sources"),
        *("message.input_image.image_url", "computer_call_output.output.image_url"),
        *("code_interpreter_call.outputs", "message.output_text.logprobs", reasoning.ENCRYPTED),
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
#: Every top-level field that is declared, for what has to know them all.
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
    walk.members(tree, _REQUEST, _SCHEMA_FIELDS)
    walk.author = Author.OPERATOR
    walk.members(tree, _REQUEST, ("instructions",))
    _visit_items(walk, items, 0, leading)
    walk.author = Author.FIELD
    walk.members(tree, _REQUEST, sorted(tree.keys() - _PLACED))
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
        scope=reasoning.scope(tree, sealed=bool(walk.sealed)),
        signed=tuple(reasoning.signed(tree, walk.sealed)),
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
        sent = list(reasoning.sendable(tree["input"]))
        notes = ("reasoning-dropped",) if len(sent) < len(tree["input"]) else ()
        tree["input"] = sent
    if exchange.stores and reasoning.shown_by(exchange.tree):
        asked = [name for name in tree.get("include") or () if name != reasoning.ENCRYPTED]
        tree["include"] = [*asked, reasoning.ENCRYPTED]
    return Sent(strict_json.dumps(tree), relaxed, notes)


def _offsets(items: Sequence[dict[str, Any]]) -> Iterator[Offset]:
    """Where the citations of earlier answers begin and end."""
    for position, item in enumerate(items):
        content = item.get("content")
        for number, part in enumerate(content if isinstance(content, list) else ()):
            annotations = part.get("annotations") if isinstance(part, dict) else None
            place: Path = ("input", position, "content", number)
            for index, one in enumerate(annotations if isinstance(annotations, list) else ()):
                yield from offsets_in(one, (*place, "annotations", index), (*place, "text"))


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


def _leading_instructions(items: Sequence[dict[str, Any]]) -> int:
    for position, item in enumerate(items):
        if author_of(item) is not Author.OPERATOR:
            return position
    return len(items)


def _visit_items(walk: Walk, items: Sequence[dict[str, Any]], start: int, end: int) -> None:
    for position in range(start, end):
        walk.author = author_of(items[position])
        walk.visit(items[position], ITEM, ("input", position), depth=2)
