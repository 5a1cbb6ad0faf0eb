"""Places by name, organizations by what they are called; and what is neither."""

from __future__ import annotations

import pytest

from proxy.detect.names.known import companies_known, places_known
from proxy.detect.names.pieces import Named
from proxy.detect.names.plausible import uses_capitals
from proxy.detect.names.recognizer import with_known


def _places(text: str) -> list[str]:
    return [text[one.start_char : one.end_char] for one in places_known(text)]


def _companies(text: str) -> list[str]:
    return [text[one.start_char : one.end_char] for one in companies_known(text)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("País de nacimiento: España.", "España"),
        ("TEHRAN (AFP) -", "TEHRAN"),
        ("a visa for the UK, please", "UK"),
        ("je viens de Côte d'Ivoire.", "Côte d'Ivoire"),
        ("mieszkam w Wielkiej Brytanii", "Wielkiej Brytanii"),
        ("Wir liefern nach Nordrhein-Westfalen.", "Nordrhein-Westfalen"),
        ("from brittany france", "france"),
        ("Fantastic Nova Scotia Cottage", "Nova Scotia"),
        ("we are flying to Sofia", "Sofia"),
        ("He moved to New York City's outskirts", "New York City"),
    ],
)
def test_places(text: str, place: str) -> None:
    assert _places(text) == [place]


@pytest.mark.parametrize(
    "text",
    [
        "Tirana",  # holds Iran
        "bern@berlin.example, /Berlin/x, berlin-office",
        "Jack London wrote it",
        "Texas Instruments",
        "a piece of mali",
        "Sofia and Florence rang",  # given names
    ],
)
def test_no_places(text: str) -> None:
    assert _places(text) == []


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("que trabaja en Conservas Atlántida S.L. desde", "Conservas Atlántida S.L."),
        ("von Hansa Getriebe GmbH & Co. KG in Ulm", "Hansa Getriebe GmbH & Co. KG"),
        ("z Meble Sudety Sp. z o.o., że", "Meble Sudety Sp. z o.o."),
        ("signed by Miller and Sons", "Miller and Sons"),
        ("Northfold Energy, Inc. said", "Northfold Energy, Inc."),
        ('Hospital Universitario "San Cecilio" de', 'Hospital Universitario "San Cecilio"'),
        ("al Centro de Saúde de Lamego", "Centro de Saúde de Lamego"),
        ("Adams, Baker and Clark LLP", "Adams, Baker and Clark"),
    ],
)
def test_organizations(text: str, company: str) -> None:
    assert company in _companies(text)


@pytest.mark.parametrize("text", ["the hospital is closed", "a group of friends", "AG 12", "S.A."])
def test_no_organizations(text: str) -> None:
    assert _companies(text) == []


def test_an_organization_is_taken_whole_and_its_founder_stays_somebody() -> None:
    text = "CONTRATANTE: Padaria Estrela do Sul Ltda."
    person = Named(13, 35, "PERSON", 0.9)
    assert text[13:35] == "Padaria Estrela do Sul"
    assert [one.label_ for one in with_known(text, [person])] == ["ORG"]
    text = "Anna Miller Ltd"
    kept = list(with_known(text, [Named(0, 11, "PERSON", 0.9)]))
    assert ("PERSON", 0, 11) in [(one.label_, one.start_char, one.end_char) for one in kept]


def test_what_a_model_named_isnt_named_again() -> None:
    found = [Named(3, 9, "GPE", 0.85)]
    assert list(with_known("in France", found)) == found


def test_a_text_that_uses_capitals() -> None:
    assert uses_capitals("Dolor abdominal. Paciente de 40 años.")
    assert not uses_capitals("ask hector. he knows")
    assert not uses_capitals("12 34")
