"""Every string of an answer, by what its dialect declares: put through a change, or kept verbatim.

The other half of json_walk.py, which reads requests. Invariant: the tree that is read is never
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from proxy.exchange import Channel, Key, Path
from proxy.wire import strict_json
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, variant

#: How values stand in a string that is declared so; in all others as text.
CHANNELS: Mapping[Leaf, Channel] = {
    Leaf.JSON: Channel.JSON,
    Leaf.NAME: Channel.NAME,
    Leaf.ID: Channel.NAME,
}


def map_strings(
    node: Any, spec: Spec, change: Callable[[Path, Leaf, str], str], path: Path = ()
) -> Any:
    """A copy of an answer, every string but safe and sealed ones put through `change`.

    An array item that names its own `index` (a choice, a tool call) is found under that index in
    the path, so that the fragments of one stream share their path. Free keys are changed as names.
    A JSON document that isn't in a string is changed as the text that it would be in one.

    Raises:
        BadRequest: such a document isn't one after the change.
    """
    if isinstance(node, str):
        verbatim = spec.leaf in (Leaf.SIGNED, Leaf.TAGGED, Leaf.SEALED)
        kept = not node or node in spec.values or verbatim
        return node if kept else change(path, spec.leaf, node)
    if spec.leaf is Leaf.JSON and isinstance(node, dict | list):
        text = strict_json.dumps(node).decode()
        restored = change(path, spec.leaf, text)
        return node if restored == text else strict_json.parse(restored)
    if isinstance(node, dict):
        members = {}
        spec = variant(spec, node)
        for name, value in node.items():
            declared = spec.fields.get(name)
            below = map_strings(value, declared or spec.items or DEFAULT, change, (*path, name))
            shown = name if declared else change((*path, Key(name)), Leaf.NAME, name)
            # A key whose restored name is taken stays as it is: no member may be lost.
            members[name if shown in members or shown in node else shown] = below
        return members
    if isinstance(node, list):
        inner = spec.items or DEFAULT
        items = []
        for position, value in enumerate(node):
            index = value.get("index", position) if isinstance(value, dict) else position
            step = index if isinstance(index, int) else position
            items.append(map_strings(value, inner, change, (*path, step)))
        return items
    return node


def verbatim(node: Any, spec: Spec) -> Iterator[str]:
    """Every string of an answer at a place that is declared as signed or tagged."""
    if isinstance(node, str):
        if node and spec.leaf in (Leaf.SIGNED, Leaf.TAGGED):
            yield node
    elif isinstance(node, dict):
        spec = variant(spec, node)
        for name, value in node.items():
            yield from verbatim(value, spec.fields.get(name) or spec.items or DEFAULT)
    elif isinstance(node, list):
        for value in node:
            yield from verbatim(value, spec.items or DEFAULT)


def objects(listed: object) -> list[dict[str, Any]]:
    """The objects of a JSON array; none of what isn't one."""
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
