"""Names of persons and places: two models, asked in turn, and what they agree on.

spaCy reads English text. The second model (`model.py`), slower and better on short, noisy and
foreign text, is asked about those passages of English text only that hold a name or a word that
could be one, and about all of a text in another language, which spaCy's English model can't read.
In tier `fast` it is never asked; in tier `thorough` always.

Invariants: a finding depends on its window only; the cost of a passage is linear in its length.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from proxy.detect.code_lines import mostly_code
from proxy.detect.names.extent import apart, whole
from proxy.detect.names.given import holds_given_name, is_given_name
from proxy.detect.names.known import companies_known, is_place, places_known
from proxy.detect.names.language import language_of
from proxy.detect.names.model import Judged, SecondOpinion
from proxy.detect.names.passages import Window, doubtful
from proxy.detect.names.pieces import Named, names_in, organizations_in, places_in
from proxy.detect.names.plausible import (
    begins_a_sentence,
    names_a_company,
    plausible,
    unsure,
    uses_capitals,
)
from proxy.detect.names.products import Subject, is_product, subject_of
from proxy.detect.names.with_spacy import reader

#: How sure spaCy is. It gives no probability; this is Presidio's own default.
SPACY_SCORE = 0.85
#: Score of an organization by spaCy's word alone, which is seldom right outside newspapers.
_SOME_COMPANY = 0.5
#: Score of what spaCy names and the second model hardly believes.
_LEAST_SCORE = 0.4


class Bars(NamedTuple):
    """From which score on a finding of the second model counts.

    Attributes:
        capital: a person with a capital, or in lower case with a known given name.
        lower: any other person.
        place: a place or address.
        organization: an organization.
        first_word: a word that a sentence begins with, and that no list knows.
        denied: below which it takes a name away from the first model.
        seconded: from which on it lets an organization of the first model be one.
    """

    capital: float
    lower: float
    place: float
    organization: float
    first_word: float
    denied: float
    seconded: float

    def passes(self, text: str, found: Named) -> bool:
        """Say whether a finding counts."""
        if found.label_ == "ORG":
            return found.score >= self.organization
        shown = text[found.start_char : found.end_char]
        if begins_a_sentence(text, found) and not (holds_given_name(shown) or is_place(shown)):
            return found.score >= self.first_word
        if found.label_ != _PERSON:
            return found.score >= self.place
        return found.score >= (self.lower if _unlikely_person(text, found) else self.capital)


#: What spaCy names stays unless the second model gives it less than this, and another name if the
#: second is as sure of that.
_DENIED, _SURE = 0.05, 0.6
#: Beside spaCy the second model must be surer than where it reads alone.
_BESIDE = Bars(
    capital=0.4,
    lower=0.6,
    place=0.5,
    organization=0.5,
    first_word=0.5,
    denied=_DENIED,
    seconded=0.2,
)
#: Where software is spoken of, a capital says little: commands, headings and tools have one too.
_IN_SOFTWARE = _BESIDE._replace(capital=0.5, place=0.6, organization=0.6, denied=0.3, seconded=0.5)
#: No organization in another language: there it was taught by generated sentences only.
_ALONE = Bars(
    capital=0.45,
    lower=0.7,
    place=0.6,
    organization=math.inf,
    first_word=0.95,
    denied=_DENIED,
    seconded=math.inf,
)
#: Least length of a passage, in characters: where the second model reads alone, more context serves
#: it; beside spaCy shorter ones leave more unread.
_ALONE_LEAST = 300
_BESIDE_LEAST = 60
_PERSON = "PERSON"
_PLACES = ("GPE", "LOC", "FAC", "ADDRESS")


class Names:
    """The models of one tier; not for concurrent use."""

    def __init__(
        self, nlp: Any, second: SecondOpinion | None, *, labels: Container[str], always: bool
    ) -> None:
        """Take the models.

        Args:
            nlp: the loaded spaCy pipeline; its name recogniser is taken over.
            second: the second model, or None.
            labels: which of spaCy's labels count.
            always: whether the second model reads everything.
        """
        self._labels = labels
        self._first = reader(nlp, SPACY_SCORE)
        self._second = second
        self._always = always

    def read(self, windows: Sequence[Window]) -> list[tuple[Any, list[Named]]]:
        """Return each window's tokens and the names in it.

        The tokens are a spaCy document, or None where no model needed them.
        """
        return [self._window(window) for window in windows]

    def _window(self, window: Window) -> tuple[Any, list[Named]]:
        text = window.text
        language = language_of(text, window.language)
        foreign = self._second is not None and language != "en"
        subject = subject_of(text)
        bars = _IN_SOFTWARE if subject.software else _BESIDE
        doc, named = (None, self._foreign(window)) if foreign else self._english(window, bars)
        named = [one for one in named if not _is_product(text, one, subject)]
        return doc, [whole(text, one) for one in with_known(text, named)]

    def _foreign(self, window: Window) -> list[Named]:
        text = window.text
        words = self._judged(text, window.passages(_ALONE_LEAST))
        kept = [one for one in _second_names(text, words, _ALONE) if _ALONE.passes(text, one)]
        if uses_capitals(text):  # then a word without one is no name: "dolor abdominal"
            kept = [one for one in kept if not unsure(text[one.start_char : one.end_char])]
        return kept

    def _english(self, window: Window, bars: Bars) -> tuple[Any, list[Named]]:
        text = window.text
        doc, raw = self._first(text)
        labelled = (one for one in raw if one.label_ in self._labels)
        first = [one for found in labelled for one in plausible(text, found)]
        if self._second is None:
            kept = (one for one in first if not _unlikely_person(text, one))
            return doc, [_weighed(text, one) for one in kept]
        asked = [
            (low, high)
            for low, high in window.passages(_BESIDE_LEAST)
            if self._always or doubtful(text, low, high, first)
        ]
        words = self._judged(text, asked)
        seen = [one for one in first if _within(one, asked)]
        named = list(unite(text, seen, words, bars))
        named += [_weighed(text, one) for one in first if not _within(one, asked)]
        if mostly_code(text):  # comments too speak of its parts
            named = [one for one in named if not _names_a_part(text, one)]
        return doc, named

    def forget(self) -> None:
        """Keep no text of what was read; called after each batch."""
        if self._second is not None:
            self._second.forget()

    def _judged(self, text: str, asked: Iterable[tuple[int, int]]) -> list[Judged]:
        """The second model's word on each word of the passages, with places in the text."""
        if self._second is None:
            return []
        return [
            word.moved(low) for low, high in asked for word in self._second.judge(text[low:high])
        ]


