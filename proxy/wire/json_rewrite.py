"""How changed strings go back into a tree that the walker read.

Invariants: the tree is never changed in place; every edit is applied, or it raises; what no edit
touches keeps its value (numbers keep their source text, documents inside strings keep their bytes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from proxy.errors import CannotMask
from proxy.exchange import Inside, Key, Path, Step
from proxy.wire import data_url, strict_json
from proxy.wire.json_walk import describe
from proxy.wire.strict_json import Number

# RFC 8259 section 6.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def rewrite(
    tree: Any,
    edits: Mapping[Path, str],
    documents: Mapping[Path, Any],
    without: Sequence[Path] = (),
) -> Any:
    """A copy of `tree` with the string (key, number) at each path replaced.

    `without` are paths of array items and members that are left out. Containers that no edit
    reaches are shared with `tree`; documents inside strings that no edit reaches keep their bytes.

    Raises:
        CannotMask: an edit gives a number that isn't one, or makes two keys of one object equal.
        LookupError: an edit's path doesn't exist. That would send unmasked text, so it is an error.
    """
    if edits:
        tree = _graft(tree, _forest(edits), (), documents)
    # From the last one on, so that those that are still to go stay where their paths say.
    for path in sorted(without, key=_position, reverse=True):
        tree = _cut(tree, path)
    return tree


def _position(path: Path) -> list[int]:
    return [step for step in path if isinstance(step, int)]


def _cut(node: Any, path: Path) -> Any:
    """A copy of `node` without what stands at `path`."""
    step, *below = path
    copy: Any = dict(node) if isinstance(node, dict) else list(node)
    if below:
        copy[step] = _cut(node[step], tuple(below))
    else:
        del copy[step]
    return copy


def _forest(edits: Mapping[Path, str]) -> dict[Step, Any]:
    """The edits as a tree of their steps. Nobody may edit a string and what is inside it."""
    forest: dict[Step, Any] = {}
    for path, text in edits.items():
        node = forest
        for step in path[:-1]:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise LookupError(describe(path))  # noqa: TRY004 — the path, not a type
        if node.setdefault(path[-1], text) is not text:
            raise LookupError(describe(path))
    return forest


def _graft(node: Any, edits: Any, path: Path, documents: Mapping[Path, Any]) -> Any:
    if isinstance(edits, str):
        if isinstance(node, str):
            return edits
        if isinstance(node, int | Number) and not isinstance(node, bool):
            return _edited_number(edits, path)
        raise LookupError(describe(path))
    if isinstance(node, dict):
        return _graft_object(node, edits, path, documents)
    if isinstance(node, list):
        items = list(node)
        for index, below in edits.items():
            items[index] = _graft(items[index], below, (*path, index), documents)
        return items
    step, *others = edits
    inside = (*path, step)
    if others or not isinstance(node, str):
        raise LookupError(describe(inside))
    if step is Inside.JSON:
        grafted = _graft(documents[inside], edits[step], inside, documents)
        return strict_json.dumps(grafted, indent="\n" in node).decode()
    read = data_url.read(node)
    if step is not Inside.DATA_URL or read is None:
        raise LookupError(describe(inside))
    return data_url.write(node, _graft(read, edits[step], inside, documents))


def _graft_object(
    node: dict[str, Any], edits: Any, path: Path, documents: Mapping[Path, Any]
) -> dict[str, Any]:
    renamed = {step.name: text for step, text in edits.items() if isinstance(step, Key)}
    if not node.keys() >= renamed.keys():
        raise LookupError(describe(path))
    members: dict[str, Any] = {}
    seen = 0
    for name, value in node.items():
        below = edits.get(name)
        if below is not None:
            seen += 1
            value = _graft(value, below, (*path, name), documents)  # noqa: PLW2901 — the edited member
        members[renamed.get(name, name)] = value
    if seen + len(renamed) != len(edits):
        raise LookupError(describe(path))
    if len(members) != len(node):
        raise CannotMask(f"Two keys at {describe(path)} can't be told apart once they are hidden.")
    return members


def _edited_number(text: str, path: Path) -> Number:
    if _NUMBER.fullmatch(text) is None:
        raise CannotMask(f"The number at {describe(path)} can't be hidden and stay a number.")
    return Number(text)
