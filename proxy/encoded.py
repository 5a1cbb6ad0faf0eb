"""Values inside base64 (RFC 4648, both alphabets), at any of the three alignments.

A value is known by the characters that it alone decides, wherever it stands in what was encoded; an
occurrence is the whole encoded token around them. Lines of one encoding (RFC 2045, section 6.8) are
one token.

Invariant: a text without a run of base64's characters that is long enough for a value costs one
pass of a few nanoseconds per character, and no value is encoded for it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import ahocorasick

from proxy.folding import fold
from proxy.spelling import EDGES, LONG, Lexicon, plain

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_IN_ALPHABET = bytes(b"01"[chr(code) in _ALPHABET] for code in range(256))
_LINE = 40  # characters that every line of an encoding has, but for its last one
# What ends a line may be a blank: a break that was escaped.
_LINES = re.compile(
    rf"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{{{_LINE},}}+(?:\r?\n| ))++"
    r"(?:[A-Za-z0-9+/_-]++={0,2})?"
)
_BREAK = re.compile(r"\r?\n| ")


class _Value(NamedTuple):
    at: int
    text: str
    fewest: int  # characters of base64 below which nothing can be this value


class Encoded:
    """Finds every value in base64."""

    def __init__(self, values: Sequence[str], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._values = [
            _Value(index, text, len(text.encode("utf-8", "surrogatepass")) * 8 // 6 - 1)
            for index, value in enumerate(values)
            for reading in {value, plain(value)}
            if len(text := reading.strip(EDGES)) >= LONG
        ]
        self._sizes = sorted({value.fewest for value in self._values})
        self._automaton = ahocorasick.Automaton()
        self._built = 0  # of how many sizes, from the shortest on, the automaton knows the values

    def tokens(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Each token ``[start, end)`` of `text` that holds a value, and which."""
        runs = text.encode("ascii", "replace").translate(_IN_ALPHABET)
        yield from self._search(text, runs)
        if b"1" * _LINE in runs:
            for lines in _LINES.finditer(text):
                whole = lines[0].rstrip()
                joined = _BREAK.sub("", whole)
                for _, _, index in self._search(joined, b"1" * len(joined)):
                    yield lines.start(), lines.start() + len(whole), index

    def _search(self, text: str, runs: bytes) -> Iterator[tuple[int, int, int]]:
        fitting = 0
        while fitting < len(self._sizes) and b"1" * self._sizes[fitting] in runs:
            fitting += 1
        if fitting > self._built:
            self._build(fitting)
        if not fitting or not len(self._automaton):
            return
        for last, found in self._automaton.iter(text):
            for core, index in found:
                yield *_token(text, last + 1 - len(core), last + 1), index

    def _build(self, sizes: int) -> None:
        longest = self._sizes[sizes - 1]
        cores: dict[str, list[tuple[str, int]]] = {}
        for value in self._values:
            if value.fewest <= longest and self._counts(value.text):
                for core in _cores(value.text):
                    cores.setdefault(core, []).append((core, value.at))
        self._automaton = ahocorasick.Automaton()
        for core, found in cores.items():
            self._automaton.add_word(core, found)
        if cores:
            self._automaton.make_automaton()
        self._built = sizes

    def _counts(self, value: str) -> bool:
        folded = fold(value).text.strip(EDGES)
        return len(folded) >= LONG and not self._lexicon.trivial(folded)


def _cores(value: str) -> set[str]:
    """The characters that `value` alone decides, at each alignment and in both alphabets."""
    raw = value.encode("utf-8", "surrogatepass")
    cores: set[str] = set()
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        encoded = b64encode(bytes(before) + raw).decode()
        core = encoded[shared : (before + len(raw)) * 8 // 6]
        cores.add(core)
        if "+" in core or "/" in core:
            cores.add(core.replace("+", "-").replace("/", "_"))
    return cores


def _token(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole base64 token around ``[start, end)``."""
    rest = text[end:]
    return len(text[:start].rstrip(_ALPHABET)), len(text) - len(rest.lstrip(_ALPHABET).lstrip("="))
