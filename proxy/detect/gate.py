"""Which patterns can match a text at all: one pass over it instead of one for each pattern.

What a regular expression can't match without is read off its parse tree: a few strings of which
every match holds at least one (`curl`; `-----begin`; `000-00-0000` for a number in that form). One
automaton looks for the strings of all patterns, and a pattern whose strings are all missing isn't
run. Invariant: the gate only ever keeps patterns from running that find nothing. Strings and text
are compared in a coarser alphabet (`shape`): no case, one digit, one white space; a construct that
isn't understood asks for nothing.

Measured instead: Hyperscan. Its database of these patterns takes minutes to compile, because of
their bounded windows.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import product
from re import _constants as tree  # type: ignore[attr-defined]  # no public name since 3.11
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import ahocorasick
import regex  # type: ignore[import-untyped]
from presidio_analyzer import EntityRecognizer, PatternRecognizer, RecognizerResult

from proxy.detect.recognizers.value_pattern import ValueRecognizer

#: Strings of which a match holds at least one; None where nothing is known.
Needed = frozenset[str]
#: More alternatives than these say too little for their cost.
_MOST = 64
#: A string need not be longer than this.
_LONGEST = 24
#: `regex` counts errors in a notation that `re` takes for literal text: `(?:name){e<=1}`.
_FUZZY = re.compile(r"\{\d*<?=?[eids]\b")
#: Strings that say less than this stand in nearly every text, so they aren't looked for.
_FEWEST_BITS = 4.0
#: Bits by which a character narrows the search, by how common it is in prose and code.
_COMMON, _LETTER, _RARE = 2.0, 4.0, 7.0

#: No digit or white space has a higher code point.
_LAST = 0x1FFFF
#: Every digit and white space is one character; so is what matches an ASCII letter in another case.
_SHAPE = {
    code: "0" if character.isdecimal() else " "
    for code in range(_LAST + 1)
    if (character := chr(code)).isdecimal() or character.isspace()
} | {ord("\u0130"): "i", ord("\u0131"): "i", ord("\u017f"): "s", ord("\u212a"): "k"}


def shape(text: str) -> str:
    """Return the text in the coarser alphabet; its length may differ."""
    return text.translate(_SHAPE).lower()


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
    return min(sum(map(_weight, one)) for one in strings) - math.log2(len(strings))


def _weight(character: str) -> float:
    if character in " .,:0-":
        return _COMMON
    return _LETTER if character.isalpha() else _RARE


class Gate:
    """The strings of all patterns, looked for in one text after another; not for concurrent use."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {}
        self._automaton: ahocorasick.Automaton | None = None
        self._text: str | None = None
        self._seen: frozenset[int] = frozenset()

    def guard(self, recognizers: Iterable[EntityRecognizer]) -> None:
        """Put the gate before the patterns of recognizers that are built on patterns.

        A recognizer that looks at text in its own way goes on doing so; only its patterns in the
        frames of Presidio and of `value_pattern.py` are asked for.
        """
        for recognizer in recognizers:
            if isinstance(recognizer, PatternRecognizer):
                # Copies: a recognizer's patterns are its class's.
                copies = [copy(one) for one in recognizer.patterns]  # type: ignore[has-type]
                flags = recognizer.global_regex_flags
                for pattern in copies:
                    pattern.compiled_regex = self.before(regex.compile(pattern.regex, flags))
                    pattern.compiled_with_flags = flags
                recognizer.patterns = copies  # type: ignore[has-type]
                own = type(recognizer).analyze is not PatternRecognizer.analyze
                compiled = [] if own else [one.compiled_regex for one in copies]
                self._call_only_where_open(recognizer, compiled)
            elif isinstance(recognizer, ValueRecognizer):
                recognizer.patterns = tuple(
                    replace(pattern, regex=self.before(pattern.regex))
                    for pattern in recognizer.patterns
                )
                # One that reads text in its own way too must be called in any case.
                own = type(recognizer).analyze is not ValueRecognizer.analyze
                compiled = [] if own else [one.regex for one in recognizer.patterns]
                self._call_only_where_open(recognizer, compiled)

    def _call_only_where_open(self, recognizer: EntityRecognizer, compiled: Sequence[Any]) -> None:
        """Don't call a recognizer on texts in which none of its patterns can match."""
        gated = [one for one in compiled if isinstance(one, Gated)]
        if not gated or len(gated) < len(compiled):
            return
        strings = frozenset(number for one in gated for number in one.strings)
        analyze = recognizer.analyze

        def analyze_where_open(
            text: str, entities: Any, nlp_artifacts: Any = None, **options: Any
        ) -> list[RecognizerResult]:
            if not self.opens(text, strings):
                return []
            return analyze(text, entities, nlp_artifacts, **options)

        recognizer.analyze = analyze_where_open  # type: ignore[method-assign]

    def before(self, compiled: Any) -> Any:
        """Return a compiled pattern, of `re` or `regex`, with the gate before it."""
        strings = needed(compiled.pattern, compiled.flags)
        if strings is None:
            return compiled
        self._automaton = self._text = None
        return Gated(
            self,
            compiled,
            frozenset(self._strings.setdefault(one, len(self._strings)) for one in strings),
        )

    def opens(self, text: str, strings: frozenset[int]) -> bool:
        """Say whether the text holds one of the strings."""
        if text is not self._text:
            self._text, self._seen = text, self._look(text)
        return not strings.isdisjoint(self._seen)

    def _look(self, text: str) -> frozenset[int]:
        if self._automaton is None:
            self._automaton = ahocorasick.Automaton()
            for string, number in self._strings.items():
                self._automaton.add_word(string, number)
            self._automaton.make_automaton()
        return frozenset(number for _, number in self._automaton.iter(shape(text)))


class Gated:
    """A compiled pattern that isn't run where it can't match.

    Attributes:
        pattern: the regular expression, as in `re.Pattern`.
        flags: its flags.
        strings: the numbers of the strings of which every match holds one.
    """

    __slots__ = ("_compiled", "_gate", "flags", "pattern", "strings")

    def __init__(self, gate: Gate, compiled: Any, strings: frozenset[int]) -> None:
        self._gate = gate
        self._compiled = compiled
        self.strings = strings
        self.pattern = compiled.pattern
        self.flags = compiled.flags

    def finditer(self, text: str, *stretch: int, **options: Any) -> Iterator[Any]:
        """Yield the matches in a text, or a stretch of it; options as in the pattern's module."""
        if self._gate.opens(text, self.strings):
            yield from self._compiled.finditer(text, *stretch, **options)
