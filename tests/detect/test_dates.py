"""Dates with the name of a month in eight languages, and numbers beside words that are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.detect.recognizers.date_in_words import DateInWordsRecognizer


def _found(text: str) -> list[str]:
    results = DateInWordsRecognizer().analyze(text, ["DATE_TIME"])
    return [text[one.start : one.end] for one in results]


@pytest.mark.parametrize(
    "date",
    [
        "12 March 2024",
        "March 12, 2024",
        "Mar 12",
        "May 3rd",
        "the 1st of June 2025".removeprefix("the "),
        "Sept 2019",
        "13-noviembre-2017",
        "Fri, May 23, 2025 at 4:02 PM",
        "Tue, 4 Feb 2025 16:41:07 +0000",
        "Mittwoch, 7. Mai 2025 09:14",
        "1. Juli 2025",
        "4 mars 2025",
        "3 de junio de 2025",
        "febrero de 2010",
        "20 maggio 2025",
        "1 de fevereiro de 2019",
        "12 mei 2025",
        "1 czerwca 2025",
        "16 czerwca",
    ],
)
def test_dates(date: str) -> None:
    assert _found(f"It was ({date}), they say.") == [date]


@pytest.mark.parametrize(
    "text",
    [
        "3 out of 4, 2 set, 10 may be enough",
        "march on 12 towns",
        "section 4.12 march",
        "in may",
        "port 8080 jan",
        "augustus 3.14",
        "no digits in juni",
    ],
)
def test_no_dates(text: str) -> None:
    assert _found(text) == []


def test_a_date_of_birth_and_an_address_are_no_dates_besides(
    find: Callable[..., list[tuple[str, str]]],
) -> None:
    assert find("DOB 04/17/1952") == [("DATE_OF_BIRTH", "04/17/1952")]
    assert find("host 10.12.7.88 is down") == [("IP_ADDRESS", "10.12.7.88")]
    assert ("DATE_TIME", "20 March 2024") in find("Seen on 20 March 2024.", models=True)
