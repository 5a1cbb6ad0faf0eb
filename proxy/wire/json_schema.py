"""What stands where in a JSON Schema (2020-12), as tools and structured outputs carry it.

Property names are restricted paths: a placeholder for one must be a name, and the same name in
`required` and in every call's arguments. Enumerated types and formats are the schema's own words.

A keyword that limits strings is left out where it would keep a placeholder from a field in which
its value may stand, and nowhere else: some hidden value of the request (as written, or closed up
as machines write numbers) passes all of the field's keywords, and its placeholder fails this one.
What can't be judged (an unknown format, an expression that RE2 doesn't know) counts as passed by
the value and failed by the placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from proxy.exchange import Exchange, Key, Path
from proxy.wire.json_walk import Leaf, Spec, value_at
from proxy.wire.relaxed import Relaxed
from proxy.wire.schema_check import Judge

_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_FORMATS = frozenset(
    {
        *("date-time", "date", "time", "duration", "email", "idn-email", "hostname"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference"),
        *("uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex"),
    }
)
_NAMES = Spec(items=Spec(leaf=Leaf.NAME))
_keywords: dict[str, Spec] = {}
#: A schema. It refers to itself, so its keywords are filled in below.
SCHEMA = Spec(fields=_keywords)
_SCHEMAS_BY_NAME = Spec(items=SCHEMA)
_keywords |= {
    "type": Spec(values=_TYPES, items=Spec(values=_TYPES)),
    # Keywords that a placeholder in place of a value may fail.
    "format": Spec(values=_FORMATS, constrains=True),
    **dict.fromkeys(
        ("pattern", "maxLength", "minLength", "contentEncoding"), Spec(constrains=True)
    ),
    "required": _NAMES,
    "$ref": Spec(leaf=Leaf.NAME),  # it quotes a definition's name
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions"), _SCHEMAS_BY_NAME),
    "dependentRequired": Spec(items=_NAMES),
    "dependentSchemas": _SCHEMAS_BY_NAME,
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), Spec(items=SCHEMA)),
    **dict.fromkeys(("additionalProperties", "propertyNames", "contains", "not"), SCHEMA),
    **dict.fromkeys(("if", "then", "else", "unevaluatedProperties", "unevaluatedItems"), SCHEMA),
    "items": Spec(fields=_keywords, items=SCHEMA),
    "$schema": Spec(values=frozenset({"https://json-schema.org/draft/2020-12/schema"})),
    **dict.fromkeys(
        (
            *("title", "description", "default", "examples", "enum", "const", "$comment"),
            *("minimum", "maximum", "exclusiveMinimum", "$id", "$anchor", "contentMediaType"),
            *("exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems"),
            *("minProperties", "maxProperties", "deprecated", "readOnly", "writeOnly", "nullable"),
        ),
        Spec(),
    ),
}
#: The members of tools and response formats that hold a schema.
_ROOTS = ("parameters", "schema", "input_schema")
#: Where a schema is a promise without saying so (Anthropic API docs, "Structured outputs").
_ALWAYS_STRICT = ("output_config", "output_format")
_DIGIT = re.compile("[0-9]")
_SEPARATORS = re.compile(r"[\s().-]+")


def relax(
    exchange: Exchange, tree: Any, edits: Mapping[Path, str], hidden: Mapping[str, str]
) -> tuple[Any, tuple[Relaxed, ...]]:
    """`tree` less the keywords that keep placeholders from where their values may stand.

    Args:
        tree: the exchange's tree with `edits` done.
        hidden: value -> its placeholder; "" for a value that never comes back.
    """
    if not hidden or not exchange.constraints:
        return tree, ()
    judge = Judge()
    gone = [
        (*path, name)
        for path, keywords in groupby(exchange.constraints, key=lambda path: path[:-1])
        for name in _unfit(
            value_at(exchange.tree, path), [str(path[-1]) for path in keywords], hidden, judge
        )
    ]
    if not gone:
        return tree, ()
    looser = _without(exchange.tree, gone)
    roots = dict.fromkeys(map(_root, gone))
    relaxed = tuple(_relaxed(exchange.tree, looser, root) for root in roots)
    return _without(tree, [_renamed(path, edits) for path in gone]), relaxed


def _unfit(
    schema: Mapping[str, Any], keywords: Sequence[str], hidden: Mapping[str, str], judge: Judge
) -> Iterator[str]:
    """The keywords of one schema that have to go."""
    kinds = schema.get("type", "string")
    if "string" not in (kinds if isinstance(kinds, list) else (kinds,)):
        return
    left = dict.fromkeys(keywords)
    for value, placeholder in hidden.items():
        if not any(
            all(judge.fits(form, name, schema[name]) is not False for name in keywords)
            for form in _forms(value)
        ):
            continue
        for name in tuple(left):
            if not placeholder or not judge.fits(placeholder, name, schema[name]):
                del left[name]
                yield name
        if not left:
            return


def _relaxed(tree: Any, looser: Any, root: Path) -> Relaxed:
    holder = value_at(tree, root[:-1])
    of_tool = not {"tools", "functions", "tool_choice"}.isdisjoint(root[:-1])
    tool = str(holder.get("name", "")) if of_tool else None
    strict = holder.get("strict") is True or root[0] in _ALWAYS_STRICT
    return Relaxed(tool, value_at(tree, root), value_at(looser, root), strict)


def _forms(value: str) -> tuple[str, ...]:
    """A value as it was written, and a number or an identifier closed up too."""
    closed = _SEPARATORS.sub("", value) if _DIGIT.search(value) else value
    return (value,) if closed == value else (value, closed)


def _root(path: Path) -> Path:
    """Where the schema begins that a path lies in."""
    return path[: 1 + min(path.index(name) for name in _ROOTS if name in path)]


def _renamed(path: Path, edits: Mapping[Path, str]) -> Path:
    """The same path where keys on it were edited."""
    return tuple(
        edits.get((*path[:at], Key(step)), step) if isinstance(step, str) else step
        for at, step in enumerate(path)
    )


def _without(tree: Any, gone: Iterable[Path]) -> Any:
    """A copy of `tree` without some members; what holds none of them is shared."""
    copied: dict[Path, Any] = {}
    for path in gone:
        node: Any = None
        for at in range(len(path)):
            here = path[:at]
            if here not in copied:
                original = node[path[at - 1]] if at else tree
                copied[here] = original.copy()
                if at:
                    node[path[at - 1]] = copied[here]
            node = copied[here]
        del node[path[-1]]
    return copied.get((), tree)
