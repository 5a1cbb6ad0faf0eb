"""Words that a model judged one by one, as whole names and places. Pure.

A name is a run of words of which at least one is likely enough by itself. It goes on over words
that are less sure (a surname that the model has never seen), over initials, hyphens and particles
(van der, de la), never over a line's end. Invariant: spans of one kind don't overlap, and begin and
end with a letter or digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from proxy.detect.names.given import is_given_name
from proxy.detect.names.model import Judged

#: Words inside a name that no capital marks.
PARTICLES = frozenset(
    (  # noqa: SIM905  # a list of words reads better so
        "af al am bin da das de degli dei del della den der di do dos du el la las le los ten"
        " ter van von y zu zum zur"
    ).split()
)
#: Words inside an organization's name.
_LINKS = frozenset(("of", "and", "for", "the", "de", "di", "du", "y", "e", "et", "und", "für"))
#: From here on a word makes a name or a place; what is done with it depends on the score.
LEAST = 0.25
LEAST_PLACE = 0.4
LEAST_ORGANIZATION = 0.5
#: A word beside a sure one is taken along from here on.
_HALF_SURE = 0.15
#: A word without a capital goes on a name from here on.
_SURE = 0.5
_GAP = re.compile(r"[ \t]*")
_PLACE_GAP = re.compile(r"[ \t]*|\n[ \t]*")


class Named(NamedTuple):
    """A name that a model found; the first three fields are named as in a spaCy span.

    Attributes:
        start_char: where it starts.
        end_char: where it ends.
        label_: the model's label: PERSON, LOC or one of Privet's entities.
        score: how sure the model is, 0 to 1.
    """

    start_char: int
    end_char: int
    label_: str
    score: float


def names_in(text: str, words: Sequence[Judged]) -> Iterator[Named]:
    """Yield the persons in a passage."""

    def sure(position: int) -> bool:
        word = words[position]
        if word.name < LEAST or word.name < word.otherwise:
            return False
        letters = text[word.start : word.end]
        return letters[0].isalpha() and (len(letters) > 1 or letters.isupper())  # no "s" of "'s"

    def joins(position: int) -> bool:
        word = words[position]
        shown = text[word.start : word.end]
        if word.otherwise > word.name:
            return False  # "Bianchi di Napoli"
        if shown[0].isupper():
            return word.name >= _HALF_SURE or _follows_given_name(text, words, position)
        if shown in "-'\u2019":
            return _touches(words, position)
        if shown == ".":
            return position > 0 and words[position - 1].end - words[position - 1].start == 1
        return shown in PARTICLES or word.name >= _SURE

    for low, high in _runs(text, words, sure, joins, _GAP):
        score = max(words[position].name for position in range(low, high))
        yield Named(words[low].start, words[high - 1].end, "PERSON", score)


def places_in(text: str, words: Sequence[Judged]) -> Iterator[Named]:
    """Yield the places in a passage: an ADDRESS where a house number stands with a street."""

    def sure(position: int) -> bool:
        return words[position].address >= LEAST_PLACE

    def joins(position: int) -> bool:
        shown = text[words[position].start : words[position].end]
        return (
            shown in ",-'.\u2019/" or shown in PARTICLES or words[position].address >= LEAST_PLACE
        )

    for low, high in _runs(text, words, sure, joins, _PLACE_GAP):
        run = words[low:high]
        if max(word.street for word in run) >= 0.5 and max(word.number for word in run) >= 0.5:
            label = "ADDRESS"
        elif max(word.town for word in run) >= LEAST_PLACE:
            street = max(word.street for word in run) >= 0.5 and not _has_digit(text, run)
            label = "FAC" if street else "LOC"
        else:
            continue
        score = max(word.address for word in run)
        yield Named(run[0].start, run[-1].end, label, score)


def organizations_in(text: str, words: Sequence[Judged]) -> Iterator[Named]:
    """Yield the organizations in a passage."""

    def sure(position: int) -> bool:
        return words[position].organization >= LEAST_ORGANIZATION

    def joins(position: int) -> bool:
        shown = text[words[position].start : words[position].end]
        return (
            shown in "&-'.\u2019" or shown in _LINKS or words[position].organization >= _HALF_SURE
        )

    for low, high in _runs(text, words, sure, joins, _GAP):
        score = max(word.organization for word in words[low:high])
        yield Named(words[low].start, words[high - 1].end, "ORG", score)


def _runs(
    text: str,
    words: Sequence[Judged],
    sure: Callable[[int], bool],
    joins: Callable[[int], bool],
    gap: re.Pattern[str],
) -> Iterator[tuple[int, int]]:
    """Yield ``[low, high)`` of each run of joined words that holds a sure one.

    Most words are in none, so a run is looked for around each sure word only.
    """

    def near(position: int) -> bool:
        """Say whether a word follows the one before it."""
        return bool(gap.fullmatch(text, words[position - 1].end, words[position].start))

    def belongs(position: int) -> bool:
        return joins(position) or sure(position)

    high = 0
    for certain in filter(sure, range(len(words))):
        if certain < high:
            continue
        low = certain
        while low > high and near(low) and belongs(low - 1):
            low -= 1
        high = certain + 1
        while high < len(words) and near(high) and belongs(high):
            high += 1
        first, last = low, high
        while first < last and not _ends_well(text, words[first]):
            first += 1
        while first < last and not _ends_well(text, words[last - 1]):
            last -= 1
        if first < last:
            yield first, last


def _ends_well(text: str, word: Judged) -> bool:
    shown = text[word.start : word.end]
    return shown[0].isalnum() and shown not in PARTICLES and shown not in _LINKS


def _follows_given_name(text: str, words: Sequence[Judged], position: int) -> bool:
    before = words[position - 1] if position else None
    return (
        before is not None
        and before.given >= 0.5
        and is_given_name(text[before.start : before.end])
    )


def _has_digit(text: str, run: Sequence[Judged]) -> bool:
    return any(map(str.isdigit, text[run[0].start : run[-1].end]))


def _touches(words: Sequence[Judged], position: int) -> bool:
    return (
        0 < position < len(words) - 1
        and words[position - 1].end == words[position].start
        and words[position].end == words[position + 1].start
    )
