"""Names of persons and places: two models, asked in turn, and what they agree on.

spaCy reads English text. The second model (`names_model.py`), slower and better on short, noisy and
foreign text, is asked about those passages of English text only that hold a word which could be a
name and isn't explained, and about all of a text in another language, which spaCy's English model
can't read. In tier `fast` it is never asked; in tier `thorough` always.

Invariants: a finding depends on its window only; the cost of a passage is linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from proxy.detect.code_lines import mostly_code
from proxy.detect.given_names import holds_given_name, is_given_name
from proxy.detect.names_known import PLACES_IN_LOWER_CASE, companies_known, places_known
from proxy.detect.names_language import language_of
from proxy.detect.names_model import SecondOpinion
from proxy.detect.names_plausible import names_a_company, plausible, unsure, uses_capitals
from proxy.detect.names_spacy import reader
from proxy.detect.names_spans import Named, names_in, places_in

#: How sure spaCy is. It gives no probability; this is Presidio's own default.
SPACY_SCORE = 0.85
#: Score of an organization by spaCy's word alone, which is seldom right outside newspapers.
_SOME_COMPANY = 0.5


class Bars(NamedTuple):
    """From which score on a finding of the second model counts.

    Attributes:
        capital: a person with a capital, or in lower case with a known given name.
        lower: any other person.
        place: a place or address.
    """

    capital: float
    lower: float
    place: float

    def passes(self, text: str, found: Named) -> bool:
        """Say whether a finding counts."""
        if found.label_ != _PERSON:
            return found.score >= self.place
        return found.score >= (self.lower if _unlikely_person(text, found) else self.capital)


#: Beside spaCy the second model must be surer than where it reads alone.
_BESIDE = Bars(capital=0.4, lower=0.8, place=0.7)
_ALONE = Bars(capital=0.35, lower=0.7, place=0.4)
#: A person where spaCy sees a company must be as sure as this.
_OVER_A_COMPANY = 0.8
#: Least length of a passage, in characters: where the second model reads alone, more context serves
#: it; beside spaCy shorter ones leave more unread.
_ALONE_LEAST = 300
_BESIDE_LEAST = 60
#: A line without an end goes in pieces of this length.
_LONGEST = 600
_PERSON = "PERSON"
_PLACES = ("GPE", "LOC", "FAC", "ADDRESS")
_WORD = re.compile(r"(?<![\w@#/\\.-])[^\W\d_]{3,}(?![\w@(/\\]|\.\w)")
_SENTENCE_END = re.compile(r"(?:\A|[.!?:>\n\"“(*•-])\s*\Z")
_CUT = re.compile(r"(?<=[.!?;])\s+|\n")


class Window(NamedTuple):
    """A window of text, and which part of it is asked about.

    Attributes:
        text: the window.
        start: where that part starts.
        end: where it ends.
        language: of what it stands in, for a window that doesn't say its own.
    """

    text: str
    start: int
    end: int
    language: str = "en"

    def passages(self, least: int) -> Iterator[tuple[int, int]]:
        """Yield the passages that touch that part; see `passages`."""
        for low, high in passages(self.text, least):
            if low < self.end and self.start < high:
                yield low, high


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
        self._tokens = nlp.make_doc
        self._second = second
        self._always = always

    def read(self, windows: Sequence[Window]) -> list[tuple[Any, list[Named]]]:
        """Return each window's tokens (a spaCy document) and the names in it."""
        return [self._window(window) for window in windows]

    def _window(self, window: Window) -> tuple[Any, list[Named]]:
        language = language_of(window.text, window.language)
        foreign = self._second is not None and language != "en"
        doc, named = self._foreign(window) if foreign else self._english(window)
        return doc, list(with_known(window.text, named))

    def _foreign(self, window: Window) -> tuple[Any, list[Named]]:
        text = window.text
        named = self._second_names(text, window.passages(_ALONE_LEAST))
        kept = [one for one in named if _ALONE.passes(text, one)]
        if uses_capitals(text):  # then a word without one is no name: "dolor abdominal"
            kept = [one for one in kept if not unsure(text[one.start_char : one.end_char])]
        return self._tokens(text), kept

    def _english(self, window: Window) -> tuple[Any, list[Named]]:
        text = window.text
        doc, raw = self._first(text)
        labelled = (one for one in raw if one.label_ in self._labels)
        first = [one for found in labelled for one in plausible(text, found)]
        if self._second is None:
            kept = (one for one in first if not _unlikely_person(text, one))
            return doc, [_weighed(text, one) for one in kept]
        asked = (
            (low, high)
            for low, high in window.passages(_BESIDE_LEAST)
            if self._always or doubtful(text, low, high, first)
        )
        named = list(unite(text, first, list(self._second_names(text, asked))))
        if mostly_code(text):  # comments too speak of its parts
            named = [one for one in named if not _names_a_part(text, one)]
        return doc, named

    def _second_names(self, text: str, asked: Iterable[tuple[int, int]]) -> Iterator[Named]:
        if self._second is None:
            return
        for low, high in asked:
            passage = text[low:high]
            words = self._second.judge(passage)
            for found in (*names_in(passage, words), *places_in(passage, words)):
                placed = found._replace(
                    start_char=found.start_char + low, end_char=found.end_char + low
                )
                if placed.label_ == "ADDRESS":
                    yield placed
                else:
                    yield from plausible(text, placed)


