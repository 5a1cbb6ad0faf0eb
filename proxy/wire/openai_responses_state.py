"""OpenAI Responses that go on from others: what is stored of one, and how it becomes input again.

Stored JSON is written by ordinary means, numbers included: it is what the caller got to read.
Source: OpenAI API reference, "Conversation state".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxy.errors import BadRequest
from proxy.exchange import Exchange
from proxy.wire import openai_responses, strict_json

Json = dict[str, Any]

_MOST_PER_PAGE = 100


def resume(exchange: Exchange, earlier: Sequence[Json], named: Mapping[str, Json]) -> Exchange:
    """A request that was incomplete, with the items before it and those that it names put in.

    Raises:
        BadRequest: it is none of this dialect's shape so.
    """
    tree = {name: v for name, v in exchange.tree.items() if name != "previous_response_id"}
    before = list(_as_input(earlier))
    given = [_resolved(item, named) for item in _items(tree.get("input"))]
    tree["input"] = [*before, *_as_input(given)]
    resumed = openai_responses.parse(strict_json.dumps(tree), exchange.id)
    return replace(resumed, previous=exchange.previous, earlier=len(before), echo=exchange.echo)


def stored(exchange: Exchange, response: Json) -> Json:
    """What is kept: its own input with ids, its response, and what it went on from."""
    given = _items(exchange.tree.get("input"))[exchange.earlier :]
    own = [
        {"id": f"in_{response['id'].removeprefix('resp_')}_{position}", **item}
        for position, item in enumerate(given)
    ]
    return {"input": own, "response": response, "previous": exchange.previous}


def ids(entry: Json) -> Iterator[str]:
    """The ids of the items that a stored entry holds."""
    for item in items(entry):
        if isinstance(item.get("id"), str):
            yield item["id"]


def items(entry: Json) -> Iterator[Json]:
    """What a stored entry adds to its conversation: its own input, then its output."""
    output = entry["response"].get("output")
    said = output if isinstance(output, list) else []
    return (item for item in (*entry["input"], *said) if isinstance(item, dict))


def page(response_id: str, listed: Sequence[Json], query: Mapping[str, str]) -> Json:
    """One page of a list of items (`after`, `limit`, `order`).

    Raises:
        BadRequest: a parameter that isn't one.
    """
    limit = query.get("limit", "20")
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST_PER_PAGE:
        raise BadRequest(f"`limit` has to be a number from 1 to {_MOST_PER_PAGE}.")
    if query.get("order", "desc") not in ("asc", "desc"):
        raise BadRequest("`order` has to be asc or desc.")
    named = [
        {"id": f"in_{response_id.removeprefix('resp_')}_e{position}", **_as_message(item)}
        for position, item in enumerate(listed)
    ]
    if query.get("order", "desc") == "desc":
        named.reverse()
    after = query.get("after")
    start = next((n + 1 for n, item in enumerate(named) if item["id"] == after), 0)
    shown = named[start : start + int(limit)]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + len(shown) < len(named),
    }


def _items(given: Any) -> list[Json]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return list(given or ())


def _as_message(item: Json) -> Json:
    """An item as the API lists it: messages say that they are, and their text is a part."""
    if item.get("type", "message") != "message":
        return item
    content = item.get("content")
    if isinstance(content, str):
        kind = "output_text" if item.get("role") == "assistant" else "input_text"
        content = [{"type": kind, "text": content}]
    return {**item, "type": "message", "content": content}


def _as_input(items: Sequence[Json]) -> Iterator[Json]:
    """Items as they are input again; ids that Privet gave are its own affair."""
    for item in items:
        if str(item.get("id", "")).startswith("in_"):
            yield {name: value for name, value in item.items() if name != "id"}
        else:
            yield item


def _resolved(item: Json, named: Mapping[str, Json]) -> Json:
    if item.get("type") == "item_reference":
        return named[item["id"]]
    return item
