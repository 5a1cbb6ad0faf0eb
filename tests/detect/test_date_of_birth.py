"""Dates of birth in eight languages, and the dates that stand beside them."""

from collections.abc import Callable

import pytest

from proxy.detect.recognizers.date_of_birth import DateOfBirthRecognizer

Find = Callable[..., list[tuple[str, str]]]


def births(find: Find, text: str, label: str = "") -> list[str]:
    return [value for entity, value in find(text, label) if entity == "DATE_OF_BIRTH"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DOB 03/02/84", "03/02/84"),
        ("d.o.b. 9 Jan 1966, Oldham", "9 Jan 1966"),
        ("Is 2001-04-03 (date of birth) right?", "2001-04-03"),
        ("3.4.2001 ist ihr Geburtsdatum", "3.4.2001"),
        ("04/03/2001 is the patient's birthday", "04/03/2001"),
        ("Her birthday is the 3rd of March 1984.", "3rd of March 1984"),
        ("my bday is march 3rd, 1984", "march 3rd, 1984"),
        ("born 12-Mar-1984 in Leeds", "12-Mar-1984"),
        ("Jane was born in Leeds on 3 March 1984.", "3 March 1984"),
        ("née Leroy le 17-08-1951", "17-08-1951"),
        ("geboren am 11. Februar 1984 in Odessa", "11. Februar 1984"),
        ("Geb.-Datum: 05.09.1993", "05.09.1993"),
        ("geb. 5. 9. 1993", "5. 9. 1993"),
        ("née le 12/08/1989 à Quimper", "12/08/1989"),
        ("Né(e) le : 22/11/1971", "22/11/1971"),
        ("né à Poitiers le 1er janvier 1964", "1er janvier 1964"),
        ("Date de naissance : 30 avril 1957", "30 avril 1957"),
        ("nacida el 8 de marzo de 1990", "8 de marzo de 1990"),
        ("Fecha de nacimiento: 27-10-1950", "27-10-1950"),
        ("nato a Napoli il 8 agosto 1970", "8 agosto 1970"),
        ("Data di nascita: 21/04/1963", "21/04/1963"),
        ("nascido em 14 de março de 1992", "14 de março de 1992"),
        ("D.N. 05/12/1944", "05/12/1944"),
        ("geboren op 4 november 1955", "4 november 1955"),
        ("Geboortedatum 23-06-1981", "23-06-1981"),
        ("ur. 11.05.1963 w Łodzi", "11.05.1963"),
        ("urodzona 24 maja 1980 r. w Gdyni", "24 maja 1980"),
        ("Data urodzenia: 1981-01-24", "1981-01-24"),
        ("Gottfried Ammer, *02.07.1947, Norden", "02.07.1947"),
        ("DOB and postcode?\nvisitor_88: 07/09/91, M20 6UA", "07/09/91"),
        ("PID|1||PAT-3||OYE^TITI||19890407|F||", "19890407"),
        ("Date of birth: 03021984", "03021984"),
        ('{"dob": "1995-10-12"}', "1995-10-12"),
        ('"birthDate": "1995-10-12T00:00:00Z"', "1995-10-12"),
        ("| Name | Date of birth |\n|---|---|\n| Zhang Wei | 30/11/1990 |", "30/11/1990"),
        ("Nachname;Geb.-Datum;Ort\nEl Khoury;17.01.1999;Ulm", "17.01.1999"),
    ],
)
def test_a_date_that_somebody_was_born_on(find: Find, text: str, value: str) -> None:
    assert births(find, text) == [value]


@pytest.mark.parametrize("label", ["dob", "birth_date", "dateNaissance", "fecha_nacimiento"])
def test_the_key_of_a_part_is_a_label(find: Find, label: str) -> None:
    assert births(find, "1995-10-12", label) == ["1995-10-12"]
    assert births(find, "1995-10-12") == []


@pytest.mark.parametrize(
    "text",
    [
        "aged 41 on 3 March 2025",
        "Patient, 68 years old, seen on 12.03.2025",
        "Geburtenrate 2024: 1,35; Stand 01.02.2025",
        "* 02.07.2025 release notes\n* 03.07.2025 hotfix",
        "Invoice date: 2025-10-12",
        "Gerechnet ab 12.03.2025, fällig 12.04.2025",
        "Did she give birth?\nThe report of April 26, 1990 says so.",
        "born in 1962, joined on 3 March 1984",
        "reborn-project 2024-03-02",
        "Name;Hired\nWei;30/11/1990",
    ],
)
def test_other_dates(find: Find, text: str) -> None:
    assert births(find, text) == []


def test_only_the_date_of_birth_of_several_dates(find: Find) -> None:
    text = "Born 3 March 1984, hired on 1 June 2010, left on 2 May 2024."
    assert births(find, text) == ["3 March 1984"]


@pytest.mark.parametrize(
    "unit", ["born ", "1984-", "born 1984-03-0", "dob?\n", "3 march ", "*1.1."]
)
def test_hostile_text_takes_linear_work(unit: str) -> None:
    """A quadratic pattern would need minutes for this and be stopped by the suite's own limit."""
    DateOfBirthRecognizer().analyze(unit * (200_000 // len(unit)), [])
