"""Dates of birth as people say them, where no label stands right beside the date.

A place between the word and the date, a star, a question on the line before, HL7's patient segment.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.anchored import Before
from proxy.detect.recognizers.date_of_birth import DATE, FULL_YEAR
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_SAID = (
    r"(?:birth|dob\b|d\.o\.b\.|born|geb(?:oren|urt|oort)?|naissance|nacimiento|nascita|nascimento"
    r"|urodz)"
)
_BORN = (
    r"(?:born|geboren(?:e[rsn]?)?|nacid[oa]|nació|nací|nat[oa](?:/a)?|nascid[oa]|nasceu"
    r"|urodz(?:ony|ona|onego|onej|ił się|iła się)|date of birth|birthday|fødte?|född)"
)
_ASKED = (
    r"(?:date of birth|birth ?date|birthday|dob|d\.o\.b\.|geburtsdatum|geboren|date de naissance"
    r"|née? le"
    r"|fecha de nacimiento|data di nascita|data de nascimento|geboortedatum|data urodzenia)"
)
_NAMED = (
    r"(?:date of birth|birth ?date|birthday|dob|d\.o\.b\.|geburts(?:datum|tag)|date de naissance"
    r"|fecha de nacimiento|cumpleaños|data di nascita|data de nascimento|geboortedatum|verjaardag"
    r"|data urodzenia)"
)


#: Between the word and the date: a place, a weekday.
_AFTER_A_PLACE = rf"\b[^\d\n;!?]{{1,60}}?(?<![\w/.-])(?P<value>{DATE})(?![\w/-]|\.\d)"


#: The longest date and "is your poor mother's" are shorter.
_FAR = 120


def _pattern(
    name: str, regex: str, need: re.Pattern[str] | None = None, within: Before | None = None
) -> ValuePattern:
    return ValuePattern(name, re.compile(regex, re.IGNORECASE), 0.85, need, within)


class DateOfBirthSaidRecognizer(ValueRecognizer):
    """Finds DATE_OF_BIRTH by what is said around it."""

    ENTITY = "DATE_OF_BIRTH"
    NAME = "DateOfBirthRecognizer"  # both are switched off together
    PATTERNS = (
        # nato a Napoli il 8 agosto 1970
        _pattern("after a place", rf"\b{_BORN}{_AFTER_A_PLACE}"),
        # née à Lyon le 4 mars 1988; by itself, because the gate looks for two letters seldom found
        _pattern("after a place, in French", rf"\bnée?{_AFTER_A_PLACE}"),
        # 2001-04-03 (date of birth); 3.4.2001 ist ihr Geburtsdatum
        _pattern(
            "before what it is",
            rf"(?<![\w/.-])(?P<value>{DATE})[ ](?:\(|(?:is|was|as|ist|war|als|est|comme|es|como|è|era|é"
            rf"|to)[ ](?:[^\W\d_](?:[^\W\d_]|['\u2019]){{0,15}}[ ]){{0,3}}){_NAMED}\b",
            within=Before(re.compile(_NAMED, re.IGNORECASE), _FAR),
        ),
        # Gottfried Ammer, *02.07.1947
        _pattern(
            "after a star",
            rf"(?:(?<=[,;(])[ ]?|(?<=[^\W\d_])[ ])\*[ ]?(?P<value>{DATE})(?![\w*])",
        ),
        # "dateOfBirth": "1984-03-02T00:00:00Z"
        _pattern(
            "with a time",
            rf"{_SAID}\w{{0,8}}[\W_]{{1,8}}(?:(?:date|day|datum|dt|am|on)[\W_]{{1,6}})?"
            rf"(?P<value>{FULL_YEAR}-\d\d-\d\d)(?=T\d)",
        ),
        # agent: Your date of birth, please? / visitor: 07/09/91
        _pattern(
            "in answer",
            rf"\b{_ASKED}\b[^\n?]{{0,40}}\?[\"']?[ ]?\n[^\n]{{0,40}}?(?<![\w/.-])"
            rf"(?P<value>{DATE})(?!\w)",
            need=re.compile(r"\?[\"']?[ ]?\n"),
        ),
        # PID|1||…||DOE^JANE||19840302|F
        _pattern(
            "in HL7",
            rf"\|(?P<value>{FULL_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\|[MFOU]\|",
        ),
    )
