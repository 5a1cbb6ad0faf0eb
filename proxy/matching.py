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
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import ahocorasick

from proxy.folding import Shift, escaped, fold, spaced, unescaped, vanishes

_LAYERS = 3  # of escapes around each other: a URL in a query of a URL's query
_LONG = 6  # from here on case is folded and encodings are searched
_FEWEST = 4  # digits that an identifier has at least
_NUMBER = 7  # digits that a value needs before its separators are optional
_EDGES = " -()."
_JOIN = "\0"  # between parts: neither letter, digit nor separator
_ONE_WORD = re.compile(r"[\w.-]+")
_DIGIT = re.compile("[0-9]")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_NOT_IN_IDENTIFIERS = str.maketrans("", "", " -()")
_IDENTIFIER = re.compile(r"(?=.*[a-z])(?=(?:.*[0-9]){4})[a-z0-9]{6,34}")
# Most names and addresses: no digit, no escape, no hyphen, nothing beyond ASCII, single spaces.
_NOTHING_TO_FOLD = re.compile(r"[A-Za-z@.,']+(?: [A-Za-z@.,']+)*")
_TURN = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
# Thai to Khmer, Japanese, Chinese, Korean: no spaces between words, or particles joined to them.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Lower-case words of everyday language; the lists ship in detect/.

    Attributes:
        words: also names or parts of them (mark, rose): matched in exact case only.
        stopwords: never searched for at all (the, of).
    """

    words: frozenset[str] = frozenset()
    stopwords: frozenset[str] = frozenset()

    def exact(self, folded: str) -> bool:
        """Whether case counts for a value, given folded: it is short, or an everyday word."""
        return len(folded) < _LONG or folded in self.words

    def trivial(self, folded: str) -> bool:
        """Whether a value, given folded, says nothing where it stands alone."""
        shortest = 2 if _UNSPACED.search(folded) else 3
        spoken = _ALPHANUMERIC.search(folded)
        return len(folded) < shortest or not spoken or folded in self.stopwords


class Occurrence(NamedTuple):
    """Characters ``[start, end)`` hold the value with this index; `encoded`: not literally."""

    start: int
    end: int
    value: int
    encoded: bool


class _Pattern(NamedTuple):
    value: int
    length: int
    exact: str = ""  # what the text must say with its case kept, if case counts
    strict: str = ""  # what the text must say with its separators kept, if they count
    base64: str = ""  # the characters of the encoding, if this is one


def canonical(value: str) -> str:
    """The spelling that all forms of one value share: case, spacing, Unicode and escapes folded."""
    if _NOTHING_TO_FOLD.fullmatch(value):
        return value.lower()
    value = _plain(value)
    folded = fold(value).text.strip()
    digits = _digits(folded)
    if digits < _FEWEST:
        return folded
    if digits >= _NUMBER:
        folded = fold(value, numbers=True).text.strip()
    return _compact(folded) or folded


def _plain(value: str) -> str:
    """A value without its escapes."""
    for _ in range(_LAYERS):
        if not escaped(value):
            break
        value, _shift = unescaped(value)
    return value


class Matcher:
    """Finds every occurrence of some values in one pass over a text."""

    def __init__(self, values: Sequence[str], lexicon: Lexicon) -> None:
        self._values = values
        self._numbers = any(_digits(value) >= _NUMBER for value in values)
        patterns: dict[str, list[_Pattern]] = {}
        for index, value in enumerate(values):
            for reading in {value, _plain(value)}:
                for text, pattern in _patterns(index, reading, lexicon, numbers=self._numbers):
                    patterns.setdefault(text, []).append(pattern)
        self._automaton = ahocorasick.Automaton()
        for text, found in patterns.items():
            self._automaton.add_word(text, found)
        self._empty = not patterns
        if patterns:
            self._automaton.make_automaton()

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
        for start, end, pattern in self._hits(joined):
            part = bisect_right(starts, start) - 1
            text, offset = texts[part], starts[part]
            at_edges = edges[part] if edges else ()
            self._accept(found[part], text, start - offset, end - offset, pattern, edges=at_edges)
        for part, text in enumerate(texts):
            if escaped(text):
                self._look_inside_escapes(text, found[part], edges[part] if edges else ())
            if _ONE_WORD.fullmatch(text):
                self._look_between_words(text, found[part])
        return [sorted(some) for some in found]

    def _hits(self, text: str) -> Iterator[tuple[int, int, _Pattern]]:
        folded = fold(text, numbers=self._numbers)
        for last, patterns in self._automaton.iter(folded.text):
            for pattern in patterns:
                yield *folded.span(last + 1 - pattern.length, last + 1), pattern

    def _accept(
        self,
        found: set[Occurrence],
        text: str,
        start: int,
        end: int,
        pattern: _Pattern,
        *,
        edges: Container[int],
    ) -> None:
        if pattern.base64:
            if text[start:end] == pattern.base64:
                found.add(Occurrence(*_token(text, start, end), pattern.value, encoded=True))
        elif (
            end <= len(text)
            and (start in edges or not continues(text, start))
            and (end in edges or not continues(text, end))
            and _as_strict_as(pattern, text[start:end])
        ):
            found.add(Occurrence(start, end, pattern.value, encoded=False))

    def _look_between_words(self, text: str, found: set[Occurrence]) -> None:
        """Find the values of several words in an identifier that writes them closed up."""
        view, shift = spaced(text)
        inside: set[Occurrence] = set()
        for start, end, pattern in self._hits(view) if view != text else ():
            if not pattern.base64:
                self._accept(inside, view, start, end, pattern, edges=())
        for start, end, value, _ in inside:
            raw = shift.origin(start), shift.origin(end)
            if text[slice(*raw)] != view[start:end]:  # or it would be a part of a word: isMarkDown
                found.add(Occurrence(*raw, value, encoded=True))

    def _look_inside_escapes(
        self, text: str, found: set[Occurrence], edges: Container[int]
    ) -> None:
        view, shifts = text, list[Shift]()
        for _ in range(_LAYERS):
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

        inside: set[Occurrence] = set()
        for start, end, pattern in self._hits(view):
            at_edges = {at for at in (start, end) if origin(at) in edges}
            self._accept(inside, view, start, end, pattern, edges=at_edges)
        for start, end, value, encoded in inside:
            raw = origin(start), origin(end)
            spelled = text[slice(*raw)]
            if len(self._values[value]) < _LONG and ("%" in spelled or "+" in spelled):
                continue
            literal = not encoded and spelled == view[start:end]
            if literal or Occurrence(*raw, value, encoded=False) not in found:
                found.add(Occurrence(*raw, value, encoded=not literal))


def _patterns(
    index: int, value: str, lexicon: Lexicon, *, numbers: bool
) -> Iterator[tuple[str, _Pattern]]:
    # A separator at its edge may belong to the number beside it, so it never counts.
    value = value.strip(_EDGES)
    plain = fold(value).text.strip(_EDGES)
    if lexicon.trivial(plain):
        return
    exact = fold(value, lower=False).text.strip(_EDGES) if lexicon.exact(plain) else ""
    digits = _digits(plain)
    folded = fold(value, numbers=True).text.strip(_EDGES) if numbers and digits else plain
    strict = plain if numbers and 1 < digits < _NUMBER else ""
    for text in {folded, *(_regrouped(folded) if digits >= _FEWEST else ())}:
        yield text, _Pattern(index, len(text), exact, strict)
    if len(plain) >= _LONG:
        for core in _base64_cores(value):
            text = fold(core, numbers=numbers).text if "-" in core else core.lower()
            yield text, _Pattern(index, len(text), base64=core)


def _compact(folded: str) -> str:
    """A long number, or an identifier of letters and digits, closed up; empty for other values."""
    compact = folded.lstrip("+").translate(_NOT_IN_IDENTIFIERS)
    number = len(compact) >= _NUMBER and compact.isdigit()
    return compact if number or _IDENTIFIER.fullmatch(compact) else ""


def _regrouped(folded: str) -> set[str]:
    """How else an identifier of letters and digits is written: closed, in fours, at turns."""
    compact = _compact(folded)
    if not compact or compact.isdigit():
        return {compact} - {""}
    fours = " ".join(compact[at : at + 4] for at in range(0, len(compact), 4))
    return {compact, _TURN.sub(" ", compact), fold(fours, numbers=True).text}


def _base64_cores(value: str) -> set[str]:
    """The characters that `value` alone decides, wherever it stands in what was encoded."""
    raw = value.encode("utf-8", "surrogatepass")
    cores: set[str] = set()
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        encoded = b64encode(bytes(before) + raw).decode()
        core = encoded[shared : (before + len(raw)) * 8 // 6]
        cores.add(core)
        if "+" in core or "/" in core:
            cores.add(core.replace("+", "-").replace("/", "_"))
    return cores


def _as_strict_as(pattern: _Pattern, text: str) -> bool:
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
    return not (_UNSPACED.match(left) or _UNSPACED.match(right))


def _token(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole base64 token around ``[start, end)``."""
    rest = text[end:]
    return len(text[:start].rstrip(_BASE64)), len(text) - len(rest.lstrip(_BASE64).lstrip("="))


def _digits(text: str) -> int:
    return len(_DIGIT.findall(text if text.isascii() else fold(text).text))
