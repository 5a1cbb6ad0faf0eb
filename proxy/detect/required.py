"""What a regular expression can't match without, read off its parse tree. Pure.

Strings of which every match holds at least one: `bearer ` for what begins with that word;
`000-00-0000` for a number in that form. They and the text are compared in a coarser alphabet
(`shape`): no case, one digit, one white space. Invariant: a construct that isn't understood asks
for nothing.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from re import _constants as tree  # type: ignore[attr-defined]  # no public name since 3.11
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from proxy.detect.latin import OneForOne

#: Strings of which a match holds at least one; None where nothing is known.
Needed = frozenset[str]
#: More alternatives than these say too little for their cost.
_MOST = 256
#: A string need not be longer than this.
_LONGEST = 24
#: `regex` counts errors in a notation that `re` takes for literal text: `(?:name){e<=1}`.
_FUZZY = re.compile(r"\{\d*<?=?[eids]\b")
#: Strings that say less than this stand in nearly every text, so they aren't looked for.
_FEWEST_BITS = 2.5
#: Bits by which a character narrows the search, by how common it is in prose and code.
_SPACE, _COMMON, _LETTER, _SELDOM = 1.0, 2.5, 4.0, 7.0

#: No digit or white space has a higher code point.
_LAST = 0x1FFFF
#: Every digit and white space is one character; so is what matches an ASCII letter in another case.
_SHAPE = {
    code: "0" if character.isdecimal() else " "
    for code in range(_LAST + 1)
    if (character := chr(code)).isdecimal() or character.isspace()
} | {ord("\u0130"): "i", ord("\u0131"): "i", ord("\u017f"): "s", ord("\u212a"): "k"}


#: Digits and spaces beyond ASCII, and letters that match others: seldom seen. Those beyond the
#: basic plane as ranges around the emoji: `re` goes through a class that holds them one by one.
_RARE = re.compile(
    f"[{''.join(chr(code) for code in _SHAPE if 0x7F < code < 0x10000)}"
    "\U00010000-\U0001efff\U0001fb00-\U0001ffff]"
)
_BYTES = bytes(ord(_SHAPE.get(code, chr(code))) if code < 0x80 else code for code in range(256))


def _shaped(text: str) -> str:
    if _RARE.search(text):
        return text.translate(_SHAPE).lower()
    # Beyond ASCII `str.translate` looks at every character by itself.
    lowered = text.lower().encode("utf-8", "surrogatepass")
    return lowered.translate(_BYTES).decode("utf-8", "surrogatepass")


_latin = OneForOne(_shaped)


@lru_cache(1)  # the gate asks for a text's, and then recognizers do
def shape(text: str) -> str:
    """Return the text in the coarser alphabet, of the same length."""
    return _latin(text)


def needed(pattern: str, flags: int = 0) -> Needed | None:
    """Return strings, in the alphabet of `shape`, of which every match holds at least one.

    Args:
        pattern: in the syntax of `re` or `regex`.
        flags: those that it is compiled with; only VERBOSE matters here.
    """
    if _FUZZY.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `re` warns of sets that `regex` may read otherwise
            parsed = parser.parse(pattern, flags & re.VERBOSE)
    except (re.error, FutureWarning):
        return None
    strings = _Sequence().read(parsed).best()
    return strings if strings and _bits(strings) >= _FEWEST_BITS else None


class _Sequence:
    """A sequence of nodes, read from left to right.

    Attributes:
        run: what the text just before the current place can be; ends of it, if more is possible.
        whole: whether `run` is all that the sequence can match.
        options: sets of strings of which the sequence holds one.
    """

    def __init__(self) -> None:
        self.run: frozenset[str] = frozenset([""])
        self.whole = True
        self.options: list[Needed] = []

    def read(self, nodes: Iterable[tuple[Any, Any]]) -> _Sequence:
        for operation, argument in nodes:
            self._node(operation, argument)
        return self

    def best(self) -> Needed | None:
        """Return the set that narrows the search most."""
        options = [*self.options, *([self.run] if "" not in self.run else [])]
        return max((_least(option) for option in options), key=_bits, default=None)

    def _node(self, operation: Any, argument: Any) -> None:
        if operation is tree.LITERAL or operation is tree.IN:
            members = [(operation, argument)] if operation is tree.LITERAL else argument
            self._join(_characters(members))
        elif operation is tree.SUBPATTERN:
            self._append(_Sequence().read(argument[3]))
        elif operation is tree.ATOMIC_GROUP:
            self._append(_Sequence().read(argument))
        elif operation is tree.BRANCH:
            self._branch([_Sequence().read(one) for one in argument[1]])
        elif operation in (tree.MAX_REPEAT, tree.MIN_REPEAT, tree.POSSESSIVE_REPEAT):
            self._repeat(*argument)
        elif operation is tree.ASSERT:
            if option := _Sequence().read(argument[1]).best():
                self.options.append(option)
        elif operation not in (tree.AT, tree.ASSERT_NOT):
            self._break()

    def _join(self, strings: frozenset[str] | None) -> None:
        """Go on with one of `strings`; None for anything."""
        if strings is None:
            self._break()
            return
        if len(self.run) * len(strings) > _MOST:
            self._break()
        if len(strings) > _MOST:
            return
        joined = {left + right for left, right in product(self.run, strings)}
        if any(len(one) > _LONGEST for one in joined):
            self._break()
            joined = {one[-_LONGEST:] for one in joined}
            self.options.append(frozenset(joined))
        self.run = frozenset(joined)

    def _append(self, other: _Sequence) -> None:
        if other.whole:
            self._join(other.run)
            return
        if option := other.best():
            self.options.append(option)
        self._break()
        self.run = other.run

    def _branch(self, ways: Sequence[_Sequence]) -> None:
        runs = frozenset(one for way in ways for one in way.run)
        if all(way.whole for way in ways) and len(runs) <= _MOST:
            self._join(runs)
            return
        options = [way.best() for way in ways]
        if all(options):
            self.options.append(frozenset(one for option in options for one in option or ()))
        self._break()

    def _repeat(self, least: int, most: int, nodes: Any) -> None:
        inner = _Sequence().read(nodes)
        if least == 0:
            if most == 1 and inner.whole:
                self._join(inner.run | {""})
            else:
                self._break()
            return
        for _ in range(min(least, _LONGEST)):
            self._append(inner)
        if least < most or least > _LONGEST:
            end = self.run if inner.whole else inner.run
            self._break()
            # However often it is repeated, it ends as it would when repeated `least` times.
            ends = {one[-least:] if _single(inner) else "" for one in end}
            self.run = frozenset(ends)

    def _break(self) -> None:
        """Anything may come next."""
        if "" not in self.run:
            self.options.append(self.run)
        self.run = frozenset([""])
        self.whole = False


def _single(inner: _Sequence) -> bool:
    """Say whether what is repeated is one character, the same each time."""
    return inner.whole and len(inner.run) == 1 and len(next(iter(inner.run))) == 1


def _characters(members: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """Return what a class of characters can be, or None for too much."""
    found: set[str] = set()
    for operation, argument in members:
        if operation is tree.CATEGORY and argument in _CATEGORIES:
            found.add(_CATEGORIES[argument])
            continue
        if operation is tree.LITERAL:
            low, high = argument, argument
        elif operation is tree.RANGE:
            low, high = argument
        else:
            return None  # a negated class, or a category that is too wide
        if high > _LAST_LETTER:
            return None
        found.update(shape(chr(code)) for code in range(low, high + 1))
    return frozenset(found) if len(found) <= _MOST else None


#: The last letter of Latin Extended-A: up to it `lower` reads alike what `re` and `regex` do.
_LAST_LETTER = 0x17F
_CATEGORIES = {tree.CATEGORY_DIGIT: "0", tree.CATEGORY_SPACE: " "}


def _least(strings: Needed) -> Needed:
    """Return the strings without those that hold another one."""
    return frozenset(
        one for one in strings if not any(other in one for other in strings if other != one)
    )


def _bits(strings: Needed) -> float:
    """How much it narrows a search that one of the strings stands at a place."""
    return -math.log2(sum(2.0 ** -sum(map(_weight, one)) for one in strings))


def _weight(character: str) -> float:
    if character == " ":
        return _SPACE
    if character in ".,:0-":
        return _COMMON
    return _LETTER if character.isalpha() else _SELDOM
