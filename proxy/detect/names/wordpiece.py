"""Text into the word pieces that a BERT model reads, with each word's place in the text.

The scheme is WordPiece over lower-case letters without accents (Devlin et al. 2018; the vocabulary
file has one piece a line, and ``##`` begins a piece that continues a word). Invariants: words come
in order, never overlap, and their offsets slice the original text; accents and invisible characters
inside a word change its pieces, never its offsets; linear time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

#: Combining marks and characters of no width: part of the word that they stand in.
_UNSEEN = "\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff"
#: A word: one ideograph, letters and digits, or one character of anything else but space.
_WORD = re.compile(rf"[\u3400-\u9fff\uf900-\ufaff]|(?:[^\W_][{_UNSEEN}]*)+|[^\w\s]|_")
#: Words longer than this are not cut into pieces (the scheme's own limit).
_LONGEST = 100
_CACHED_WORDS = 20_000


def case_of(word: str) -> int:
    """Return what kind of capitals a word has: none 0, the first letter 1, all 2, another way 3."""
    if word.islower() or not word[:1].isalpha():
        return 0
    if word[1:].islower() or len(word) == 1:
        return int(word[0].isupper())
    return 2 if word.isupper() else 3


class Word(NamedTuple):
    """A word of the text, the numbers of its pieces, and what kind of capitals it has."""

    start: int
    end: int
    pieces: tuple[int, ...]
    case: int


class WordPiece:
    """A vocabulary, and how it cuts words.

    Attributes:
        first: the piece that opens every sequence ("[CLS]").
        last: the piece that closes it ("[SEP]").
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """Take the pieces in the order of their numbers; KeyError if a special one is missing."""
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self.first = self._numbers["[CLS]"]
        self.last = self._numbers["[SEP]"]
        self._unknown = (self._numbers["[UNK]"],)
        self._cut = lru_cache(_CACHED_WORDS)(self._cut_word)

    def words(self, text: str) -> list[Word]:
        """Return the words of `text` with their pieces; words of unseen characters only go."""
        found = (Word(*match.span(), *self._cut(match.group())) for match in _WORD.finditer(text))
        return [word for word in found if word.pieces]

    def _cut_word(self, word: str) -> tuple[tuple[int, ...], int]:
        return self._pieces(word), case_of(word)

    def _pieces(self, word: str) -> tuple[int, ...]:
        decomposed = unicodedata.normalize("NFD", word.lower())
        plain = "".join(char for char in decomposed if unicodedata.category(char)[0] not in "MC")
        if len(plain) > _LONGEST:
            return self._unknown
        pieces = []
        start = 0
        while start < len(plain):
            number, start = self._longest(plain, start)
            if number is None:
                return self._unknown
            pieces.append(number)
        return tuple(pieces)

    def _longest(self, word: str, start: int) -> tuple[int | None, int]:
        """Return the longest piece of `word` at `start`, and where it ends."""
        mark = "##" if start else ""
        for end in range(len(word), start, -1):
            if (number := self._numbers.get(mark + word[start:end])) is not None:
                return number, end
        return None, start
