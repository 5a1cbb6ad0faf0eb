"""One strict parse decides what a body says; what it can't read unambiguously is refused.

Common parsers keep the last of two duplicate keys, turn long integers into floats and accept
NaN. Each of these lets a value pass that nobody inspected, or corrupts one. Here (RFC 8259,
narrowed as RFC 7493 "I-JSON" does):

- duplicate keys, NaN and Infinity, lone surrogates, NUL characters and nesting deeper than
  `MAX_DEPTH` raise `BadRequest`;
- a number whose source text Python's own types would not give back stays a `Number`.

Errors never quote the text: a parser exception that does is dropped, not chained.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from proxy.errors import BadRequest, ProviderFailed

#: Objects and arrays inside each other, documents inside strings included. orjson writes 254.
MAX_DEPTH = 100

#: No reader means the same by a longer number, and some take quadratic time to read one.
MAX_NUMBER_CHARS = 128

# Up to this many digits an int gives back its source text and fits every provider's parser.
_PLAIN_INT_DIGITS = 15

# What may be an identifier in scientific notation: seven digits and more count, as in plain ones.
_SCIENTIFIC = re.compile(r"-?(?:[0-9]\.?){7,}[eE][+-]?[0-9]{1,2}")
_MOST_DIGITS = 34


class Ambiguous(BadRequest):
    """JSON that readers don't agree about: some keep the last of two keys, some the first."""


def too_deep() -> Ambiguous:
    """The refusal of a document that is nested deeper than `MAX_DEPTH`."""
    return Ambiguous(f"The body is nested deeper than {MAX_DEPTH} levels.")


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number kept as its source text (RFC 8259 section 6)."""

    source: str

    @property
    def spoken(self) -> str:
        """What its reader sees: the digits of a whole number that is written with an exponent."""
        if _SCIENTIFIC.fullmatch(self.source) is None:
            return self.source
        number = Decimal(self.source)
        digits = f"{number:.0f}"
        if number != number.to_integral_value() or len(digits) > _MOST_DIGITS:
            return self.source
        return digits


def parse(text: bytes | str) -> Any:
    """Read one JSON document strictly.

    Returns:
        None, bool, str, int, `Number`, list or dict, nested.

    Raises:
        Ambiguous: JSON that readers disagree about (a key twice), or nested too deep.
        BadRequest: the text isn't strict JSON; the message says which rule it breaks.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise BadRequest("The body isn't UTF-8.") from None
    try:
        tree = _DECODER.decode(decoded)
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"The body isn't valid JSON (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise too_deep() from None
    # Every level opens a bracket: only a text with many of them can be too deep.
    brackets = decoded.count("{") + decoded.count("[")
    if brackets > MAX_DEPTH and isinstance(tree, dict | list) and _is_too_deep(tree):
        raise too_deep()
    # Surrogates and NUL can only come in as escapes: look for them only where there are any.
    if "\\u" in decoded and ("\\u0000" in decoded or "\\ud" in decoded or "\\uD" in decoded):
        _refuse_unsafe_characters(tree)
    return tree


def parse_answer(text: bytes | str) -> dict[str, Any]:
    """Read a provider's answer, or an event of it.

    Raises:
        ProviderFailed: it isn't a JSON object.
    """
    try:
        answer = parse(text)
    except BadRequest:
        raise ProviderFailed("The provider's answer isn't valid JSON.") from None
    if not isinstance(answer, dict):
        raise ProviderFailed("The provider's answer isn't a JSON object.")
    return answer


def dumps(tree: Any, *, indent: bool = False) -> bytes:
    """Write what `parse` returned, numbers as their source text.

    Raises:
        TypeError: the tree holds what no parse returns (orjson.JSONEncodeError).
    """
    # Without the pass-through orjson would write a Number as the dataclass that it is.
    option = orjson.OPT_PASSTHROUGH_DATACLASS | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(tree, default=_write_number, option=option)


def add_members(body: bytes, members: dict[str, Any]) -> bytes:
    """An object with some members more; of those that are objects in both, the new ones win."""
    tree = parse(body)
    for name, value in members.items():
        known = tree.get(name)
        tree[name] = {**known, **value} if isinstance(known, dict) else value
    return dumps(tree)


def _write_number(value: object) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.source)
    raise TypeError(type(value).__name__)


def _read_int(source: str) -> int | Number:
    if len(source) <= _PLAIN_INT_DIGITS and source != "-0":
        return int(source)
    return _read_number(source)


def _read_number(source: str) -> Number:
    if len(source) > MAX_NUMBER_CHARS:
        raise BadRequest(f"A number has over {MAX_NUMBER_CHARS} characters.")
    return Number(source)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Ambiguous(
            "An object has the same key twice.",
            hint="Send each key once; readers don't agree which one wins.",
        )
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise BadRequest("NaN and Infinity aren't JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_int,
    parse_float=_read_number,
    parse_constant=_refuse_constant,
)


def is_json(text: str) -> bool:
    """Whether a lenient reader takes `text`, whatever it makes of it."""
    try:
        json.loads(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _is_too_deep(tree: Any) -> bool:
    """Look level by level: what is deeper than the limit is never entered."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _refuse_unsafe_characters(tree: Any) -> None:
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            todo.extend(node.keys())
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, str):
            if "\x00" in node:
                raise BadRequest("A string holds a NUL character.")
            try:
                node.encode("utf-8")
            except UnicodeEncodeError:
                raise BadRequest("A string holds half of a surrogate pair.") from None
