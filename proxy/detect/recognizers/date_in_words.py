"""Dates with the name of a month, in eight languages: day and month, month and year, or all three.

Entity DATE_TIME. Presidio's own recognizer reads dates in digits. A weekday before the date and the
time of day after it belong to it. Without a year only a month's whole name counts: "3 out" and
"2 set" are no dates.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import ahocorasick
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
_HEAD = 3
_BEGINNINGS = frozenset(name[:_HEAD] for name in _NAMES)
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
#: How the names of months begin, in the alphabet of `shape`.
_MONTHS = ahocorasick.Automaton()
for _beginning in _BEGINNINGS:
    _MONTHS.add_word(shape(_beginning), True)
_MONTHS.make_automaton()
#: How far a month's name stands from its number, and how far before and after them the date reaches.
_NEAR, _BACK, _ON = 16, 32, 80


def _near_months(text: str) -> Iterator[tuple[int, int]]:
    """Yield stretches, in order and apart, around numbers beside what may be a month's name.

    Looking for a hundred names at every word costs more than most recognizers do.
    """
    months = _months(shape(text))
    if not months:
        return
    start = end = 0
    for number in _DIGITS.finditer(text):
        low, high = number.span()
        next_month = bisect_left(months, low - _NEAR)
        if next_month == len(months) or months[next_month] + _HEAD > high + _NEAR:
            continue
        if low - _BACK > end:
            if end:
                yield start, end
            start = max(0, low - _BACK)
        end = high + _ON
    if end:
        yield start, end


def _months(shaped: str) -> list[int]:
    """Return where words begin as the names of months do."""
    starts = (last + 1 - _HEAD for last, _ in _MONTHS.iter(shaped))
    return [
        start
        for start in starts
        if not start or shaped[start - 1] == "0" or not shaped[start - 1].isalnum()
    ]
