"""Where a street with a house number may stand: the number is looked for, its words say the rest.

Each language puts the number before the street's name (12 Baker Street, 4 rue Monge) or after it
(Hauptstraße 12a, Via Roma 5, ul. Długa 27/4), and the word for "street" before, behind or inside
the name. So every number that could count houses is taken, and the words beside it are read, up to
`REACH` characters of the same line: linear in the length of a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from proxy.detect.recognizers.address_formats import (
    BOX,
    BOX_NUMBER,
    BOX_WEAK,
    CAPITAL,
    COMPASS,
    COUNTED,
    ENGLISH,
    ENGLISH_WEAK,
    FIRST,
    FIRST_WEAK,
    LAST,
    LAST_WEAK,
    NO_STREETS,
    NOT_COUNTED,
    NUMBER,
    NUMBER_WORD,
    ON,
    PARTICLES,
)
from proxy.detect.recognizers.anchored import Anchored, beginning, matches_at
from proxy.detect.recognizers.labels import fold, folded

#: How many characters before a number its street's name may begin.
REACH = 64
_MOST_WORDS = 7
#: A compound up to this length may be another word: Umweg, Hamster.
_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Street:
    """A street and a number.

    Attributes:
        start: where it starts.
        end: where it ends.
        sure: its words leave little doubt; otherwise a postcode or a label must confirm it.
        named: it has a word for "street"; otherwise any name with a number behind it.
    """

    start: int
    end: int
    sure: bool
    named: bool = True


_NUMBER_BEHIND = Anchored(
    beginning(r"\dsSnkč", r"[^ ,]"),
    rf"(?:(?<=[^\W\d_][ ,])|(?<=[.,'\u2019\u00b4/][ ]))(?:{NUMBER_WORD})?(?P<number>{NUMBER}"
    rf"|[sS]/[nN]º?){NOT_COUNTED}",
)
_DIGIT = re.compile(r"\d|[sS]/[nN]")
_ENDS_SEGMENT = re.compile(r"[\n\t|;:\"()<>{}=\[\]·•]|\\n|,\s(?!\s*\Z)|(?<![^\W\d_])['\u2019]")
_WORD = re.compile(r"[^\s,]+,?")
_NAME = re.compile(
    rf"[{CAPITAL}][\w'\u2019\u00b4.&-]*|\d{{1,2}}\.?|[IVX]+"
    rf"|[dl]['\u2019\u00b4][{CAPITAL}][\w'\u2019-]*"
)
_JOINED_TYPE = re.compile(rf"[Cc]/[{CAPITAL}]")
_HYPHENATED = re.compile(r"-[^\W\d]+\Z")

_PROPER = (
    rf"(?:[{CAPITAL}][\w'\u2019&-]*\.?|\d{{1,3}}(?:st|nd|rd|th)|of|the|de|la|del|las|los|le|y)"
)
_HOUSE = rf"(?P<number>{NUMBER}),?"
_ENDS = (
    r"\b(?:(?<![a-z]{4})\.(?=,|\r?\n|[ ](?:\d|\#|[A-Z]{2}\b|Apt|Suite|Unit)))?(?![\w'\u2019]|-\w)"
)
#: Where a house number before its street's name may begin, and what must follow it at least.
_HOUSE_BEGINS = beginning(r"\d", r"[\w.#$€£@/=+-]", r"\d[,: ]")
_HOUSE_OF_A_STREET = re.compile(rf"{_HOUSE}(?:[ ](?=[^\W_])|(?=[^\W\d_]))")
_ENGLISH = re.compile(
    rf"{_HOUSE}[ ](?:{COMPASS}[ ])?(?:{_PROPER}[ ]){{1,4}}?"
    rf"(?:(?P<sure>(?i:{ENGLISH}))|(?P<weak>(?:{ENGLISH_WEAK.title()}"
    rf"|{ENGLISH_WEAK.upper()}))){_ENDS}"
    rf"(?:[ ](?P<more>(?i:{ENGLISH}|{ENGLISH_WEAK})){_ENDS})?"
    rf"(?:[ ]{COMPASS})?"
)
_NAME_GOES_ON = re.compile(rf"[ ](?!Apt|Apartment|Suite|Ste|Unit|Flat|Room|Floor)[{CAPITAL}][a-z]")
_BROADWAY = re.compile(rf"{_HOUSE}[ ](?:{COMPASS}[ ])?(?:Broadway|The[ ](?:Mall|Strand|Green))\b")
_LOWER = re.compile(
    rf"{_HOUSE}[ ](?:[a-z][\w'\u2019-]*[ ]){{1,3}}"
    rf"(?:street|st|avenue|ave|road|rd|lane|ln|blvd|crescent|gardens|grove|mews|terrace){_ENDS}"
)
#: Words for "street" behind a number; Spanish and Italian ones as they are used in America.
_ROMANCE_WORDS = (
    "rue|avenue|av|ave|boulevard|bd|bld|blvd|chemin|impasse|allées?|allees?|place|pl|quai|cours|route"
    "|rte|faubourg|ruelle|sentier|passage|square|villa|esplanade|promenade|résidence|lotissement|montée"
    "|traverse|rond-point|Rue|Avenue|Boulevard|Chemin|Impasse|Allée|Place|Quai|Cours|Route|RUE|AVENUE"
    "|BOULEVARD|CHEMIN|IMPASSE|PLACE|Calle|Camino|Avenida|Paseo|Via"
)
_SMALL = (
    r"(?:de[ ]la|de[ ]l['\u2019]|de|du|des|la|le|les|d['\u2019]|l['\u2019]|à|aux?|en|sur|sous|et"
    r"|del|los|las|el|di|sainte?)"
)
_PROPER_NAME = rf"[{CAPITAL}](?:[\w'\u2019-]*\w)?"
_ROMANCE = re.compile(
    rf"{_HOUSE}[ ]?(?P<type>{_ROMANCE_WORDS})\b\.?[ ](?:{_SMALL}[ ]?){{0,2}}(?:{_PROPER_NAME}|\d+)"
    rf"(?:[ -](?:{_SMALL}[ -]?){{0,2}}{_PROPER_NAME}){{0,4}}"
)
#: A number and a name that says nothing of a street: "25 Sonnwend", "7 Rua Nova".
_NUMBER_FIRST = re.compile(
    rf"{_HOUSE}[ ](?:{COMPASS}[ ])?{_PROPER_NAME}(?:[ -](?:{_SMALL}[ -]?){{0,2}}{_PROPER_NAME}){{0,3}}"
    r"(?![\w'\u2019])"
)
_BOX = Anchored(
    re.compile(r"(?:P[. Oor]|GP|Ap|C[aPS]|B[oP.]|Sk|sk|Li|li)(?<!\w..)"),
    rf"(?:(?:{BOX}|(?P<weak>{BOX_WEAK})){BOX_NUMBER}"
    rf"|[Ll]ieu-?dit(?:[ ][{CAPITAL}][\w'\u2019-]{{1,24}}){{1,3}})",
    somewhere=r"[ ]\d|[Ll]ieu",
)


def streets(text: str) -> Iterator[Street]:
    """Yield what may be a street with its number, in no order; spans may overlap."""
    if not _DIGIT.search(text):
        return
    for match in _BOX.finditer(text):
        yield Street(*match.span(), sure=not match["weak"])
    begins = (first.start() for first in _HOUSE_BEGINS.finditer(text))
    houses = [place for place in begins if _HOUSE_OF_A_STREET.match(text, place)]
    for match in matches_at(_ENGLISH, text, houses):
        doubtful = (
            match["weak"] or _is_year(match["number"]) or _NAME_GOES_ON.match(text, match.end())
        )
        yield Street(*match.span(), sure=not doubtful)
    for match in matches_at(_BROADWAY, text, houses):
        yield Street(*match.span(), sure=False)
    for match in matches_at(_LOWER, text, houses):
        yield Street(*match.span(), sure=False)
    for match in matches_at(_ROMANCE, text, houses):
        yield Street(*match.span(), sure=match["type"].lower() not in FIRST_WEAK)
    for match in matches_at(_NUMBER_FIRST, text, houses):
        yield Street(*match.span(), sure=False, named=False)
    for match in _NUMBER_BEHIND.finditer(text):
        if found := _before(text, match):
            yield found


def _is_year(number: str) -> bool:
    return len(number) == 4 and number[:2] in {"19", "20"}


#: Most numbers have no such word before them, which the text's spelling says at once.
_FIRST_WORDS = FIRST | FIRST_WEAK


def _before(text: str, number: re.Match[str]) -> Street | None:
    """Return the street whose name ends before a number."""
    low = max(0, number.start() - REACH)
    segment = text[low : number.start()]
    for mark in _ENDS_SEGMENT.finditer(segment):
        low = number.start() - len(segment) + mark.end()
    words = list(_WORD.finditer(text, low, number.start()))
    if not words:
        return None
    end, count = number.end(), number["number"]
    spelled = folded(text).text[low : number.start()].replace("ß", "ss").replace(",", " ").split()
    may_be_typed = not _FIRST_WORDS.isdisjoint(spelled) or "/" in segment
    if may_be_typed and (found := _type_first(words, end, count)):
        return found
    if count[0].isdigit() and (found := _type_last(words, end)):
        return found
    return _any_name(words, end, count)


def _plain(word: str) -> str:
    return fold(word.strip(".,")).strip().replace("ß", "ss")


def _type_first(words: list[re.Match[str]], end: int, count: str) -> Street | None:
    """Read "Via Roma", "Avda. de la Constitución,", "calle del pez" before a number."""
    found = None
    capital = lower = False  # what the name's words begin with, so far
    for word in reversed(words[-_MOST_WORDS:]):
        raw = word.group()
        plain = _plain(raw)
        joined = bool(_JOINED_TYPE.match(raw))
        if joined or plain in FIRST or plain in FIRST_WEAK:
            if capital or lower or joined:
                sure = (capital or joined) and plain not in FIRST_WEAK and not _is_year(count)
                found = Street(word.start(), end, sure=sure)
            capital = True
            continue
        if raw[-1] == "," and word is not words[-1]:
            break
        if plain in PARTICLES:
            continue
        named = bool(_NAME.fullmatch(raw.strip(",")))
        if named if lower else (not named and (capital or not plain)):
            break
        capital = capital or (named and not plain.isdigit())
        lower = lower or not named
    return found


def _type_last(words: list[re.Match[str]], end: int) -> Street | None:
    """Read "Hauptstraße", "Mariahilfer Straße", "Rosa-Luxemburg-Platz" before a number."""
    raw = words[-1].group().rstrip(",")
    last = _plain(raw)
    sure = last.endswith(LAST)
    if not sure and not last.endswith(LAST_WEAK):
        return None
    if last in LAST or last in LAST_WEAK:
        first = _first_of_name(words[:-1])
        return Street(first.start(), end, sure=sure) if first else None
    if last in NO_STREETS:
        return None
    long = len(last) > _SHORTEST
    if not raw[0].isupper():
        return Street(words[-1].start(), end, sure=False) if sure and long else None
    hyphenated = bool(_HYPHENATED.search(raw))
    return Street(words[-1].start(), end, sure=long and (sure or hyphenated))


def _any_name(words: list[re.Match[str]], end: int, count: str) -> Street | None:
    """Read "Hinterm Deich", "Speicherhof", "Vinohradská": any name before a number."""
    if _plain(words[-1].group()) in COUNTED or not (first := _first_of_name(words)):
        return None
    return Street(first.start(), end, sure=False, named=not count[0].isdigit())


def _first_of_name(words: list[re.Match[str]]) -> re.Match[str] | None:
    """Return the first of the capitalised words at the end, particles between them included."""
    first = None
    for word in reversed(words[-4:]):
        raw = word.group().rstrip(",")
        if raw != word.group() and word is not words[-1]:
            break
        if _NAME.fullmatch(raw):
            first = word
        elif first is None or _plain(raw) not in PARTICLES:
            break
        if _plain(raw) in ON:
            break
    return first
