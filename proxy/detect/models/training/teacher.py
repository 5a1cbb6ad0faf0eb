"""What proper nouns name, said by the two models that read names so far.

A treebank marks proper nouns and doesn't say what they name. Where spaCy (English) or the model
that is trained on (all languages) is sure, its word is taken; where neither is, or they disagree,
the word stays UNKNOWN and nothing is learnt from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from proxy.detect.models.training.labels import PERSON, UNKNOWN, Marked
from proxy.detect.names.model import Judged
from proxy.detect.names.pieces import Named

_SURE = 0.6
_SPACY = {
    "PERSON": PERSON,
    "GPE": "TOWN",
    "LOC": "TOWN",
    "FAC": "TOWN",
    "ORG": "ORG",
    "NORP": "NRP",
}
#: What spaCy calls these is no name of a person, place or organization.
_OTHERWISE = frozenset({"PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE", "DATE", "TIME"})


def taught(texts: Iterable[Marked], first: Any, second: Any) -> Iterator[Marked]:
    """Yield texts with their unknown stretches named where the teachers are sure.

    Args:
        texts: texts whose UNKNOWN marks are proper nouns.
        first: reads a text into spaCy's names (`names_spacy.reader`), or None.
        second: the published model (`published.Published`).
    """
    for one in texts:
        words = second.judge(one.text)
        named = list(first(one.text)[1]) if first else []
        marks = []
        for low, high, kind in one.marks:
            if kind != UNKNOWN:
                marks.append((low, high, kind))
                continue
            for start, end in _words(one.text, low, high):
                if (said := _said(start, end, named, words)) != "O":
                    marks.append((start, end, said))
        yield Marked(one.text, tuple(_with_links(one.text, marks, named)))


def divided(text: Marked, second: Any) -> Marked:
    """Return a text whose persons are divided into given names and surnames.

    Of a name of several words the last is the surname unless the second model says otherwise; of
    one word, the model says which it is.
    """
    judged: Sequence[Judged] = ()
    marks: list[tuple[int, int, str]] = []
    for low, high, kind in text.marks:
        if kind != PERSON:
            marks.append((low, high, kind))
            continue
        judged = judged or second.judge(text.text)
        words = _words(text.text, low, high)
        for place, (start, end) in enumerate(words):
            likely = [one for one in judged if start <= one.start < end]
            given = sum(one.given for one in likely)
            surname = sum(one.surname for one in likely)
            if max(given, surname) < _SURE / 3:
                is_given = len(words) > 1 and place < len(words) - 1
            else:
                is_given = given > surname
            marks.append((start, end, "GIVEN" if is_given else "SURNAME"))
    return Marked(text.text, tuple(marks))


def _said(low: int, high: int, named: Sequence[Named], words: Sequence[Judged]) -> str:
    """Return the class of a proper noun, O if it is sure to be none, else UNKNOWN."""
    label = next(
        (one.label_ for one in named if one.start_char < high and low < one.end_char), None
    )
    first = "O" if label in _OTHERWISE else _SPACY.get(label or "", UNKNOWN)
    inside = [one for one in words if low <= one.start < high]
    person = max((one.name for one in inside), default=0.0)
    town = max((one.town for one in inside), default=0.0)
    if first == "ORG" and person >= _SURE:
        return UNKNOWN
    if first == "TOWN" and person >= _SURE:
        return UNKNOWN
    if first != UNKNOWN:
        return first
    if person >= _SURE:
        return PERSON
    return "TOWN" if town >= _SURE else UNKNOWN


def _with_links(
    text: str, marks: Sequence[tuple[int, int, str]], named: Sequence[Named]
) -> Iterator[tuple[int, int, str]]:
    """Yield marks with the small words between two of one organization or place (Bank of Oz)."""
    for place, (low, high, kind) in enumerate(marks):
        following = marks[place + 1] if place + 1 < len(marks) else None
        if following and following[2] == kind and kind in ("ORG", "TOWN"):
            between = text[high : following[0]]
            whole = any(
                one.start_char <= low
                and following[1] <= one.end_char
                and _SPACY.get(one.label_) == kind
                for one in named
            )
            if whole and between.strip() and "," not in between:
                yield low, following[0], kind
                continue
        yield low, high, kind


def _words(text: str, low: int, high: int) -> list[tuple[int, int]]:
    words = []
    start = low
    for piece in text[low:high].split():
        start = text.index(piece, start)
        words.append((start, start + len(piece)))
        start += len(piece)
    return words
