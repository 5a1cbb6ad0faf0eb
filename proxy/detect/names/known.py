"""Places and organizations that are known by name or by a word in it, whatever a model says.

`places.txt` holds countries, their parts and large towns. An organization says what it is: by its
legal form (GmbH, S.A.), or by what it is called after ("Hospital", "Universidad de"). Names that
are also people's (Paris, Sofia) count only where nothing makes them somebody's. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import ahocorasick

from proxy.detect.names.given import is_given_name
from proxy.detect.names.pieces import Named

_PLACES = Path(__file__).with_name("places.txt")
_PLACE_SCORE, _COMPANY_SCORE = 0.6, 0.7
_SHORT = 3
#: Characters that a name isn't known beside: it is a part of something longer.
_GLUED_BEFORE = re.compile(r"[\w@#$/\\.=&-]\Z")
_GLUED_AFTER = re.compile(r"[\w@=/\\(]|[-.:][\w/]|['\u2019](?!s\b)[^\W\d_]")
#: A town's name behind a given name or before a capital is another's: "Jack London", "Paris Match".
_WORD_BEFORE = re.compile(r"[^\W\d_]+(?=[ ]\Z)")
_CAPITAL_AFTER = re.compile(r"[ ][A-Z][a-z]")
#: What stands before places and not before people: "in Sofia", "flying to Paris".
_WHERE = re.compile(r"\b(?:in|near|across|throughout|[a-z]{2,}ing to|trip to|back to) \Z")

#: Written without a capital, only these are taken for places that spaCy may have missed.
PLACES_IN_LOWER_CASE = frozenset(
    (  # noqa: SIM905  # a list of words reads better so
        "france germany spain italy portugal poland netherlands belgium austria switzerland sweden"
        " norway denmark finland greece england scotland wales ireland ukraine russia india"
        " pakistan punjab china japan korea vietnam thailand mexico canada brazil argentina"
        " colombia australia egypt nigeria kenya iran iraq israel florida texas california ohio"
        " michigan arizona london berlin madrid rome vienna dublin brussels amsterdam lisbon"
        " warsaw chicago boston seattle miami atlanta toronto mumbai delhi dubai tokyo"
    ).split()
)

_WORD = r"[^\W\d_a-zß-öø-ÿ][\w'\u2019&.-]{0,30}"
_LINK = (
    r"(?:of|the|and|for|de|del|la|las|los|el|y|e|i|do|da|dos|das|di|dei|du|des|der|die|und|für|&)"
)
_NAME = rf"{_WORD}(?:[ ](?:{_LINK}[ ]){{0,2}}{_WORD}){{0,5}}"
_FORM = (
    r"(?:Inc\.?|LLC|L\.L\.C\.|LLP|Ltd\.?|Limited|PLC|plc|Corp\.?|Corporation"
    r"|g?GmbH(?:[ ]&[ ]Co\.?[ ]KG)?|AG|KG(?:aA)?|OHG|GbR|mbH|UG(?:[ ]\(haftungsbeschränkt\))?|eG"
    r"|e\.?V\.|SARL|EURL|SAS|SASU|SNC|SCOP|S\.A\.S\.|S\.A\.R\.L\.|SA|&[ ]Cie"
    r"|S\.L\.(?:U\.?|L\.)?|S\.A\.U?|S\.C\.|S\.?p\.?A\.?|S\.?r\.?l\.?s?|S\.R\.L\.|S\.n\.c\.|S\.a\.s\."
    r"|Ltda\.?|Lda\.?|EIRELI|B\.?V\.?|N\.V\.|V\.?O\.?F\.?"
    r"|[Ss]p\.[ ]z[ ]o\.[ ]?o\.|[Ss]p\.[ ][jk]\.|Pty[ ]Ltd|A/S|ApS|AB|ASA|Oyj?|s\.r\.o\.|a\.s\."
    r"|Kft\.?|Zrt\.?|d\.o\.o\.|A\.Ş\.|Ltd\.[ ]Şti\."
    r"|and[ ]Sons|&[ ]Sons|and[ ]Daughters|&[ ]Söhne|Holdings?|Group|Gruppe|Co-operative|Co-op)"
)
_WITH_FORM = re.compile(rf"(?<![\w&.-]){_NAME},?[ ]{_FORM}(?![\w-])")
_HOUSE = (
    r"(?:Hospital|Hôpital|Ospedale|Ziekenhuis|Szpital|Klinikum|Universitätsklinikum|Krankenhaus"
    r"|Clínica|Clinique|Policlinico|Complejo[ ]Hospitalario|Centro[ ]de[ ](?:Salud|Saúde)"
    r"|Centre[ ]Hospitalier|Azienda|Universidad|Universidade|Université|Università|Universität"
    r"|Uniwersytet|Universiteit|University[ ]of|Instituto|Institut|Istituto|Fundación|Fundació"
    r"|Fundação|Fondazione|Fondation|Servicio[ ]\w+[ ]de[ ]Salud|Facultad[ ]de[ ]\w+|Hospices"
    r"|Stichting|Vereniging|Fundacja|Stowarzyszenie|Spółdzielnia|Przychodnia|Mutuelle|Mutua|Sparkasse"
    r"|Volksbank|Apotheke|Stadtwerke|Amtsgericht|Finanzamt|Lycée|Grundschule|Banco|Banque|Vårdcentralen)"
)
_QUOTED = r"[\"\u00ab\u201c][^\"\u00bb\u201d\n]{2,40}[\"\u00bb\u201d]"
_CALLED = re.compile(
    rf"(?<![\w-]){_HOUSE}(?:[ ](?:{_LINK}[ ]){{0,3}}(?:{_WORD}|{_QUOTED})){{1,6}}(?<![.,])"
)
#: Three surnames, as partners sign.
_PARTNERS = re.compile(
    r"(?<![\w-])[A-Z][a-z]{2,15}, [A-Z][a-z]{2,15} (?:and|&) [A-Z][a-z]{2,15}(?![\w-])"
    r"(?= (?:LLP|LLC|Inc|law|lawyers|solicitors|attorneys|accountants))"
)


def places_known(text: str) -> Iterator[Named]:
    """Yield the places of the list, the longest of those that overlap."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(character.lower()[0] for character in text)
    for last, name in _places().iter_long(lowered):
        start, end = last + 1 - len(name), last + 1
        shown = text[start:end]
        if not shown[0].isupper() and shown not in PLACES_IN_LOWER_CASE:
            continue
        if len(name) <= _SHORT and not shown.isupper():
            continue  # UK, not "Uk"
        if _GLUED_BEFORE.search(text[max(0, start - 1) : start]) or _GLUED_AFTER.match(text, end):
            continue
        if " " not in name and _could_be_anothers(text, start, end):
            continue
        yield Named(start, end, "GPE", _PLACE_SCORE)


def _could_be_anothers(text: str, start: int, end: int) -> bool:
    """Say whether a town's name may be a person's here, or the beginning of a longer name."""
    if _CAPITAL_AFTER.match(text, end):
        return True
    before = text[max(0, start - 30) : start]
    if is_given_name(text[start:end]) and not _WHERE.search(before):
        return True
    word = _WORD_BEFORE.search(before)
    return word is not None and word.group()[0].isupper() and is_given_name(word.group())


def is_place(name: str) -> bool:
    """Say whether a name is on the list, whatever its case."""
    return name.lower() in _places()


def companies_known(text: str) -> Iterator[Named]:
    """Yield organizations that say what they are."""
    for pattern in (_WITH_FORM, _CALLED, _PARTNERS):
        for match in pattern.finditer(text):
            yield Named(*match.span(), "ORG", _COMPANY_SCORE)


@cache
def _places() -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for line in _PLACES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            for name in line.lower().split(";"):
                automaton.add_word(name, name)
    automaton.make_automaton()
    return automaton
