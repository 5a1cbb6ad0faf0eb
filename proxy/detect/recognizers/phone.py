"""Phone numbers, by the numbering plans of the countries whose callers we expect.

`phonenumbers` decides what a number is. It is asked only where enough digits stand together, since
asking eight plans about every year and price costs more than all patterns; and what other formats
claim (a card, an IP address, a social security number) isn't a phone number to begin with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from phonenumbers import PhoneNumberMatcher
from presidio_analyzer import AnalysisExplanation, RecognizerResult
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from proxy.detect.chunk import CONTEXT_REACH

#: Digits with what stands between those of one number: marks, spaces, a word ("ext", "poste").
_ISLAND = re.compile(r"\d(?:(?:[^\w\n]{0,6}|[^\w\n]{0,3}[^\W\d_]{1,10}[^\w\n]{0,3})\d)*")
#: Numbers with fewer digits are known only where they are dialled.
_FEWEST = 7
#: Longer than any number but for a prefix that leaves the country (E.164); cards; bank accounts.
_TOO_LONG = re.compile(
    r"(?<![+\d])(?:(?!00|011)\d{14,}|(?:\d{4}[ -]){3}\d{4}(?!\d))"
    r"|(?<![^\W_])[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?(?![^\W_])"
)
#: Formats of something else.
_OTHER = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|\d{3}-\d{2}-\d{4}|(?:\d{4}[ -]){3}\d{2,4}"
    r"|(?:19|20)\d\d([-/.])\d\d?\1\d\d?(?:[ T]\d\d?.*)?|\d\d?([-/.])\d\d?\2(?:19|20)\d\d.*"
)
#: Plans that are asked about a number without a country code; any country's code is understood.
_REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
#: Plans under which any nine digits are a number: it takes a word like "phone" before them.
_LOOSE = ("IT", "ES", "NL", "PL", "PT", "CH", "AT", "BE")
_UNCONFIRMED = 0.3
_CONTEXT = (
    "phone", "telephone", "cell", "cellphone", "mobile", "call", "fax", "tel", "dial", "sms",
    "whatsapp", "telefon", "handy", "mobil", "anrufen", "rückruf", "rufnummer",
    "téléphone", "telephone", "portable", "appeler", "joindre", "teléfono", "móvil", "celular",
    "llamar", "telefono", "cellulare", "chiamare", "telefone", "telemóvel", "ligar", "telefoon",
    "mobiel", "bellen", "gsm", "komórka", "zadzwoń",
)  # fmt: skip
_SAID = re.compile("|".join(_CONTEXT), re.IGNORECASE)


class Phone(PhoneRecognizer):
    """PHONE_NUMBER."""

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(
            context=list(_CONTEXT), supported_language=supported_language, name="Phone"
        )

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each number; see Presidio's base class."""
        found: dict[tuple[int, int], tuple[str, float]] = {}
        for low, high in _islands(text):
            for start, end, region, score in _numbers(text, low, high):
                place = (start, end)
                if place not in found or found[place][1] < score:
                    found[place] = region, score
        return [self._result(place, *how) for place, how in found.items()]

    def _result(self, place: tuple[int, int], region: str, score: float) -> RecognizerResult:
        return RecognizerResult(
            entity_type=self.supported_entities[0],
            start=place[0],
            end=place[1],
            score=score,
            analysis_explanation=AnalysisExplanation(
                recognizer="Phone", original_score=score, pattern_name=f"plan of {region}"
            ),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: "Phone",
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def _islands(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a number may stand, with the mark before it and what its end is judged by."""
    for match in _ISLAND.finditer(text):
        if _digits(match.group()) >= _FEWEST:
            yield max(0, match.start() - 3), min(len(text), match.end() + 1)


def _numbers(text: str, low: int, high: int) -> Iterator[tuple[int, int, str, float]]:
    """Yield start, end, plan and score of each number in a stretch of text."""
    stretch = _TOO_LONG.sub(lambda match: " " * len(match.group()), text[low:high])
    said = _SAID.search(text, max(0, low - CONTEXT_REACH), high)
    left = {place for place, character in enumerate(stretch) if character.isdecimal()}
    for region in (*_REGIONS, *(_LOOSE if said else ())):
        if len(left) < _FEWEST:
            return  # a further plan could only name the same numbers
        score = PhoneRecognizer.SCORE if region in _REGIONS else _UNCONFIRMED
        matches = PhoneNumberMatcher(stretch, region, leniency=1, min_candidate_length=_FEWEST)
        for match in matches:
            left.difference_update(range(match.start, match.end))
            if _digits(match.raw_string) >= _FEWEST and not _OTHER.fullmatch(match.raw_string):
                yield low + match.start, low + match.end, region, score


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))
