"""Phone numbers, by the numbering plans of the countries whose callers we expect.

`phonenumbers` decides what a number is. It is asked only where enough digits stand together, since
asking eight plans about every year and price costs more than all patterns; and what other formats
claim (a card, an IP address, a social security number) isn't a phone number to begin with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import ahocorasick
from presidio_analyzer import AnalysisExplanation, RecognizerResult
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from proxy.detect.chunk import CONTEXT_REACH
from proxy.detect.recognizers.needs import A_DIGIT
from proxy.detect.recognizers.phone_plans import Matcher, knows, runs
from proxy.detect.required import shape

#: What stands between the digits of one number; the next cell of a table doesn't.
_MARK = r"(?! {3})[^\w\n\t,;|]"
#: What announces an extension, as `phonenumbers` knows it.
_EXTENSION = r"(?:e?xt(?:n|ensi[o\u00f3]n?)?|x|int|anexo|\u0434\u043e\u0431)"
#: Digits with what stands between those of one number: marks, spaces, an extension.
_ISLAND = re.compile(
    rf"\d(?:(?:(?:{_MARK}){{0,6}}|(?:,[ ])?(?:(?! {{2}}){_MARK}){{0,3}}"
    rf"{_EXTENSION}(?:{_MARK}){{0,3}})\d)*",
    re.IGNORECASE,
)
#: Numbers with fewer digits are known only where they are dialled.
_FEWEST = 7
#: A number has no more, its country's code included (E.164).
_MOST = 15
#: Longer than any number but for a prefix that leaves the country (E.164); cards; bank accounts.
_TOO_LONG = re.compile(
    r"(?<![+\d])(?:(?!00|011)\d{14,}|(?:\d{4}[ -]){3}\d{4}(?!\d))"
    r"|(?<![^\W_])[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?(?![^\W_])"
)
#: Formats of something else.
_OTHER = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}|\d{3}-\d{2}-\d{4}|(?:\d{4}[ -]){3}\d{2,4}"
    r"|(?:19|20)\d\d([-/.])\d\d?\1\d\d?(?:[ T]\d\d?.*)?|\d\d?([-/.])\d\d?\2(?:19|20)\d\d.*"
    r"|\D{0,3}[1-9]\d{0,8}\.\d{6}"  # seconds since a machine started
)
#: Digits that are something else as a whole, so that no plan need be asked.
_NEVER = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|\d{3}-\d{2}-\d{4}"
    r"|(?:(?:19|20)\d\d([-/.])\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2(?:19|20)\d\d)"
    r"(?:[ ,]{1,2}\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[ ]?[+-]\d\d:?\d\d)?)?"
    r"|\d{1,9}\.\d{6}|(?:\d\d?:)?\d\d?:\d\d(?:[.,]\d{1,9})?(?:[ ]?[+-]\d\d:?\d\d)?)"
)
#: The number is a part of a longer one: of a time, a version, a policy's.
_WITHIN = re.compile(r"\d[.:]\Z|[A-Z]-\Z")
#: Labels of numbers that nobody dials, right before one.
_NUMBERED = re.compile(
    r"(?:(?<![^\W_])(?:no|nr|n[°º]|id|ref|routing|cpf|cnpj|nif|nie|nss|nhs|nhs number|bsn|pesel|nip"
    r"|nhc|nass|nuss|cipa|nº ?col|colegiado|expediente|episodio|historia|póliza|dossier|adhérent"
    r"|regon|ssn|sin|tfn|abn|mrn|ipp|npi|imei|isbn|issn|ean|upc|gtin|pid|medicare|siret|siren|nino"
    r"|(?:account|order|invoice|ticket|case|part|customer|policy|member|membership|passport|licence"
    r"|license|identity|security|insurance|record|reference|tracking|serial|batch|build|job|run)"
    r"(?:[ _-]?(?:number|num|no))?)|#|\w{3,24}(?:nummer|nr))[.:]{0,2}\W{0,4}\Z",
    re.IGNORECASE,
)
#: How far before a number its label begins.
_LABEL_REACH = 40
#: Plans that are asked about a number without a country code; any country's code is understood.
#: That of the US is Canada's too.
_REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "BR")
#: Plans under which any nine digits are a number: it takes a word like "phone" before them.
_LOOSE = ("IT", "ES", "NL", "PL", "PT", "CH", "AT", "BE")
#: All of them.
PLANS = (*_REGIONS, *_LOOSE)
_UNCONFIRMED = 0.3
_CONTEXT = (
    "phone", "telephone", "tfno", "tlf", "tlfno", "telef", "movil", "cell", "cellphone", "mobile", "call", "fax", "tel", "dial", "sms",
    "whatsapp", "telefon", "handy", "mobil", "anrufen", "rückruf", "rufnummer",
    "téléphone", "telephone", "portable", "appeler", "joindre", "teléfono", "móvil", "celular",
    "llamar", "telefono", "cellulare", "chiamare", "telefone", "telemóvel", "ligar", "telefoon",
    "mobiel", "bellen", "gsm", "komórka", "zadzwoń",
)  # fmt: skip
#: How words that ask for a call begin.
_STEMS = (
    "contact", "contatt", "kontakt", "erreich", "llám", "llam", "ligue", "ligou", "ligad", "liga-",
    "chiam", "appel", "rappel", "bereik", "dzwon", "dzwoń", "komórk", "tlf", "tfno", "móv", "ruf ",
)  # fmt: skip
_CALLS = (*_CONTEXT, *_STEMS)
_SAID = re.compile("|".join(_CALLS), re.IGNORECASE)


class _Calls:
    """Where a text asks for a call; looked for once, when somebody wants to know."""

    _words = ahocorasick.Automaton()
    for _word in _CALLS:
        _words.add_word(shape(_word), len(_word))
    _words.make_automaton()

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        ends = self._words.iter(shape(self._text))
        return [(last + 1 - length, last + 1) for last, length in ends]

    def within(self, low: int, high: int) -> bool:
        """Say whether one stands in a stretch of the text."""
        return any(low <= start and end <= high for start, end in self._places)

    def before(self, place: int) -> bool:
        """Say whether one begins before a place."""
        return any(start < place for start, _ in self._places)


class Phone(PhoneRecognizer):
    """PHONE_NUMBER."""

    #: As many digits as a number has, as far apart as they may be.
    NEEDS = (
        A_DIGIT,
        re.compile(r"\d(?:[^\d\n\t;|]{0,17}\d){6}"),
    )

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(
            context=list(_CONTEXT), supported_language=supported_language, name="Phone"
        )

    def load(self) -> None:
        """Compile the plans, so that no text pays for it (Presidio calls this once)."""
        for region in PLANS:
            knows(region, frozenset({"2125550123"}))

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each number; see Presidio's base class."""
        found: dict[tuple[int, int], tuple[str, float]] = {}
        calls = _Calls(text)
        for low, high, called in _islands(text):
            for start, end, region, score in _numbers(text, low, high, calls, called=called):
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


