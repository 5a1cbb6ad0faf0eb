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

from proxy.detect.recognizers.anchored import matches_at
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
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|mo|di|mi|do|fr|sa|so"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    r"|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica"
    r"|(?:segunda|terça|quarta|quinta|sexta)-feira"
    r"|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
    r"|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela)\b[.,]?[ ]"
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
    whole = rf"{_BEFORE}(?P<value>{date}{_CLOCK}){_AFTER}"
    return ValuePattern(name, re.compile(whole, re.IGNORECASE), 0.6)


class DateInWordsRecognizer(ValueRecognizer):
    """Finds DATE_TIME by the names of months."""

    ENTITY = "DATE_TIME"
    NEEDS = (A_DIGIT, _BEGINNINGS)
    PATTERNS = ()
    #: That begin with a number, and with a month's name.
    _DAY_FIRST = (
        _pattern(
            "day, month, year",
            rf"{_DAY}(?:st|nd|rd|th|er|º|ª|\.)?{_OF}[ -]{_ANY}{_OF},?[ -]{_YEAR}",
        ),
        _pattern("day and month", rf"{_DAY}(?:st|nd|rd|th|er|º|ª|\.)?{_OF}[ ]{_WHOLE}"),
    )
    _MONTH_FIRST = (
        _pattern("month, day", rf"{_ENGLISH}[ ]{_DAY}(?:st|nd|rd|th)?(?:,?[ ]{_YEAR})?"),
        _pattern("month and year", rf"{_ANY}{_OF},?[ ]{_YEAR}"),
    )

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return the longest of overlapping dates; see Presidio's base class."""
        months = _months(shape(text))
        if not months:
            return []
        numbers = list(_beside(months, text))
        found = [
            self._result(pattern, _with_weekday(text, match.start("value")), match.end("value"))
            for patterns, places in ((self._DAY_FIRST, numbers), (self._MONTH_FIRST, months))
            for pattern in patterns
            for match in matches_at(pattern.regex, text, places)
        ]
        kept: list[RecognizerResult] = []
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
#: How far a month's name stands from its number, and how long a weekday before them is at most.
_NEAR, _LONGEST = 16, 20
_ITS_WEEKDAY = re.compile(rf"{_BEFORE}{_WEEKDAY}\Z", re.IGNORECASE)


def _beside(months: Sequence[int], text: str) -> Iterator[int]:
    """Yield where numbers start beside what may be the name of a month."""
    for number in _DIGITS.finditer(text):
        low, high = number.span()
        following = bisect_left(months, low - _NEAR)
        if following < len(months) and months[following] + _HEAD <= high + _NEAR:
            yield low


def _with_weekday(text: str, start: int) -> int:
    """Return where the weekday before a date starts, or the date if there is none."""
    weekday = _ITS_WEEKDAY.search(text, max(0, start - _LONGEST), start)
    return weekday.start() if weekday else start


def _months(shaped: str) -> list[int]:
    """Return where words begin as the names of months do."""
    starts = (last + 1 - _HEAD for last, _ in _MONTHS.iter(shaped))
    return [
        start
        for start in starts
        if not start or shaped[start - 1] == "0" or not shaped[start - 1].isalnum()
    ]
