"""Finding labels: "Kundennummer", `customer_id`, "N° client" and "customerNo" are read alike.

Text and labels are folded to one spelling: lower case, no accents, and spaces for what joins words
(`_ - .` and apostrophes). Folding is one character for one, so offsets stay. All labels of all
kinds then are one automaton, and a text costs one pass however many labels there are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Generic, TypeVar

import ahocorasick

T = TypeVar("T")

#: What may stand between the words of a label once it is folded: "kunden nr", "kundennr", "n. o".
_GAPS = ("", " ", "  ")
#: Letters that Unicode doesn't take apart, and signs that stand for "number".
_SPECIAL = {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "°": "o", "№": "#", "ς": "σ"}
_JOINERS = "_-.'\u2019\u2010\u2011\u2013\u00a0\u202f"


def _plain(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[0]
    return base.lower() if base.isalnum() else character


_PLAIN = str.maketrans(
    {chr(code): _plain(chr(code)) for code in (*range(0xA1, 0x250), *range(0x370, 0x400))}
    | _SPECIAL
    | dict.fromkeys(_JOINERS, " ")
)

#: Words for "number" after a label, in all the languages; a label may end in up to three of them.
_NUMBER_WORDS = (
    r"(?:[ ]{0,2}(?:identification|identifier|identifiant|kennung|kennzahl|ident|numbers?|numeros?"
    r"|nummern?|numer|number|numb?|code|codigo|codice|kod|nos?|nrs?|n o|n|ids?|ref|reference"
    r"|#)){0,3}(?![^\W\d_])"
)
#: What may stand between a label and its value on one line: marks, and words that say "is".
_LINK = (
    r"(?:[ \t\"`*:=\\|,;>~()\[\]#→]|(?:is|was|are|ist|war|lautet|lauten|sind|est|sont|es|son|e|sono"
    r"|sao|jest|to|of|in|now|being|equals|with|mit|avec|con|com|z|de|del|do|di|the|my|your)"
    r"(?![^\W_])){0,20}"
)
_TAIL = re.compile(_NUMBER_WORDS + _LINK)
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Label(Generic[T]):
    """A label in a text.

    Attributes:
        start: where it starts.
        end: where it ends, its words for "number" and what links it to a value included.
        kinds: what it is a label of, in the order of their table.
    """

    start: int
    end: int
    kinds: tuple[T, ...]


def fold(text: str) -> str:
    """Return the text in one spelling, of the same length."""
    lowered = text.lower()
    if len(lowered) != len(text):  # "İ" becomes two characters
        lowered = "".join(character.lower()[0] for character in text)
    return lowered.translate(_PLAIN)


def combined(stems: Iterable[str], numbers: Iterable[str] = ()) -> tuple[str, ...]:
    """Return labels of words that mean something only with a word for "number" beside them.

    Args:
        stems: as in "customer", "client", "kunden".
        numbers: further words for "number", beside those of all languages.
    """
    words = ("no", "nr", "number", "num", "id", "identifier", "code", "#", "ref", *numbers)
    romance = ("n", "no", "nr", "num", "numero", "numer", "n o", "codigo", "codice", "code", "id")
    joints = ("", "de", "du", "del", "della", "do", "da", "dell", "d", "de la", "de l", "di")
    after = [f"{stem} {word}" for stem, word in product(stems, words)]
    before = [f"{word} {joint} {stem}" for stem, word, joint in product(stems, romance, joints)]
    return tuple(" ".join(label.split()) for label in (*after, *before))


class LabelFinder(Generic[T]):
    """All labels of a table as one automaton."""

    def __init__(self, table: Iterable[tuple[T, Iterable[str]]]) -> None:
        """Take each kind with its labels, in any spelling."""
        spellings: dict[str, list[T]] = {}
        for kind, labels in table:
            for label in labels:
                words = fold(label).split()
                for gaps in product(_GAPS, repeat=len(words) - 1):
                    joined = "".join(map("".join, zip(words, (*gaps, ""), strict=True)))
                    kinds = spellings.setdefault(joined, [])
                    if kind not in kinds:
                        kinds.append(kind)
        self._automaton = ahocorasick.Automaton()
        for spelling, kinds in spellings.items():
            self._automaton.add_word(spelling, (len(spelling), tuple(kinds)))
        self._automaton.make_automaton()

    def find(self, text: str, folded: str) -> Iterator[Label[T]]:
        """Yield the labels in a text, of overlapping ones the longest.

        Args:
            text: as it was written.
            folded: `fold` of it.
        """
        hits = []
        for last, (length, kinds) in self._automaton.iter(folded):
            start = last + 1 - length
            tail = _TAIL.match(folded, last + 1)
            if tail and _begins_word(text, start):
                hits.append((start, -last, tail.end(), kinds))
        hits.sort(key=lambda hit: hit[:2])
        reached = -1
        for start, minus_last, end, kinds in hits:
            if -minus_last > reached:
                reached = -minus_last
                yield Label(start, end, kinds)


def _begins_word(text: str, start: int) -> bool:
    """Say whether a word begins here, `passport` in `userPassportNo` included."""
    if start == 0 or not _LETTERS.match(text, start - 1) or not text[start].isalpha():
        return True
    return text[start].isupper() and text[start - 1].islower()