def unite(text: str, first: Sequence[Named], second: Sequence[Named]) -> Iterator[Named]:
    """Yield what remains of two models' findings.

    The first model's stand, but for persons without a capital that the second doesn't see, places
    that it takes for persons, and organizations of which it sees nothing personal. The second adds
    what the first has no person or place for.
    """
    for one in first:
        beside = [two for two in second if _overlap(one, two)]
        person = max((two.score for two in beside if two.label_ == _PERSON), default=0.0)
        if one.label_ in _PLACES and person >= _BESIDE.lower:
            yield one._replace(label_=_PERSON)
        elif one.label_ == "ORG" and not beside:
            yield _weighed(text, one)
        elif person or not _unlikely_person(text, one):
            yield one
    named = [one for one in first if one.label_ == _PERSON or one.label_ in _PLACES]
    companies = [one for one in first if one.label_ == "ORG"]
    for two in second:
        if not _BESIDE.passes(text, two):
            continue
        if two.label_ != "ADDRESS" and any(_overlap(one, two) for one in named):
            continue
        if two.score < _OVER_A_COMPANY and any(_overlap(one, two) for one in companies):
            continue
        yield two


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


def passages(text: str, least: int) -> Iterator[tuple[int, int]]:
    """Yield where each passage starts and ends: whole lines or sentences that follow each other.

    Args:
        text: the window.
        least: characters that a passage has at least, where there are as many.
    """
    start = 0
    ends = [match.end() for match in _CUT.finditer(text)]
    for end in (*ends, len(text)):
        while end - start > _LONGEST:
            yield start, start + _LONGEST
            start += _LONGEST
        if end - start >= least or (end == len(text) and end > start):
            yield start, end
            start = end


def doubtful(text: str, start: int, end: int, first: Sequence[Named]) -> bool:
    """Say whether a passage holds a word that could be a name and isn't explained by `first`."""
    near = [one for one in first if one.start_char < end and start < one.end_char]
    if any(_unlikely_person(text, one) or _maybe_person(text, one) for one in near):
        return True
    for match in _WORD.finditer(text, start, end):
        word = match.group()
        low, high = match.span()
        explained_by = {one.label_ for one in near if one.start_char < high and low < one.end_char}
        if explained_by - {"ORG"}:
            continue
        if is_given_name(word) or word in PLACES_IN_LOWER_CASE:
            return True
        if explained_by or word.isupper() or word.islower():
            continue
        if word[0].isupper() and not _SENTENCE_END.search(text[max(0, low - 4) : low]):
            return True
    return False


def _maybe_person(text: str, one: Named) -> bool:
    return one.label_ in _PLACES and is_given_name(text[one.start_char : one.end_char])


def _unlikely_person(text: str, one: Named) -> bool:
    return one.label_ == _PERSON and unsure(text[one.start_char : one.end_char])


def _names_a_part(text: str, one: Named) -> bool:
    """Say whether a finding in code is more likely a part of it: `Doctest Parser`, `too long`."""
    shown = text[one.start_char : one.end_char]
    return unsure(shown) or (one.label_ == "ORG" and not names_a_company(shown))


def _weighed(text: str, one: Named) -> Named:
    """Return an organization with a lower score unless its name says that it is one."""
    if one.label_ == "ORG" and not names_a_company(text[one.start_char : one.end_char]):
        return one._replace(score=_SOME_COMPANY)
    return one


def _overlap(one: Named, two: Named) -> bool:
    return one.start_char < two.end_char and two.start_char < one.end_char
