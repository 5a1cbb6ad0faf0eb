"""Street addresses, from the house to the town: one span, over several lines if need be.

An address is a street with a number (`address_streets`), then units, districts, postcode and town
(`address_formats`). What the street's words leave open is decided by what stands around it: a
postcode, or words such as "lives at". A town alone is no address: `LOCATION` is another entity.
In JSON, tables and forms the field's name decides (`address_fields`).

Every look ahead is bounded, so a text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from presidio_analyzer import AnalysisExplanation, RecognizerResult

from proxy.detect.names.known import is_place
from proxy.detect.recognizers.address_fields import ADDRESS_FIELDS
from proxy.detect.recognizers.address_formats import (
    CAPITAL,
    CLOSED,
    CLOSED_CODE,
    ENGLISH,
    ENGLISH_WEAK,
    JOINT,
    OPEN,
    POSTCODE,
    POSTCODE_TOWN,
    TOWN,
    TOWN_ONLY,
    UK,
    UNIT,
)
from proxy.detect.recognizers.address_streets import Street, streets
from proxy.detect.recognizers.anchored import Anchored, beginning
from proxy.detect.recognizers.labelled import LabelledRecognizer

#: How many units and districts may stand between the street and the town.
_PARTS = 5
#: The cue must end this many characters before an address, or fewer.
_CUE_REACH = 48
_FIELD_EDGES = "\n\t|;^\"'<>"
_SURE, _LIKELY, _POSSIBLE = 0.95, 0.8, 0.6

_NAMES = rf"[{CAPITAL}][\w'\u2019-]{{1,20}}(?:[ ][{CAPITAL}][\w'\u2019-]{{1,20}}){{0,3}}"
_TOWN = re.compile(rf"{JOINT}(?:{CLOSED}|{OPEN})")
_TOWN_OF_ANY_NAME = re.compile(rf"(?! \w){JOINT}{POSTCODE_TOWN}(?=[ ]?(?:[^\w ]|\Z))")
_UNIT = re.compile(rf"(?:[ ]?[,·/-]?[ ]?|,?\s{{1,3}})(?i:{UNIT})(?![\w])")
_DISTRICT = re.compile(
    rf"(?:[ ]?[,·][ ]?|[ ][-\u2013][ ]|,?[ ]?\r?\n[ ]{{0,8}})(?:Col\.[ ]|Bairro[ ]|Urb\.[ ])?{TOWN}"
    rf"(?={JOINT}(?:{CLOSED}|{OPEN}))"
)
_TOWN_BEHIND_COMMA = re.compile(rf"[ ]?,[ ]{TOWN_ONLY}")
_LOWER_TOWN = re.compile(rf",?[ ](?:[a-z]{{2,20}}[ ,]{{1,2}}){{0,3}}(?i:{UK})(?!\w)")
_YEAR = re.compile(r"\D{0,20}(?:19|20)\d\d[ ]")
#: What may stand before a street that begins with its number: a flat, a floor, a building.
_BEFORE = re.compile(
    rf"(?:(?:(?i:flat|apt|apartment|unit|suite|room|studio|shop|lot)\.?[ ](?:\d\w{{0,4}}|[A-Z])"
    rf"|\d{{1,2}}(?:st|nd|rd|th)[ ][Ff]loor|(?:[{CAPITAL}][\w'\u2019-]{{1,20}}[ ]){{1,2}}"
    rf"(?:House|Building|Court|Tower|Centre|Center|Lodge|Cottage|Farm|Mill|Hall|Park)),?(?:[ ]"
    rf"|[ ]?\n)){{1,2}}\Z"
)
#: What stands before postcode and town if the street has no number, or an unusual name.
_UP_TO_TOWN = re.compile(
    rf"(?<![\w.-])(?:(?:(?i:flat|unit|suite|apartment)[ ]\w{{1,5}},[ ])?{_NAMES}[ ](?i:{ENGLISH}"
    rf"|{ENGLISH_WEAK}|pier)\b"
    rf"|(?i:flat|unit|suite|apartment)[ ]\w{{1,5}}|\d{{1,4}}[a-zA-Z]?,?[ ]{_NAMES})"
    rf",?(?:[ ]|[ ]?\n)(?:{_NAMES},[ ]){{0,2}}\Z"
)
#: Words after which somebody's address follows.
_CUE = re.compile(
    r"\b(?:address(?:es)?|adres\w{0,6}|anschrift|wohn\w{0,8}|domicil\w{0,5}|r[eé]sid\w{0,8}"
    r"|liv(?:e|es|ing|ed)"
    r"|located|based|moved|demeurant|habit\w{1,5}|vive\w{0,2}|abita\w{0,3}|mieszka\w{0,6}|zam\."
    r"|zamieszka\w{1,4}"
    r"|woon\w{0,6}|wonende|morad\w{1,4}|mora|vivo|endere[cç]o|indirizzo|direcci[oó]n|si[eè]ge"
    r"|sede|sit[ao]"
    r"|liefer\w{0,6}|livr\w{0,6}|entreg\w{0,4}"
    r"|consegn\w{0,4}|bezorg\w{0,4}|at|alla|nella)\b(?P<link>[^\n.;?!]{0,24})\Z",
    re.IGNORECASE,
)
_RESIDENCE = re.compile(
    r"\b(?:address|anschrift|adresse|wohnhaft|wohnort|wohnt|domicilio|domicile|indirizzo|residenza"
    r"|residente|residing|living|lives?|resides?|demeurant|domicilié|habite|vive|abita|mieszka|zam"
    r"|zamieszkał[ya]|woonplaats|woont|woonachtig|wonende|morada|adres|dirección|endereço|ort"
    r"|location|city|town|ville|ciudad|città|stadt|miasto)(?:\(?e\)?)?[.:]?"
    r"[ ]{1,3}(?:(?:in|at|à|en|a|w|te|em|im)[ ])?\Z",
    re.IGNORECASE,
)
#: Right before any name with a number, they say that it is an address.
_LIVES = re.compile(
    r"\b(?:wohn(?:e|en|t|haft)|li(?:ve|ves|ving)|resid(?:e|es|ing|ent|ente)|demeurant|habit(?:e|ant)"
    r"|vivo|vive|abit[ao]|mieszkam?|zam\.|woont?|wonende|mor[ao]|moved|moving|located|address|adresse"
    r"|anschrift|dirección|indirizzo|morada|endereço|adres)(?:[ ](?:is|was|to|ist|lautet|est|es|è|é"
    r"|to))?(?:[ ]now)?[ ,:]{1,3}(?:at[ ]|to[ ]|te[ ]|in[ ])?\Z",
    re.IGNORECASE,
)
#: One more line or part of an address: a code, or up to four words, and a code behind them.
_CODE = r"(?:(?=[A-Z \d-]*\d)[A-Z\d]{2,5}(?:[ -][A-Z\d]{2,5})?|[A-Z]{2,3})(?![\w-])"
_PART = re.compile(
    rf"(?:[ ]?,[ ]|[ ]{{0,3}},?[ ]?\r?\n[ ,]{{0,8}})"
    rf"(?P<words>[{CAPITAL}][\w'\u2019.-]{{1,20}}(?:[ ][{CAPITAL}][\w'\u2019.-]{{1,20}}){{0,3}})?"
    rf"(?P<code>(?(words)[ ,]{{1,2}}){_CODE})?(?=[ ]?(?:[.,;:)\n\r\"]|\Z))"
)
_POSTCODE_TOWN = Anchored(
    # Labels and letters of countries may stand before its digits: CEP: 01310, D-26121.
    beginning(
        r"\d: A-Z",
        r"[\w.,/:-]",
        r"\d[ ]",
        ahead=r"(?<=\d)|[A-Z.]{0,4}:?[ ]?(?:[A-Z]{1,2}[- ]{1,2})?\d",
    ),
    POSTCODE_TOWN,
    somewhere=rf"\d(?:[ ]?[A-Z]{{2}})?,?[ ][{CAPITAL}]",
)
_ALONE = Anchored(
    beginning("A-Z(", r"[\w.,/-]", ahead=r"[A-Z\d]"),
    CLOSED_CODE,
    somewhere=r"\d(?:[ ]\d[A-Z]{2}|[A-Z][ -]?\d[A-Z]\d|\d{4})",
)
_UP_TO_CODE = re.compile(rf"{TOWN},?[ ]\Z")
#: A postcode in a later cell of the row in which a street stands.
_CELL = re.compile(
    r"[\"']?[ ]?[,;\t|][ ]?[\"']?(?:[^\W\d_][^,;\t|\n\"']{0,30}[\"']?[ ]?[,;\t|][ ]?[\"']?){0,2}"
    rf"(?P<value>{POSTCODE})(?=[\"']?[ ]?[,;\t|\r\n)]|\Z)"
)


@dataclass(frozen=True, slots=True)
class _Address:
    start: int
    end: int
    score: float
    how: str


class AddressRecognizer(LabelledRecognizer):
    """Finds ADDRESS."""

    NEEDS = (frozenset({"0", "s/n"}),)

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(ADDRESS_FIELDS, supported_language, "AddressRecognizer")

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each address; see Presidio's base class."""
        fields = super().analyze(text, entities, nlp_artifacts)
        return _outermost([*fields, *(self._address(one) for one in addresses(text))])

    def _address(self, found: _Address) -> RecognizerResult:
        return RecognizerResult(
            entity_type="ADDRESS",
            start=found.start,
            end=found.end,
            score=found.score,
            analysis_explanation=AnalysisExplanation(
                recognizer=type(self).__name__,
                original_score=found.score,
                pattern_name=found.how,
                # A name that a model sees in a street is that street's name.
                validation_result=True,
            ),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: type(self).__name__,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def addresses(text: str) -> Iterator[_Address]:
    """Yield what is an address by its words and by what surrounds it; spans may overlap."""
    for street in streets(text):
        found = _complete(text, street) if street.named else _of_any_name(text, street)
        if found:
            yield found
            if cell := _CELL.match(text, street.end):
                yield _Address(*cell.span("value"), _LIKELY, "a postcode in the street's row")
    for code in _ALONE.finditer(text):
        if (start := _up_to_code(text, code.start())) != code.start() or code.group()[-1].isalpha():
            yield _Address(start, code.end(), _POSSIBLE, "a postcode with its town")
    for match in _POSTCODE_TOWN.finditer(text):
        if _RESIDENCE.search(text, max(0, match.start() - _CUE_REACH), match.start()):
            yield _Address(*match.span(), _LIKELY, "a postcode with its town, as a residence")


def _up_to_code(text: str, start: int) -> int:
    """Return where town and street before a postcode start, or `start` if there are none."""
    if town := _UP_TO_CODE.search(text, max(0, start - 48), start):
        start = town.start()
        if street := _UP_TO_TOWN.search(text, max(0, start - 80), start):
            start = street.start()
    return start


def _complete(text: str, street: Street) -> _Address | None:
    """Return a street with all that belongs to it, or None if nothing confirms a doubtful one."""
    end, postcode, more = _rest(text, street)
    start = street.start
    if text[start].isdigit() and (before := _BEFORE.search(text, max(0, start - 60), start)):
        start, more = before.start(), True
    if postcode:
        return _Address(start, end, _SURE, "a street with postcode and town")
    if street.sure:
        return _Address(start, end, _LIKELY, "a street with a number")
    cue = _CUE.search(text, max(0, street.start - _CUE_REACH), street.start)
    if cue or more or _fills_field(text, start, end):
        return _Address(start, end, _POSSIBLE, "a street with a number where one is expected")
    return None


def _of_any_name(text: str, street: Street) -> _Address | None:
    """Return a name with a number if a postcode or "lives at" says that it is a street's."""
    town = _TOWN_OF_ANY_NAME.match(text, _units(text, street.end))
    if town and not _YEAR.match(town.group()):
        return _Address(street.start, town.end(), _SURE, "a name and a number with a postcode")
    if _LIVES.search(text, max(0, street.start - _CUE_REACH), street.start):
        return _Address(street.start, street.end, _POSSIBLE, "where somebody lives")
    return None


def _fills_field(text: str, start: int, end: int) -> bool:
    """Say whether nothing else stands in the line, cell or string."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return (not before or before in _FIELD_EDGES) and (not after or after in _FIELD_EDGES)


def _units(text: str, end: int) -> int:
    """Return where the units after a street's number end."""
    for _ in range(_PARTS):
        if not (unit := _UNIT.match(text, end)):
            break
        end = unit.end()
    return end


def _rest(text: str, street: Street) -> tuple[int, bool, bool]:
    """Return where an address ends, whether a postcode is in it, and whether a unit or town is."""
    end, unit = street.end, False
    for _ in range(_PARTS):
        if part := _UNIT.match(text, end):
            unit = True
        elif town := _TOWN.match(text, end) or _LOWER_TOWN.match(text, end):
            return town.end(), True, unit
        else:
            part = _DISTRICT.match(text, end)
        if not part:
            break
        end = part.end()
    if (last := _further(text, end)) > end:
        return last, True, True
    if town := _TOWN_BEHIND_COMMA.match(text, end):
        return town.end(), False, True
    return end, False, unit


def _further(text: str, end: int) -> int:
    """Return where the parts end that a code or a known country or town shows to be an address's."""
    confirmed = end
    for _ in range(_PARTS):
        part = _PART.match(text, end)
        if not part or part.end() == end:
            break
        end = part.end()
        words, code = part["words"], part["code"]
        if (words and is_place(words)) or (code and any(map(str.isdigit, code))):
            confirmed = end
    return confirmed


def _outermost(results: Sequence[RecognizerResult]) -> list[RecognizerResult]:
    """Return the longest of overlapping results."""
    kept: list[RecognizerResult] = []
    for result in sorted(results, key=lambda one: (one.start, -one.end)):
        if kept and result.start < kept[-1].end:
            if result.end - result.start > kept[-1].end - kept[-1].start:
                kept[-1] = result
            continue
        kept.append(result)
    return kept
