"""Finding labels: "Kundennummer", `customer_id`, "N° client" and "customerNo" are read alike.

Text and labels are folded to one spelling: lower case, no accents, and spaces for what joins words
(`_ - .` and apostrophes). Folding is one character for one, so offsets stay. Labels are then looked
for without any spaces, all of all kinds in one automaton: a text costs one pass however many labels
there are.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, product
from operator import itemgetter
from typing import Generic, TypeVar

import ahocorasick

from proxy.detect.latin import OneForOne

T = TypeVar("T")

#: Letters that Unicode doesn't take apart, and signs that stand for "number".
_SPECIAL = {"ł": "l", "ø": "o", "đ": "d", "\u0131": "i", "°": "o", "№": "#", "ς": "\u03c3"}
_JOINERS = "_-.'\u2019"


def _plain(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[0]
    return base.lower() if base.isalnum() else character


_PLAIN = str.maketrans(
    {chr(code): _plain(chr(code)) for code in (*range(0xA1, 0x250), *range(0x370, 0x400))}
    | _SPECIAL
    | dict.fromkeys(_JOINERS, " ")
)

#: Full-width forms, and the spaces and dashes of typographers.
_STRAIGHT = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)

#: Words for "number" after a label, in all the languages; a label may end in up to three of them.
_NUMBER_WORDS = (
    r"s?(?:[ (]{0,3}(?:identification|identifier|identifiant|kennung|kennzahl|ident|numbers?"
    r"|numeros?|nummern?|numer|num|code|codigo|codice|kod|nos?|nrs?|n o|n|ids?|ref|reference"
    r"|#|号码|号|番号|번호)){0,3}(?![^\W\d_\u0e00-\uffff])"
)
#: Whose it is: "of the applicant", "do cliente", "van mevrouw".
_WHOSE = (
    r"(?:[ ](?:of|for|on|at|de|du|del|della|do|da|van|von|vom|des|der|sous)"
    r"(?:[ ](?:the|la|el|il|le|l|der|het|den|dem|our|my|your|his|her|their))?[ ][^\W\d_]{2,14}(?![^\W_]))?"
)
_TAIL = re.compile(_NUMBER_WORDS + _WHOSE)
#: What may stand between a label and its value on one line: marks, and words that say "is". Read as
#: it was written: the "é" of "é E-4432" is such a word, the "E" isn't.
_LINK = re.compile(
    r"(?:[ \t\"'`*:=\\|,;>~()\[\]#@→「」是为為は_.-]|(?:is|was|are|ist|war|c['\u2019]est|o numerze|numer"
    r"|lautet|lauten|sind|est|sont|es|son|[éè][ ](?:a|o|la|il|le|el)|[eéè]|sono|são|jest|to|of|in|now"
    r"|old|new|being|equals|should|might|must|be|says|reads|shows|starts|ends|with|mit"
    r"|avec|con|com|z|de|del|do|di|the|le|la|el|il|hab|habe|ich|have|heb|ik|mam|tengo|tenho|ho"
    r"|zu|naar|na|to)(?=[\s:\"'])){0,20}",
    re.IGNORECASE,
)
#: How many characters of a label are looked for before the rest of it.
_HEAD = 5
#: The first of the scripts that put no spaces between words (Thai, Chinese, Japanese, Korean).
_UNSPACED = "\u0e00"
#: What most often follows a label, so that no expression need be asked: what ends it, letters that
#: make it another word (no word for "number" begins with them), and what links it to nothing.
_ENDS_LABEL = frozenset(("", *'0123456789!"$%&)*+,/:;<=>?@[\\]^`{|}~\t\n\r'))
_GOES_ON = frozenset("abdefghjlmopqtuvwxyz")
_LINKS_NOTHING = frozenset(("", *"0123456789!$%&+/<?^{}\n\r"))


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


_ASCII_JOINERS = str.maketrans(dict.fromkeys("_-.'", " "))
_TYPOGRAPHIC = re.compile(f"[{''.join(map(chr, _STRAIGHT))}]")
#: Characters that translating takes one by one, unless a text has none.
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")


@lru_cache(1)  # each recognizer over a table asks for the same text's
def straight(text: str) -> str:
    """Return the text in plain characters where it has typographic ones, of the same length."""
    return text.translate(_STRAIGHT) if _TYPOGRAPHIC.search(text) else text


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in one spelling.

    Attributes:
        text: as long as the text.
        letters: what it is without spaces.
        ends: how many letters end with each of its words.
    """

    text: str
    letters: str
    ends: Sequence[int]

    def place(self, letter: int) -> int:
        """Return where in the text a letter stands: behind the letters before it and the spaces."""
        return letter + bisect_right(self.ends, letter)


