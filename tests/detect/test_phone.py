"""Phone numbers as people write them, and numbers that are something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    PhoneMetadata,
    PhoneNumberMatcher,
    example_number,
    national_significant_number,
)

from proxy.detect.recognizers.phone import _SAID, PLANS, Phone, _Calls
from proxy.detect.recognizers.phone_abroad import PhoneAbroadRecognizer
from proxy.detect.recognizers.phone_label import PhoneLabelRecognizer
from proxy.detect.recognizers.phone_plans import Matcher, knows, runs


def _examples() -> list[str]:
    """Numbers as they are dialled within each country, some with its prefix."""
    examples = [national_significant_number(example_number(region)) for region in PLANS]
    return [*examples, *(f"0{number[:3]} {number[3:]}" for number in examples)]


def _found(text: str) -> list[tuple[str, float]]:
    results = Phone().analyze(text, ["PHONE_NUMBER"])
    return [(text[one.start : one.end], one.score) for one in results]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Call (713) 235-1972 today", "(713) 235-1972"),
        ("or 281.848.1619.", "281.848.1619"),
        ("+1 212-848-8400 ext. 12", "+1 212-848-8400 ext. 12"),
        ("Tel. (0)30/123456-78", "(0)30/123456-78"),
        ("le 06 12 34 56 78 svp", "06 12 34 56 78"),
        ("Desk: +41 44 668 18 00", "+41 44 668 18 00"),
        ("from abroad 001-518-640-0854", "001-518-640-0854"),
        ("+48 601 234 567", "+48 601 234 567"),
        ("in 2019, on 12 May, dial 020 7946 0018", "020 7946 0018"),
    ],
)
def test_numbers_are_found_to_their_ends(text: str, number: str) -> None:
    assert _found(text) == [(number, 0.4)]


def test_each_number_of_a_line_is_found() -> None:
    found = _found("+49 30 1234567 or 030 7654321, +33 6 12 34 56 78")
    numbers = sorted(number for number, _ in found)
    assert numbers == ["+33 6 12 34 56 78", "+49 30 1234567", "030 7654321"]


def test_nine_digits_need_a_word_that_says_phone() -> None:
    assert _found("móvil 612 345 678") == [("612 345 678", 0.3)]  # a context word lifts it
    assert _found("pedido 612 345 678") == []


@pytest.mark.parametrize(
    "text",
    [
        "WA 16469",
        "card 4992819677820891",
        "card 4992 8196 7782 0891",
        "at 86.121.97.248",
        "2005.09/20050917034321",
        "SSN 054-28-6917",
        "DE89 3704 0044 0532 0130 00",
        "2026-11-23 09:10:30",
        "12/05/2020",
        "1, 2, 3 and 2019",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tel.: 655 5541", "655 5541"),
        ("phone number is (07) 3856 8427", "(07) 3856 8427"),
        ("Please call me at 83-938-4719.", "83-938-4719"),
        ("Tfno. 848 42 21 34", "848 42 21 34"),
        ("Handynummer lautet 0170/1234567", "0170/1234567"),
        ('{"mobile": "+372 5123 4567"}', "+372 5123 4567"),
        ("numer telefonu: 22 123 45 67", "22 123 45 67"),
        ("Proszę o kontakt: 600 555 018 lub mailowo", "600 555 018"),
        ("o meu número é 912 551 209", "912 551 209"),
        ("Oddzwonić na 58 555 01 62.", "58 555 01 62"),
        ("Ring på 32 55 01 88 eller skriv", "32 55 01 88"),
        ("Rappelez-moi au 0639 98 55 12", "0639 98 55 12"),
        ("Kontakt: 12345 Berlin, ring til 32550188", "32550188"),
    ],
)
def test_behind_a_label_any_plan_counts(text: str, number: str) -> None:
    results = PhoneLabelRecognizer().analyze(text, ["PHONE_NUMBER"])
    assert [text[one.start : one.end] for one in results] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "phone: 2024-03-02",
        "tel 10.12.7.88",
        "the phone has 64 GB",
        "mobile 12",
        "phone book page 1234",
        "fax 12/05/2020",
    ],
)
def test_behind_a_label_other_numbers_dont(text: str) -> None:
    assert PhoneLabelRecognizer().analyze(text, ["PHONE_NUMBER"]) == []


def test_a_number_with_its_countrys_code_is_found_beside_one_without() -> None:
    found = _found("+44 20 7946 0018 / 020 7946 0019")
    assert sorted(number for number, _ in found) == ["+44 20 7946 0018", "020 7946 0019"]


@pytest.mark.parametrize("region", PLANS)
def test_a_plan_knows_the_numbers_of_its_country(region: str) -> None:
    plan = PhoneMetadata.metadata_for_region(region)
    number = example_number(region)
    assert plan is not None
    assert number is not None
    national = national_significant_number(number)
    dialled = ("0" if plan.national_prefix == "0" else "") + national
    for spelled in (dialled, f"{dialled[:3]} {dialled[3:]}", f"{plan.country_code} {national}"):
        assert knows(region, runs(spelled)), spelled


@given(st.text(st.sampled_from("0123456789012345678901234567 -./()"), max_size=24))
def test_no_plan_is_left_out_under_which_a_number_is_found(text: str) -> None:
    left_out = [region for region in PLANS if not knows(region, runs(text))]
    for region in left_out:
        found = [match.raw_string for match in PhoneNumberMatcher(text, region, leniency=1)]
        assert all(sum(map(str.isdigit, number)) < 7 for number in found), (region, text)


def test_each_company_that_carries_calls_abroad_is_known() -> None:
    assert knows("IL", runs("0124420794606189999"))
    assert knows("IL", runs("0184420794606189999"))
    assert not knows("IL", runs("0224420794606189999"))


def test_a_row_of_digits_that_is_no_number_is_asked_about_nowhere() -> None:
    assert [region for region in PLANS if knows(region, runs("1111 111"))] == []


@pytest.mark.parametrize("region", PLANS)
@given(
    pieces=st.lists(
        st.text("0123456789", min_size=1, max_size=9)
        | st.sampled_from([f" {number} " for number in _examples()])
        | st.sampled_from([" ", "-", ".", "/", "(", ")", " x", "+", "011", "00", "0"]),
        max_size=6,
    )
)
def test_readings_that_are_left_out_are_no_numbers(region: str, pieces: list[str]) -> None:
    def found(matcher: type[PhoneNumberMatcher]) -> list[tuple[int, str]]:
        numbers = matcher("".join(pieces), region, leniency=1, min_candidate_length=7)
        return [(one.start, one.raw_string) for one in numbers]

    assert found(Matcher) == found(PhoneNumberMatcher)


@given(
    st.lists(st.sampled_from(["TEL", "Ruf ", "\u0130", "\u017fm\u017f", "re", "rückru", "F", " "])),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_where_a_text_asks_for_a_call(words: list[str], low: int, high: int) -> None:
    text = "".join(words)
    first = _SAID.search(text)
    assert _Calls(text).within(low, high) == bool(_SAID.search(text, low, high))
    assert _Calls(text).before(high) == (first is not None and first.start() < high)


def _abroad(text: str) -> list[str]:
    results = PhoneAbroadRecognizer().analyze(text, ["PHONE_NUMBER"])
    return [text[one.start : one.end] for one in results]


@pytest.mark.parametrize(
    "number",
    ["+33 6 39 98 01 23", "+1 415-555-0132", "+44 7700 900 123", "+49 (0)30 23125 000"],
)
def test_a_number_that_no_plan_knows_is_one_by_its_plus(number: str) -> None:
    for text in (number, f"rang {number} twice"):
        assert [*(shown for shown, _ in _found(text)), *_abroad(text)] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "at +1 234",
        "a+33 6 39 98 01 23",
        "+  line\n+33 6 39 98 01 23",
        "+999 12 34 56 78",
        "1 +2 3 +4 5",
    ],
)
def test_not_every_plus_begins_a_number(text: str) -> None:
    assert _abroad(text) == []


def test_digits_that_lack_their_prefix_or_a_country_are_never_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(
        PhoneNumberMatcher,
        "_parse_and_verify",
        lambda _, candidate, __: parsed.append(candidate),
    )
    for text in ("26 63514095", "0098123", "030 23125 014", "0049 30 23125 014"):
        list(Matcher(text, "DE", leniency=1, min_candidate_length=7))
    assert "030 23125 014" in parsed
    assert "0049 30 23125 014" in parsed
    assert not {"26 63514095", "0098123"} & set(parsed)
