"""Dates with the name of a month, in eight languages: day and month, month and year, or all three.

Entity DATE_TIME. Presidio's own recognizer reads dates in digits. A weekday before the date and the
time of day after it belong to it. Without a year only a month's whole name counts: "3 out" and
"2 set" are no dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.date_of_birth import MONTHS
from proxy.detect.recognizers.needs import A_DIGIT
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer
from proxy.detect.required import shape

_SHORT = 5  # letters; "sept" and "janv" are abbreviations, "mars" and "juni" go with them
_NAMES = sorted(set(MONTHS.split()), key=len, reverse=True)
_ANY = rf"(?:{'|'.join(_NAMES)})\b\.?"
#: Whole names; short ones that are words or abbreviations elsewhere need a capital.
_WHOLE = (
    rf"(?:{'|'.join(name for name in _NAMES if len(name) >= _SHORT)}"
    r"|june|july|juni|juli|juin|août|aout|mars|avril|mai|maio|maja|maggio|mayo|mei|lipca|luty|lutego"
    r"|(?-i:May))\b"
)
_ENGLISH = (
    r"(?-i:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[89]|20)\d\d"
_WEEKDAY = (
    r"(?:\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|mo|di|mi|do|fr|sa|so"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    r"|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica"
    r"|(?:segunda|terça|quarta|quinta|sexta)-feira"
    r"|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
    r"|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela)\b[.,]?[ ])?"
)
_CLOCK = (
    r"(?:,?[ ](?:at[ ]|um[ ]|à[ ]|a las[ ]|alle[ ]|às[ ]|om[ ]|o[ ])?\d\d?[:.h]\d\d(?::\d\d)?"
    r"(?:[ ]?(?:[ap]\.?m\b\.?|uhr\b))?(?:[ ](?:[+-]\d{4}|gmt|utc|cet|cest|[ecmp][sd]t))?)?"
)
_OF = r"(?:[ ](?:of|de|del)\b)?"
_BEGINNINGS = frozenset(name[:3] for name in _NAMES)
_BEFORE, _AFTER = r"(?<![\w.,/:-])", r"(?![\w/-]|[.,:]\d)"


def _pattern(name: str, date: str) -> ValuePattern:
    whole = rf"{_BEFORE}(?P<value>{_WEEKDAY}{date}{_CLOCK}){_AFTER}"
    return ValuePattern(name, re.compile(whole, re.IGNORECASE), 0.6)


class DateInWordsRecognizer(ValueRecognizer):
    """Finds DATE_TIME by the names of months."""

    ENTITY = "DATE_TIME"
    NEEDS = (A_DIGIT, _BEGINNINGS)
    PATTERNS = (
        _pattern(
            "day, month, year",
            rf"{_DAY}(?:st|nd|rd|th|er|º|ª|\.)?{_OF}[ -]{_ANY}{_OF},?[ -]{_YEAR}",
        ),
        _pattern("day and month", rf"{_DAY}(?:st|nd|rd|th|er|º|ª|\.)?{_OF}[ ]{_WHOLE}"),
        _pattern("month, day", rf"{_ENGLISH}[ ]{_DAY}(?:st|nd|rd|th)?(?:,?[ ]{_YEAR})?"),
        _pattern("month and year", rf"{_ANY}{_OF},?[ ]{_YEAR}"),
    )

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return the longest of overlapping dates; see Presidio's base class."""
        kept: list[RecognizerResult] = []
        found = [
            self._result(pattern, *match.span("value"))
            for low, high in _near_months(text)
            for pattern in self.patterns
            for match in pattern.regex.finditer(text, low, high)
        ]
        for one in sorted(found, key=lambda one: (one.start, -one.end)):
            if not kept or one.start >= kept[-1].end:
                kept.append(one)
        return kept


_DIGITS = re.compile(r"\d{1,4}")
#: How a month's name begins, in the alphabet of `shape`, and at the beginning of a word.
_MONTH = re.compile(rf"(?:{'|'.join(sorted(_BEGINNINGS))})(?<![^\W\d_]...)")
#: How far a month's name stands from its number, and the rest of the date from both.
_NEAR, _REST = 16, 80


def _near_months(text: str) -> Iterator[tuple[int, int]]:
    """Yield stretches, in order and apart, around numbers beside what may be a month's name.

    Looking for a hundred names at every word costs more than most recognizers do.
    """
    start = end = 0
    shaped = shape(text)
    for number in _DIGITS.finditer(text):
        low, high = number.span()
        if not _MONTH.search(shaped, max(0, low - _NEAR), high + _NEAR):
            continue
        if low - _REST > end:
            if end:
                yield start, end
            start = max(0, low - _REST)
        end = high + _REST
    if end:
        yield start, end
