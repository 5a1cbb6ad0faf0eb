"""How far a name goes beyond what a model made of it: initials, given names, what a place is. Pure.

Models lose the edges of names: "V K" before a surname, a given name without its capital, the word
that says what kind of place it is ("Gaza strip", "Sand Hill park"); and they make one place of a
row of values. Invariant: spans only grow over spaces within a line, by words that are a part of the
name, or fall apart at commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from proxy.detect.names.given import is_given_name
from proxy.detect.names.known import is_place
from proxy.detect.names.pieces import Named

_INITIALS = re.compile(r"(?<![\w.'\u2019&-])(?:[A-Z]\.?[ ]){1,3}\Z")
#: English words that are an article or a pronoun, not somebody's initial.
_NO_INITIALS = frozenset({"A", "I"})
_WORD_BEFORE = re.compile(r"(?<![\w.'\u2019@/-])([^\W\d_]{3,20})[ ]\Z")
_KIND_OF_PLACE = re.compile(
    r"[ ](?:strip|island|islands|beach|bay|park|bridge|station|building|district|valley|river|lake"
    r"|hills|airport|harbour|harbor|museum|square|county|province|peninsula)(?![\w-])",
    re.IGNORECASE,
)
_REACH = 24
_PLACES = ("GPE", "LOC", "FAC")


#: A row of values, and one of them; what has a digit is no place, unless a postcode begins it.
_ROW, _CELL = re.compile(r"[^:;\t\n]+"), re.compile(r"[^,]+")
_NO_PLACE = re.compile(r"(?!(?:[A-Z]{1,2}-)?\d{4,5}[ ][^\W\d_])[^\d]*\d")


def apart(text: str, found: Named) -> Iterator[Named]:
    """Yield the places of a finding: each value of a row by itself, none that is a number.

    A street without a number (FAC) stays with its town, unless they are somebody's two names.
    """
    if found.label_ not in ("LOC", "FAC"):
        yield found
        return
    for row in _ROW.finditer(text, found.start_char, found.end_char):
        cells = [
            (cell.start() + len(shown) - len(shown.lstrip()), shown.strip())
            for cell in _CELL.finditer(text, *row.span())
            for shown in [cell.group()]
        ]
        somebody = any(_is_somebody(shown) for _, shown in cells)
        if somebody and _surname_first(cells):
            end = cells[1][0] + len(cells[1][1])  # "Wiśniewska, Małgorzata"
            yield found._replace(start_char=cells[0][0], end_char=end, label_="PERSON")
            continue
        if found.label_ == "FAC":
            yield found
            return
        for start, shown in cells:
            if shown and not _NO_PLACE.match(shown):
                named = (somebody and not is_place(shown)) or _behind_given_name(text, start)
                label = "PERSON" if named else found.label_
                yield Named(start, start + len(shown), label, found.score)


def _surname_first(cells: Sequence[tuple[int, str]]) -> bool:
    """Say whether two values are one name: a comma and a space between two capitals."""
    if len(cells) != 2:
        return False
    (start, surname), (then, given) = cells
    return start + len(surname) + 2 == then and surname[:1].isupper() and given[:1].isupper()


def _is_somebody(shown: str) -> bool:
    return is_given_name(shown) and not is_place(shown)


def _behind_given_name(text: str, start: int) -> bool:
    given = _WORD_BEFORE.search(text[max(0, start - _REACH) : start])
    return given is not None and given.group(1)[0].isupper() and is_given_name(given.group(1))


def whole(text: str, found: Named) -> Named:
    """Return a name with what of it stands beside what was found."""
    if found.label_ in _PLACES:
        kind = _KIND_OF_PLACE.match(text, found.end_char)
        return found._replace(end_char=kind.end()) if kind else found
    if found.label_ != "PERSON" or not text[found.start_char].isupper():
        return found
    before = text[max(0, found.start_char - _REACH) : found.start_char]
    initials = _INITIALS.search(before)
    if initials and initials.group().strip(" .") not in _NO_INITIALS:
        return found._replace(start_char=found.start_char - len(initials.group()))
    given = _WORD_BEFORE.search(before)
    alone = " " not in text[found.start_char : found.end_char]
    if given and alone and is_given_name(given.group(1)):
        return found._replace(start_char=found.start_char - len(given.group()))
    return found