def _second_names(text: str, words: Sequence[Judged], bars: Bars) -> Iterator[Named]:
    """Yield what the second model names."""
    places = (piece for place in places_in(text, words) for piece in apart(text, place))
    named = [*names_in(text, words), *places]
    if bars.organization < math.inf:
        named += organizations_in(text, words)
    for found in named:
        if found.label_ == "ADDRESS":
            yield found
        else:
            yield from plausible(text, found)


def unite(
    text: str, first: Sequence[Named], words: Sequence[Judged], bars: Bars = _BESIDE
) -> Iterator[Named]:
    """Yield what remains of two models' findings about the same passages.

    What the first names stays unless the second sees next to nothing of the kind there, or is sure
    of another kind. The second adds what the first has no name for.
    """
    kept = [one for found in first for one in _judged_by(text, found, words, bars)]
    yield from kept
    for two in _second_names(text, words, bars):
        if not bars.passes(text, two):
            continue
        others = (one for one in kept if one.label_ != "ORG" or two.label_ == "ORG")
        if two.label_ == "ADDRESS" or not any(_overlap(one, two) for one in others):
            yield _weighed(text, two)


def _judged_by(text: str, found: Named, words: Sequence[Judged], bars: Bars) -> Iterator[Named]:
    inside = [one for one in words if one.start < found.end_char and found.start_char < one.end]
    likely = {
        _PERSON: max((one.name for one in inside), default=0.0),
        "GPE": max((one.town for one in inside), default=0.0),
        "ORG": max((one.organization for one in inside), default=0.0),
    }
    shown = text[found.start_char : found.end_char]
    if found.label_ in _PLACES and likely[_PERSON] >= likely["GPE"] and _is_somebody(shown):
        found = found._replace(label_=_PERSON)
    own = "GPE" if found.label_ in _PLACES else found.label_
    if own not in likely:
        if own != "NORP" or likely[_PERSON] < _SURE:
            yield found
        return
    other = max(likely[label] for label in likely if label != own)
    if other >= _SURE and likely[own] < (_SURE if own == "ORG" else _DENIED):
        return  # the second's own finding takes its place
    if own == "ORG" and names_a_company(shown):
        yield found
    elif likely[own] >= _least(shown, own, bars):
        if own == _PERSON:
            while inside[-1].name < _DENIED and _is_no_surname(text, inside[-1]):
                inside.pop()
            found = found._replace(end_char=min(found.end_char, inside[-1].end))
        yield _seconded(found, likely[own])


