"""The body for one endpoint: the caller's request with what masking wrote put back into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxy.exchange import Exchange, Path
from proxy.wire import json_schema, strict_json
from proxy.wire.json_rewrite import rewrite
from proxy.wire.relaxed import Relaxed
from proxy.wire.restoring import Sent


def write(
    exchange: Exchange, edits: Mapping[Path, str], model: str, hidden: Mapping[str, str]
) -> Sent:
    """The body for one endpoint; the caller's own bytes where nothing had to change.

    Args:
        hidden: value -> its placeholder ("" if it never comes back), for what schemas allow.

    Raises:
        CannotMask: an edit that can't stand where it must.
        LookupError: an edit that has no place in the tree.
    """
    if not edits and not exchange.without and model == exchange.model:
        return Sent(exchange.body)
    tree, relaxed = edited(exchange, edits, hidden)
    return Sent(strict_json.dumps({**tree, "model": model}), relaxed)


def edited(
    exchange: Exchange, edits: Mapping[Path, str], hidden: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[Relaxed, ...]]:
    """The request's tree with the edits in it, and the schemas that had to be relaxed for them.

    Raises as `write`.
    """
    tree = rewrite(exchange.tree, edits, exchange.documents, exchange.without)
    return json_schema.relax(exchange, tree, edits, hidden)
