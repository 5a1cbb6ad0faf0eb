"""OpenAI Responses: reasoning that goes back to the model that thought it.

A provider that stores nothing can't go on from its own reasoning unless it is handed back: where a
request or its conversation shows that the model reasons (others refuse the question), it is asked
for it in encrypted form. Source: OpenAI API reference, "Reasoning models" and "Create a model
response" (`include`).

Invariant: encrypted reasoning travels word for word, or goes with all that names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxy.exchange import Author, Path, Scope, Signed, TextPart
from proxy.wire import json_walk
from proxy.wire.openai_responses_items import author_of

ENCRYPTED = "reasoning.encrypted_content"


def sendable(items: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
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


def shown_by(tree: dict[str, Any]) -> bool:
    """Whether a request shows that its model is one that reasons."""
    wanted = tree.get("reasoning")
    if isinstance(wanted, dict) and wanted.get("effort") != "none":
        return True
    items = tree["input"] if isinstance(tree.get("input"), list) else ()
    return any(item.get("type") == "reasoning" for item in items)


def scope(tree: dict[str, Any], *, sealed: bool) -> Scope:
    """Encrypted reasoning speaks of placeholders: they have to mean the same in every turn."""
    asks = ENCRYPTED in (tree.get("include") or ()) or shown_by(tree)
    return Scope.PRINCIPAL if sealed or asks else Scope.REQUEST


def signed(tree: dict[str, Any], sealed: Mapping[Path, TextPart | None]) -> Iterator[Signed]:
    """Encrypted content. Reasoning may go once its turn is over: the API ignores it then.

    What it led to goes without its id then, under which the API knows of the reasoning.
    """
    items = tree["input"] if isinstance(tree.get("input"), list) else []
    asked = [position for position, item in enumerate(items) if author_of(item) is Author.USER]
    for path, part in sealed.items():
        one = json_walk.undroppable(tree, path, part)
        match path:
            case ("input", int(position), "encrypted_content") if (
                items[position].get("type") == "reasoning" and asked and position < asked[-1]
            ):
                ids = [("input", led_to, "id") for led_to in _led_to(items, position)]
                yield replace(one, paths=(path[:2], *ids), droppable=True)
            case _:
                yield one


def _led_to(items: Sequence[dict[str, Any]], position: int) -> Iterator[int]:
    """The items with an id that came of the reasoning at a position."""
    for following in range(position + 1, len(items)):
        item = items[following]
        if item.get("type") == "reasoning" or author_of(item) is not Author.ASSISTANT:
            return
        if "id" in item:
            yield following
