"""What counts as an occurrence of a value: one rule for the sweep, the egress guard and the tests.

An occurrence is
- *bounded*: no letter beside a letter at its edge, no digit beside a digit (so Ann isn't in
  "annual"); scripts that write words without spaces have no such bounds;
- *folded* (folding.py), but exact in case for values under six characters and for words of the
  dictionary list (so Mark isn't in "mark it");
- free of separators inside numbers, for values of seven digits and more, and at its own edges;
- found in JSON's backslash escapes and HTML's entities too, and for values of six characters and
  more in URL encoding (each up to three times over) and base64 (RFC 4648, both alphabets, at any of
  the three alignments). One in base64 is the whole encoded token. A value that was found in escapes
  itself is looked for as what they stand for, too;
- found closed up in an identifier whose capitals begin its words (JaneDoe, in a text of one word).

Trivial values (one or two characters, no letter or digit, a stopword) have no occurrences: they
say nothing where they stand alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence
from functools import reduce
from typing import NamedTuple

import ahocorasick

from proxy.encoded import Encoded
from proxy.folding import Shift, escaped, fold, spaced, unescaped, vanishes
from proxy.spelling import (
    LAYERS,
    LONG,
    UNSPACED,
    Lexicon,
    Pattern,
    is_long_number,
)

_JOIN = "\0"  # between parts: neither letter, digit nor separator
_ONE_WORD = re.compile(r"[\w.-]+")


class Occurrence(NamedTuple):
    """Characters ``[start, end)`` hold the value with this index; `encoded`: not literally."""

    start: int
    end: int
    value: int
    encoded: bool


class Matcher:
    """Finds every occurrence of some values in one pass over a text."""

    def __init__(self, values: Sequence[str], lexicon: Lexicon) -> None:
        self._values = values
        self._numbers = any(map(is_long_number, values))
        patterns: dict[str, list[tuple[int, Pattern]]] = {}
        for index, value in enumerate(values):
            for pattern in lexicon.patterns(value, numbers=self._numbers):
                patterns.setdefault(pattern.text, []).append((index, pattern))
        self._automaton = ahocorasick.Automaton()
        for text, found in patterns.items():
            self._automaton.add_word(text, found)
        self._empty = not patterns
        if patterns:
            self._automaton.make_automaton()
        self._encoded = Encoded(values, lexicon)

    def occurrences(self, text: str) -> list[Occurrence]:
        """Every occurrence in one text, nested and crossing ones included, by position."""
        return self.occurrences_in((text,))[0]

    def occurrences_in(
        self, texts: Sequence[str], edges: Sequence[Container[int]] = ()
    ) -> list[list[Occurrence]]:
        """The occurrences of each text. `edges`: positions of each that bound like a space.

        What is cut out of a text leaves an edge: with Mary hidden, "MaryAnn" shows a bounded Ann.
        """
        found: list[set[Occurrence]] = [set() for _ in texts]
        if self._empty:
            return [[] for _ in texts]
        joined = _JOIN.join(texts)
        starts: list[int] = [0]
        for text in texts[:-1]:
            starts.append(starts[-1] + len(text) + 1)

        def place(start: int) -> int:
            return bisect_right(starts, start) - 1

        for start, end, value, pattern in self._hits(joined):
            part = place(start)
            text, offset = texts[part], starts[part]
            at_edges = edges[part] if edges else ()
            if _accepted(text, start - offset, end - offset, pattern, at_edges):
                found[part].add(Occurrence(start - offset, end - offset, value, encoded=False))
        for start, end, value in self._encoded.tokens(joined):
            part = place(start)
            offset = starts[part]
            found[part].add(Occurrence(start - offset, end - offset, value, encoded=True))
        escapes = escaped(joined)
        for part, text in enumerate(texts):
            if escapes and escaped(text):
                self._look_inside_escapes(text, found[part], edges[part] if edges else ())
            if _ONE_WORD.fullmatch(text):
                self._look_between_words(text, found[part])
        return [sorted(some) for some in found]

    def _hits(self, text: str) -> Iterator[tuple[int, int, int, Pattern]]:
        folded = fold(text, numbers=self._numbers)
        for last, found in self._automaton.iter(folded.text):
            for value, pattern in found:
                yield *folded.span(last + 1 - len(pattern.text), last + 1), value, pattern

    def _look_between_words(self, text: str, found: set[Occurrence]) -> None:
        """Find the values of several words in an identifier that writes them closed up."""
        view, shift = spaced(text)
        for start, end, value, pattern in self._hits(view) if view != text else ():
            raw = shift.origin(start), shift.origin(end)
            apart = text[slice(*raw)] == view[start:end]  # a part of a word: isMarkDown
            if not apart and _accepted(view, start, end, pattern, ()):
                found.add(Occurrence(*raw, value, encoded=True))

    def _look_inside_escapes(
        self, text: str, found: set[Occurrence], edges: Container[int]
    ) -> None:
        view, shifts = text, list[Shift]()
        for _ in range(LAYERS):
            if not escaped(view):
                return
            view, shift = unescaped(view)
            shifts.insert(0, shift)
            self._look_at_view(text, view, shifts, found, edges)

    def _look_at_view(
        self,
        text: str,
        view: str,
        shifts: Sequence[Shift],
        found: set[Occurrence],
        edges: Container[int],
    ) -> None:
        def origin(at: int) -> int:
            return reduce(lambda position, shift: shift.origin(position), shifts, at)

        inside = {(*token, True) for token in self._encoded.tokens(view)}
        for start, end, value, pattern in self._hits(view):
            at_edges = [at for at in (start, end) if origin(at) in edges]
            if _accepted(view, start, end, pattern, at_edges):
                inside.add((start, end, value, False))
        for start, end, value, encoded in inside:
            raw = origin(start), origin(end)
            spelled = text[slice(*raw)]
            if len(self._values[value]) < LONG and ("%" in spelled or "+" in spelled):
                continue
            literal = not encoded and spelled == view[start:end]
            if literal or Occurrence(*raw, value, encoded=False) not in found:
                found.add(Occurrence(*raw, value, encoded=not literal))


def _accepted(text: str, start: int, end: int, pattern: Pattern, edges: Container[int]) -> bool:
    """Whether what the automaton found at ``[start, end)`` is an occurrence."""
    return (
        end <= len(text)
        and (start in edges or not continues(text, start))
        and (end in edges or not continues(text, end))
        and _as_strict_as(pattern, text[start:end])
    )


def _as_strict_as(pattern: Pattern, text: str) -> bool:
    if pattern.exact and fold(text, lower=False).text != pattern.exact:
        return False
    return not pattern.strict or fold(text).text == pattern.strict


def continues(text: str, at: int) -> bool:
    """Whether a word or a number goes on from the character before `at` to the one at it."""
    before = at - 1
    while before >= 0 and vanishes(text[before]):
        before -= 1
    while at < len(text) and vanishes(text[at]):
        at += 1
    if before < 0 or at >= len(text):
        return False
    left, right = text[before], text[at]
    if left.isdigit() or right.isdigit():
        return left.isdigit() and right.isdigit()
    if not (left.isalpha() and right.isalpha()):
        return False
    return not (UNSPACED.match(left) or UNSPACED.match(right))
