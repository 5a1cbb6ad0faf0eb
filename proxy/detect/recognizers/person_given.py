"""Persons by a known given name: before a surname, after one in a list, alone, or in a chat.

The list holds names only (given_names.txt); those that are everyday words, towns or products too
count here only before a surname, in mail and lists, never alone. Code lines are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.code_lines import in_code
from proxy.detect.names.given import given_names, is_given_name
from proxy.detect.recognizers.nationality_said import DEMONYMS
from proxy.detect.recognizers.person_words import PARTICLE, WORD, could_be_somebody, names_a_place
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

#: Neither part of something longer nor of a saint's town.
_FREE = (
    r"(?<![\w@#$/\\=.<&:-])(?<!\bSan )(?<!\bSanta )(?<!\bSaint )(?<!\bSt )(?<!\bSt\. )(?<!\bSão )"
    r"(?<!\bSankt )(?<!\bLos )"
)
_SHORT_NAME = rf"{WORD}(?:[ ]{PARTICLE}{{0,2}}{WORD}){{1,2}}"
_END = r"(?![\w@(=/\\]|[-.:][\w/]|['\u2019][^\W\d_]{2})"
#: How far behind a name what ends it is looked for.
_END_REACH = 3
#: What names consist of, so none goes beyond its stretch.
_STRETCH = re.compile(r"(?:[^\W\d_]|[ .'\u2019-])+")
_WORDS = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")


class PersonGivenNameRecognizer(ValueRecognizer):
    """Finds PERSON by a given name in it."""

    ENTITY = "PERSON"
    #: Within one stretch.
    _CLOSE = (
        ValuePattern(
            "given name and surname", re.compile(rf"{_FREE}(?P<value>{_SHORT_NAME}){_END}"), 0.7
        ),
        ValuePattern("given name", re.compile(rf"{_FREE}(?P<value>{WORD})(?!:){_END}"), 0.5),
    )
    PATTERNS = (
        ValuePattern(
            "surname, given name",
            re.compile(
                rf"(?:^(?:\d{{1,3}}[.)])?|[|\t;:\"])[ ]?(?P<value>{WORD}, {WORD}(?:[ ]{WORD})?)"
                r"(?=[ ]?(?:$|[|\t;\"<(\r,]))",
                re.MULTILINE,
            ),
            0.7,
        ),
        ValuePattern(
            "speaker",
            re.compile(
                r"^(?:\[[\d:. APM]{4,20}\][ ]?)?(?P<value>[^\W\d_]{3,16})(?=:[ ][^\s])",
                re.MULTILINE,
            ),
            0.5,
        ),
    )

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each name; see Presidio's base class."""
        given = given_names(_WORDS.findall(text))
        if not given:
            return []
        stretches = list(_stretches(text, given))
        found = [
            self._result(pattern, *match.span("value"))
            for pattern in self._CLOSE
            for low, high in stretches
            for match in pattern.regex.finditer(text, low, high + _END_REACH)
            if match.start() < high and self.plausible(match["value"])
        ]
        return [
            result
            for result in (*found, *super().analyze(text, entities, nlp_artifacts))
            if not in_code(text, result.start, result.end)
        ]

    def plausible(self, value: str) -> bool:
        """Accept a value whose given name stands where given names do."""
        if not could_be_somebody(value):
            return False
        if ", " in value:
            surname, given = value.split(", ")
            return is_given_name(given.split()[0].lower()) and not is_given_name(surname.lower())
        first, *others = value.split(" ")
        if not others:
            known = (
                len(first) > 3
                and first.lower() not in DEMONYMS
                and not first.isupper()
                and is_given_name(first.lower())
            )
            return known or (first.islower() and is_given_name(first))
        return (
            is_given_name(first.split("-")[0])
            and _is_surname(others[-1])
            and not names_a_place(value)
        )


def _stretches(text: str, words: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield the stretches in which one of the words stands, in order."""
    backwards, size, reached = text[::-1], len(text), 0
    for place in sorted(place for word in words for place in _places(text, word)):
        if place >= reached:
            before, after = _STRETCH.match(backwards, size - place), _STRETCH.match(text, place)
            reached = after.end() if after else place
            yield size - before.end() if before else place, reached


def _places(text: str, word: str) -> Iterator[int]:
    """Yield where a word stands as a whole."""
    place = text.find(word)
    while place >= 0:
        if not (
            _LETTER.match(text, place + len(word)) or (place and _LETTER.match(text, place - 1))
        ):
            yield place
        place = text.find(word, place + 1)


def _is_surname(word: str) -> bool:
    """Say whether the last word of a name is one, not an acronym or an initial."""
    return len(word) > 3 if word.isupper() else len(word) > 2