def _least(shown: str, own: str, bars: Bars) -> float:
    """Return what the second model must give the first one's name for it to stay."""
    if own == "ORG":
        return bars.seconded
    return _DENIED if holds_given_name(shown) or is_place(shown) else bars.denied


def _is_somebody(shown: str) -> bool:
    """Say whether a place's name is a given name, and no place's."""
    return shown[0].isupper() and is_given_name(shown) and not is_place(shown)


def _is_no_surname(text: str, word: Judged) -> bool:
    """Say whether the second model explains a word otherwise: "aus Ulm" behind a name."""
    return word.town >= _SURE or text[word.start : word.end].islower()


def _within(found: Named, passages: Iterable[tuple[int, int]]) -> bool:
    return any(low < found.end_char and found.start_char < high for low, high in passages)


def with_known(text: str, named: Sequence[Named]) -> Iterator[Named]:
    """Yield names with those that are known without a model; an organization's is taken whole.

    A person in an organization's name stays one if a given name says so.
    """
    companies = [one for known in companies_known(text) for one in plausible(text, known)]
    kept = [one for one in named if not _is_part(text, one, companies)]
    yield from kept
    yield from companies
    for known in places_known(text):
        for one in plausible(text, known):
            if not any(_overlap(one, other) for other in (*kept, *companies)):
                yield one


def _is_part(text: str, one: Named, companies: Sequence[Named]) -> bool:
    if one.label_ == _PERSON and holds_given_name(text[one.start_char : one.end_char]):
        return False
    return any(
        company.start_char <= one.start_char and one.end_char <= company.end_char
        for company in companies
    )


def _unlikely_person(text: str, one: Named) -> bool:
    return one.label_ == _PERSON and unsure(text[one.start_char : one.end_char])


def _is_product(text: str, one: Named, subject: Subject) -> bool:
    shown = text[one.start_char : one.end_char]
    return not names_a_company(shown) and is_product(shown, subject)


def _names_a_part(text: str, one: Named) -> bool:
    """Say whether a finding in code is more likely a part of it: `Doctest Parser`, `too long`."""
    shown = text[one.start_char : one.end_char]
    return unsure(shown) or (one.label_ == "ORG" and not names_a_company(shown))


def _weighed(text: str, one: Named) -> Named:
    """Return an organization with a lower score unless its name says that it is one."""
    if one.label_ == "ORG" and not names_a_company(text[one.start_char : one.end_char]):
        return one._replace(score=_SOME_COMPANY)
    return one


def _seconded(found: Named, likely: float) -> Named:
    """Return what the first model found with a score by what the second says of it."""
    return found._replace(score=round(_LEAST_SCORE + (1 - _LEAST_SCORE) * likely, 4))


def _overlap(one: Named, two: Named) -> bool:
    return one.start_char < two.end_char and two.start_char < one.end_char