def _islands(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield where a number may stand, with the mark before it and what its end is judged by.

    The third says whether it is one number with the code of its country, so that any plan knows it.
    """
    for match in _ISLAND.finditer(text):
        shown = match.group()
        if (digits := _digits(shown)) >= _FEWEST and not _NEVER.fullmatch(shown):
            low = max(0, match.start() - 3)
            called = "+" in text[low : match.start()] and "+" not in shown and digits <= _MOST
            yield low, min(len(text), match.end() + 1), called


def _numbers(
    text: str, low: int, high: int, calls: _Calls, *, called: bool
) -> Iterator[tuple[int, int, str, float]]:
    """Yield start, end, plan and score of each number in a stretch of text.

    Args:
        text: the window.
        low: where the stretch starts.
        high: where it ends.
        calls: where it asks for a call; if nowhere before, digits without any mark between them or
            a prefix could be any number.
        called: the stretch begins with the code of a country.
    """
    stretch = _TOO_LONG.sub(lambda match: " " * len(match.group()), text[low:high])
    said = calls.within(low - CONTEXT_REACH, high)
    before = text[max(0, low - _LABEL_REACH) : low]
    left = {place for place, character in enumerate(stretch) if character.isdecimal()}
    regions = _REGIONS[:1] if called else (*_REGIONS, *(_LOOSE if said else ()))
    found = runs(stretch)
    for region in regions:
        if len(left) < _FEWEST:
            return  # a further plan could only name the same numbers
        if not knows(region, found):
            continue
        score = PhoneRecognizer.SCORE if region in _REGIONS else _UNCONFIRMED
        matches = Matcher(stretch, region, leniency=1, min_candidate_length=_FEWEST)
        for match in matches:
            left.difference_update(range(match.start, match.end))
            number = match.raw_string
            if _digits(number) < _FEWEST or _OTHER.fullmatch(number):
                continue
            if number[0] != "+" and _is_other(before + stretch[: match.start]):
                continue
            bare = number.isdecimal() and number[0] != "0" and not calls.before(high)
            yield low + match.start, low + match.end, region, _UNCONFIRMED if bare else score


def _is_other(before: str) -> bool:
    """Say whether what stands before a number makes it part of another, or another's number."""
    if _WITHIN.search(before):
        return True
    label = before[-_LABEL_REACH:]
    return _NUMBERED.search(label) is not None and _SAID.search(label) is None


def something_else(value: str) -> bool:
    """Say whether a number has the format of something else: a date, an address of a machine."""
    return bool(_OTHER.fullmatch(value) or _NEVER.fullmatch(value))


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))
