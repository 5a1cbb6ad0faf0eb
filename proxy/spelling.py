"""How one value may be written: what all of its spellings share, and what a text is searched for.

matching.py says what counts as an occurrence; here stands what its automaton is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from proxy.folding import escaped, fold, unescaped

#: Layers of escapes around each other that are read: a URL in a query of a URL's query.
LAYERS = 3
#: From this many characters on case is folded and encodings are searched.
LONG = 6
_FEWEST = 4  # digits that an identifier has at least
_NUMBER = 7  # digits that a value needs before its separators are optional
#: A separator at its edge may belong to the number beside it, so it is no part of a value.
EDGES = " -()."
_DIGIT = re.compile("[0-9]")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_NOT_IN_IDENTIFIERS = str.maketrans("", "", " -()")
_IDENTIFIER = re.compile(r"(?=.*[a-z])(?=(?:.*[0-9]){4})[a-z0-9]{6,34}")
# Most names: no digit, no escape, no hyphen or dot, nothing beyond ASCII, single spaces.
_NOTHING_TO_FOLD = re.compile(r"[A-Za-z@,']+(?: [A-Za-z@,']+)*")
_TURN = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")
# Thai to Khmer, Japanese, Chinese, Korean: no spaces between words, or particles joined to them.
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


class Pattern(NamedTuple):
    """What a folded text says where a value stands in it.

    Attributes:
        exact: what the text itself must say with its case kept, if case counts.
        strict: what it must say with its separators kept, if they count.
    """

    text: str
    exact: str = ""
    strict: str = ""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Lower-case words of everyday language; the lists ship in detect/.

    Attributes:
        words: also names or parts of them (mark, rose): matched in exact case only.
        stopwords: never searched for at all (the, of).
    """

    words: frozenset[str] = frozenset()
    stopwords: frozenset[str] = frozenset()
    _keys: dict[str, str] | None = field(default=None, repr=False, compare=False)
    _patterns: dict[tuple[str, bool], tuple[Pattern, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def for_request(self) -> Lexicon:
        """One that remembers values while a request lasts: its stages ask for the same ones."""
        return replace(self, _keys={}, _patterns={})

    def exact(self, folded: str) -> bool:
        """Whether case counts for a value, given folded: it is short, or an everyday word."""
        return len(folded) < LONG or folded in self.words

    def trivial(self, folded: str) -> bool:
        """Whether a value, given folded, says nothing where it stands alone."""
        shortest = 2 if UNSPACED.search(folded) else 3
        spoken = _ALPHANUMERIC.search(folded)
        return len(folded) < shortest or not spoken or folded in self.stopwords

    def canonical(self, value: str) -> str:
        """As the function of this name."""
        if self._keys is None:
            return canonical(value)
        key = self._keys.get(value)
        if key is None:
            key = self._keys[value] = canonical(value)
        return key

    def patterns(self, value: str, *, numbers: bool) -> tuple[Pattern, ...]:
        """What a text is searched for; `numbers`: it is folded with the separators of numbers."""
        if self._keys is None:
            return tuple(_patterns(value, self, numbers=numbers))
        known = self._patterns.get((value, numbers))
        if known is None:
            known = tuple(_patterns(value, self, numbers=numbers))
            self._patterns[value, numbers] = known
        return known


def canonical(value: str) -> str:
    """The spelling that all forms of one value share: case, spacing, Unicode and escapes folded."""
    if _NOTHING_TO_FOLD.fullmatch(value):
        return value.lower()
    value = plain(value)
    folded = fold(value).text.strip()
    digits = _digits(folded)
    if digits < _FEWEST:
        return folded
    if digits >= _NUMBER:
        folded = fold(value, numbers=True).text.strip()
    return _compact(folded) or folded


def plain(value: str) -> str:
    """A value without its escapes."""
    for _ in range(LAYERS):
        if not escaped(value):
            break
        value, _shift = unescaped(value)
    return value


def is_long_number(value: str) -> bool:
    """Whether a value is found without the separators inside its number."""
    return _digits(value) >= _NUMBER


def _patterns(value: str, lexicon: Lexicon, *, numbers: bool) -> Iterator[Pattern]:
    if _NOTHING_TO_FOLD.fullmatch(value):
        value = value.strip(EDGES)
        folded = value.lower()
        if not lexicon.trivial(folded):
            yield Pattern(folded, value if lexicon.exact(folded) else "")
        return
    for reading in {value, plain(value)}:
        yield from _patterns_of(reading.strip(EDGES), lexicon, numbers=numbers)


def _patterns_of(value: str, lexicon: Lexicon, *, numbers: bool) -> Iterator[Pattern]:
    simple = fold(value).text.strip(EDGES)
    if lexicon.trivial(simple):
        return
    exact = fold(value, lower=False).text.strip(EDGES) if lexicon.exact(simple) else ""
    digits = _digits(simple)
    folded = fold(value, numbers=True).text.strip(EDGES) if numbers and digits else simple
    strict = simple if numbers and 1 < digits < _NUMBER else ""
    for text in {folded, *(_regrouped(folded) if digits >= _FEWEST else ())}:
        yield Pattern(text, exact, strict)


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


def _digits(text: str) -> int:
    return len(_DIGIT.findall(text if text.isascii() else fold(text).text))
