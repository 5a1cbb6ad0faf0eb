"""Nationality, religion and union where they are said of somebody; languages are neither."""

import pytest

from proxy.detect.recognizers.nationality_said import NationalitySaidRecognizer
from proxy.detect.spans import RawSpan
from proxy.detect.structure import meant
from proxy.exchange import Finding


def _said(text: str) -> list[str]:
    return [text[one.start : one.end] for one in NationalitySaidRecognizer().analyze(text, [])]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("di cittadinanza austriaca, passaporto", "austriaca"),
        ("Samuele segue la religione pentecostale e", "pentecostale"),
        ("de nacionalidad camerunesa.", "camerunesa"),
        ("nationaliteit Indonesische, paspoort", "Indonesische"),
        ("Staatsangehörigkeit polnisch", "polnisch"),
        ("narodowości czeskiej", "czeskiej"),
        ("de nationalité ghanéenne, titre", "ghanéenne"),
        ("Farrukh Yusupov, Uzbek citizen", "Uzbek"),
        ("Iracema Tavares, brasileira, divorciada", "brasileira"),
        ("seit Mai Mitglied der NGG und", "NGG"),
        ("iscritto alla CGIL, che", "CGIL"),
        ("Il est délégué CGT.", "CGT"),
        ("Süleyman Aydın (muslimisch, kein", "muslimisch"),
    ],
)
def test_what_is_said_of_somebody(text: str, said: str) -> None:
    assert _said(text) == [said]


@pytest.mark.parametrize(
    "text",
    [
        "Senior citizens pay less.",
        "la nacionalidad del solicitante",
        "nationaliteit en geboortedatum",
        "a Norwegian national identity number",
        "Wir sind Mitglied der Innung",
    ],
)
def test_what_is_said_of_nobody(text: str) -> None:
    assert _said(text) == []


@pytest.mark.parametrize(
    ("text", "word", "entity"),
    [
        ("Translate to Spanish, keep the layout", "Spanish", None),
        ("It should work in English, German and Polish, please", "Polish", None),
        ("answer in British spelling", "British", None),
        ("two Spanish men were seen", "Spanish", "NRP"),
        ("1) Oksana Hrytsenko, Ukrainian, passport", "Ukrainian", "NRP"),
    ],
)
def test_a_nations_word_is_one_of_people_or_a_language(
    text: str, word: str, entity: str | None
) -> None:
    start = text.index(word)
    found = Finding("LOCATION", start, start + len(word), 0.8, "SpacyRecognizer")
    kept = [one.finding.entity for one in meant(text, [RawSpan(found, model=True)])]
    assert kept == ([entity] if entity else [])
