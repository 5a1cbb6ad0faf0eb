"""The walker against a naive one: it finds everything, and edits change that and nothing else."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from proxy.errors import CannotMask
from proxy.exchange import Alphabet, Author, Inside, Key, Path
from proxy.wire import strict_json
from proxy.wire.json_rewrite import rewrite
from proxy.wire.json_walk import DEFAULT, Walk

strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
# Numbers as a JSON writer might spell them.
numbers = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(10**6, 10**20),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, strings)


def containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    whole = st.one_of(st.lists(values, max_size=3), st.dictionaries(strings, values, max_size=3))
    # Some of them as documents in a string.
    return st.one_of(whole, whole.map(json.dumps), whole.map(lambda v: json.dumps(v, indent=1)))


trees = st.recursive(scalars, containers, max_leaves=12)


class Document(list[Any]):
    """What a string holds, so that it differs from an array in the same place."""


def expanded(node: Any) -> Any:
    """`node` with every document in a string parsed, numbers as their text: one plain tree."""
    if isinstance(node, str) and node.lstrip(" \t\r\n")[:1] in ("{", "["):
        try:
            return Document([expanded(json.loads(node, parse_int=Num, parse_float=Num))])
        except ValueError:
            return node
    if isinstance(node, dict):
        return {name: expanded(value) for name, value in node.items()}
    if isinstance(node, list):
        return [expanded(value) for value in node]
    return node


class Num(str):
    """The text of a number."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Num) and str(self) == str(other)

    __hash__ = str.__hash__


def said(number: Num) -> Num:
    """What a number says: the digits of a whole one that is written like 4.111111E15."""
    coefficient, exponent, _ = number.lower().partition("e")
    if exponent and sum(map(str.isdigit, coefficient)) >= 7:
        value = Fraction(number)
        if value.denominator == 1 and len(str(value)) <= 34:
            return Num(value)
    return number


def naive(node: Any, path: Path = (), *, named: bool = False) -> dict[Path, str]:
    """Every string, key, long number and named short number of an expanded tree, by path."""
    if isinstance(node, Document):
        return naive(node[0], (*path, Inside.JSON), named=named)
    if isinstance(node, dict):
        places: dict[Path, str] = {}
        for name, value in node.items():
            places |= {(*path, Key(name)): name} if name else {}
            places |= naive(value, (*path, name), named=bool(name))
        return places
    if isinstance(node, list):
        items = [naive(value, (*path, at), named=named) for at, value in enumerate(node)]
        return {place: text for item in items for place, text in item.items()}
    if isinstance(node, Num):
        node = said(node)
        digits = "".join(c if c.isdigit() else " " for c in node).split()
        short = named and digits == [str(node)] and len(node) in range(3, 7)
        return {path: str(node)} if short or any(len(run) >= 5 for run in digits) else {}
    return {path: node} if isinstance(node, str) and node else {}


def applied(node: Any, edits: dict[Path, str], path: Path = ()) -> Any:
    """An expanded tree with these edits, made the simple way."""
    if path in edits:
        return Num(edits[path]) if isinstance(node, Num) else edits[path]
    if isinstance(node, Document):
        return Document([applied(node[0], edits, (*path, Inside.JSON))])
    if isinstance(node, dict):
        return {
            edits.get((*path, Key(name)), name): applied(value, edits, (*path, name))
            for name, value in node.items()
        }
    if isinstance(node, list):
        return [applied(value, edits, (*path, at)) for at, value in enumerate(node)]
    return node


def read(body: bytes) -> Any:
    return expanded(json.loads(body, parse_int=Num, parse_float=Num))


def walked(tree: Any) -> Walk:
    walk = Walk(Author.FIELD)
    walk.visit(tree, DEFAULT, ())
    return walk


@given(trees)
def test_what_is_parsed_is_written_as_it_was(tree: Any) -> None:
    body = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
    assert read(strict_json.dumps(strict_json.parse(body))) == read(body)
    assert strict_json.dumps(strict_json.parse(strict_json.dumps(strict_json.parse(body)))) == (
        strict_json.dumps(strict_json.parse(body))
    )


@given(trees)
def test_everything_is_found_where_it_is(tree: Any) -> None:
    body = json.dumps(tree).encode()
    parts = walked(strict_json.parse(body)).parts
    assert {part.path: part.text for part in parts} == naive(read(body))
    assert len({part.path for part in parts}) == len(parts)


@given(trees, st.data())
def test_any_edits_change_exactly_what_they_name(tree: Any, data: st.DataObject) -> None:
    body = json.dumps([tree]).encode()
    walk = walked(strict_json.parse(body))
    assume(walk.parts)
    chosen = data.draw(st.lists(st.sampled_from(walk.parts), unique_by=lambda part: part.path))
    edits: dict[Path, str] = {}
    for number, part in enumerate(chosen):
        if part.alphabet is Alphabet.DIGITS:
            edits[part.path] = str(10**7 + number)
        else:
            # Quotes, backslashes and line ends have to survive every depth of escaping.
            edits[part.path] = data.draw(st.sampled_from(['<"P\\', "<é\n", "<P"])) + f"_{number}>"
    again = rewrite(strict_json.parse(body), edits, walk.documents)
    written = strict_json.dumps(again)
    assert read(written) == applied(read(body), edits)
    texts = {part.text for part in walked(strict_json.parse(written)).parts}
    assert texts >= set(edits.values())


@given(st.dictionaries(strings.filter(bool), scalars, min_size=2, max_size=4))
def test_two_keys_never_become_one(members: dict[str, Any]) -> None:
    tree = strict_json.parse(json.dumps([json.dumps(members)]))
    first, second, *_ = members
    try:
        rewrite(tree, {(0, Inside.JSON, Key(first)): second}, walked(tree).documents)
    except CannotMask:
        return
    raise AssertionError(members)