@lru_cache(1)
def folded(text: str) -> Folded:
    """Return a text folded, and without its spaces."""
    spelled = fold(text)
    words = spelled.split(" ")
    return Folded(spelled, "".join(words), list(accumulate(map(len, words))))


def fold(text: str) -> str:
    """Return the text in one spelling, of the same length."""
    return _latin(text)


def _fold(text: str) -> str:
    lowered = text.lower()
    if len(lowered) != len(text):  # "İ" becomes two characters
        lowered = "".join(character.lower()[0] for character in text)
    if not lowered.isascii():
        lowered = _BEYOND_ASCII.sub(lambda one: one.group().translate(_PLAIN), lowered)
    return lowered.translate(_ASCII_JOINERS)


_latin = OneForOne(_fold)


def combined(stems: Sequence[str], *numbers: str) -> tuple[str, ...]:
    """Return labels of words that mean something only with a word for "number" beside them.

    Args:
        stems: as in "customer", "client", "kunden".
        numbers: further words for "number", as in "id" or "code".
    """
    words = ("no", "nr", "number", "num", "nummer", "numero", "numer", "n", "#", "ref", *numbers)
    romance = ("n", "no", "nr", "num", "numero", "numer", "n o", "codigo", "codice", *numbers)
    joints = ("", "de", "du", "del", "della", "do", "da", "dell", "d", "de la", "de l", "di")
    after = [f"{stem} {word}" for stem, word in product(stems, words)]
    before = [f"{word} {joint} {stem}" for stem, word, joint in product(stems, romance, joints)]
    return tuple(" ".join(label.split()) for label in (*after, *before))


class LabelFinder(Generic[T]):
    """All labels of a table.

    An automaton of 28,000 labels takes 6 MB, and each character of a text leads to another place in
    it, most of which aren't in any cache of a CPU. So it knows only how labels begin, and where one may
    begin a table of all labels is asked for the lengths that begin so.
    """

    def __init__(self, table: Iterable[tuple[T, Iterable[str]]]) -> None:
        """Take each kind with its labels, in any spelling."""
        spellings: dict[str, list[T]] = {}
        for kind, labels in table:
            for label in labels:
                kinds = spellings.setdefault(fold(label).replace(" ", ""), [])
                if kind not in kinds:
                    kinds.append(kind)
        self._kinds = {spelling: tuple(kinds) for spelling, kinds in spellings.items()}
        lengths: dict[str, set[int]] = {}
        for spelling in spellings:
            lengths.setdefault(spelling[:_HEAD], set()).add(len(spelling))
        self._heads = ahocorasick.Automaton()
        for head, some in lengths.items():
            self._heads.add_word(head, (len(head), tuple(some)))
        self._heads.make_automaton()

    def find(self, text: str) -> Iterator[Label[T]]:
        """Yield the labels in a text as it was written, of overlapping ones the longest."""
        if not self._kinds:
            return  # an automaton of nothing refuses to look
        spelled = folded(text)
        letters, place = spelled.letters, spelled.place
        size = len(letters)
        hits = []
        for reached, (head, lengths) in self._heads.iter(letters):
            first = reached + 1 - head
            start = place(first)
            if start and text[start - 1].isalnum() and not _begins_word(text, start):
                continue
            for length in lengths:
                end = first + length
                if end <= size and (kinds := self._kinds.get(letters[first:end])):
                    hits.append((start, -place(end - 1), kinds))
        hits.sort(key=_PLACE)
        covered = -1
        for start, minus_last, kinds in hits:
            last = -minus_last
            if last <= covered or (text[last].isdigit() and text[last + 1 : last + 2].isdigit()):
                continue  # part of a longer label, or the label "CVC2" in "CVC 204"
            if (end := _tail(spelled.text, last + 1)) is not None:
                covered = last
                yield Label(start, _linked(text, end), kinds)


_PLACE = itemgetter(0, 1)


def _tail(spelled: str, end: int) -> int | None:
    """Return where the words for "number" after a label end; None if the label goes on."""
    following = spelled[end : end + 1]
    if following in _ENDS_LABEL:
        return end
    if following in _GOES_ON:
        return None
    tail = _TAIL.match(spelled, end)
    return tail.end() if tail else None


def _linked(text: str, end: int) -> int:
    """Return where what links a label to its value ends."""
    if text[end : end + 1] in _LINKS_NOTHING:
        return end
    link = _LINK.match(text, end)
    return link.end() if link else end


def _begins_word(text: str, start: int) -> bool:
    """Say whether a word begins behind a letter or digit: `passport` in `userPassportNo`."""
    if not text[start].isalpha() or text[start] >= _UNSPACED:
        return True
    return text[start].isupper() and text[start - 1].islower()
