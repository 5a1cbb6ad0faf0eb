"""Dates of birth: a date is one only beside words that say so.

Stock Presidio has no such entity. Any complete date matches, with a score below what is reported;
a context word ("born", "DOB", a JSON key) lifts it above.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz?|apr(?:il)?|may|mai|june?|juni|july?"
    r"|juli|aug(?:ust)?|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
#: Without context a date stays below the threshold; with it, 0.35 are added.
_ALONE = 0.35


def _dates(name: str, regex: str, end: str = r"(?![\w/-]|\.\d)") -> ValuePattern:
    bounded = rf"(?<![\w/.-])(?P<value>{regex}){end}"
    return ValuePattern(name, re.compile(bounded, re.IGNORECASE), _ALONE)


class DateOfBirthRecognizer(ValueRecognizer):
    """Finds DATE_OF_BIRTH."""

    ENTITY = "DATE_OF_BIRTH"
    PATTERNS = (
        _dates("year first", rf"{_YEAR}(?P<s>[-/.]){_MONTH_NUMBER}(?P=s){_DAY}"),
        _dates("year first, with a time", rf"{_YEAR}-{_MONTH_NUMBER}-{_DAY}", end=r"(?=T\d)"),
        _dates("day first", rf"{_DAY}(?P<s>[-/.]){_MONTH_NUMBER}(?P=s)(?:{_YEAR}|\d\d)"),
        _dates("month first", rf"{_MONTH_NUMBER}(?P<s>[-/.]){_DAY}(?P=s)(?:{_YEAR}|\d\d)"),
        _dates("day, month", rf"{_DAY}(?:st|nd|rd|th|\.)?[ -](?:of )?{_MONTH},?[ -]{_YEAR}"),
        _dates("month, day", rf"{_MONTH} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}"),
        _dates("digits only", rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"),
    )
    CONTEXT = (
        "born",
        "birth",
        "birthdate",
        "birthday",
        "dob",
        "bday",
        "date of birth",
        "geb",
        "geboren",
        "geburtsdatum",
        "geburtstag",
    )
