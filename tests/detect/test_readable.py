"""What a person can still read is found, however it is spelled."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.detect.engine import Engine
from proxy.detect.readable import encoded, plain, unwrapped

Find = Callable[..., list[tuple[str, str]]]

MAIL = "sue.storm@example.com"
WIDE = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")
SPELLINGS = {
    "HTML entity": "sue.storm&#64;example.com",
    "named entity": "sue.storm&commat;example.com",
    "JSON escape": "sue.storm\\u0040example.com",
    "double JSON escape": "sue.storm\\\\u0040example.com",
    "URL encoding": "sue.storm%40example.com",
    "zero-width space": "sue.st\u200borm@exam\u200bple.com",
    "soft hyphen": "sue.storm@exam\u00adple.com",
    "full width": "sue.storm\uff20example.com".replace("\uff20", "@").replace("e", "\uff45"),
    "Cyrillic letters": MAIL.replace("o", "\u043e"),
    "mathematical letters": MAIL.replace("s", "\U0001d5cc"),
    "base64": b64encode(f"write to {MAIL} today".encode()).decode(),
    "base64 for URLs": b64encode(f"write to {MAIL} ???".encode()).decode().replace("/", "_"),
}


@pytest.mark.parametrize("how", SPELLINGS)
def test_a_mail_address(how: str, find: Find) -> None:
    spelled = SPELLINGS[how]
    found = find(f"Please write: {spelled} as soon as you can.")
    covering = [value for entity, value in found if entity == "EMAIL_ADDRESS"]
    assert spelled in covering, found


@pytest.mark.parametrize(
    "spelled",
    [
        "4111 1111 1111 1111".translate(WIDE),
        "4111\u200b1111\u200b1111\u200b1111",
        "4111&nbsp;1111&nbsp;1111&nbsp;1111",
        "4111%201111%201111%201111",
        "4111\u00a01111\u202f1111\u30001111",  # as word processors and banks space it
        "4111\u20131111\u20111111\u22121111",
        "4111 1111 1111 1111".translate(ARABIC),
        "\u0336".join("4111 1111 1111 1111"),
        "\u034f".join("4111 1111 1111 1111"),
        "\u3164".join("4111 1111 1111 1111"),
        "\u2463\u2460\u2460\u2460 1111 1111 1111",
        "\u202e1111 1111 1111 1114\u202c",
    ],
)
def test_a_card_number(spelled: str, find: Find) -> None:
    assert ("CREDIT_CARD", spelled) in find(f"My card is {spelled}, thank you.")


@pytest.mark.parametrize(
    "spelled",
    [
        "4111 1111\n1111 1111",
        "4111-1111-\r\n1111-1111",
        "4111 1111\\n1111 1111",
        "41\u032311 1111 1111 1111",
        "4111\\u200b 1111\\u00ad 1111 1111",
        "4111&#8203; 1111&shy; 1111 1111",
        "\\uff14111 1111 1111 1111",
    ],
)
def test_a_card_number_in_two_lines_or_twice_disguised(spelled: str, find: Find) -> None:
    assert ("CREDIT_CARD", spelled) in find(f"My card is {spelled}, thank you.")


def test_names_between_line_ends_that_are_escaped(find: Find) -> None:
    found = find('{"message": "the parcel of Peter\\nBergmann is lost"}', models=True)
    assert ("PERSON", "Peter\\nBergmann") in found
    found = find('{"message": "the parcel is lost.\\r\\nMaria Rossi"}', models=True)
    assert ("PERSON", "Maria Rossi") in found
    for name in ("Claire\\r\\nNovak", "Maria \\nWhitfield"):
        assert ("PERSON", name) in find(f'{{"customer name": "{name}"}}')


@pytest.mark.parametrize("mark", ["\u0301", "\u0323", "\u0332"])
def test_marks_on_letters(mark: str, find: Find) -> None:
    key = f"gl{mark}pat-" + "aB3dE5gH7jK9mN1pQ2rS"
    assert ("API_KEY", key) in find(f"see {key} there")
    name = f"Robe{mark}rt Hollander"
    assert ("PERSON", name) in find(f"The complaint by {name} was closed.", models=True)


@pytest.mark.parametrize(
    "key", ["glpat-HXX3nt51\u041c7xMFdfuPu7T", "hf_\u04308x0fJftR7xoszdsnefzjHlp67ZsHFPRmU"]
)
def test_a_lookalike_among_digits_is_of_the_writing_around_it(key: str, find: Find) -> None:
    assert ("API_KEY", key) in find(f"see {key} there")
    assert plain("\u0410123\u0412\u0421 77") is None


def test_a_date_of_birth_in_two_lines(find: Find) -> None:
    assert ("DATE_OF_BIRTH", "1974-05-\n 26") in find("Her date of birth is 1974-05-\n 26.")


@pytest.mark.parametrize(
    "text",
    ["GET /pay?next=%2F4111111111111111", "a%2F4111111111111111%2Fb", "card%3D4111111111111111"],
)
def test_a_number_beside_an_escape_that_ends_in_a_letter(text: str, find: Find) -> None:
    assert ("CREDIT_CARD", "4111111111111111") in find(text)


def test_a_column_of_numbers_is_no_number_in_two_lines() -> None:
    assert unwrapped("4111 1111\n1111 1111\n4222 2222\n") is None
    assert unwrapped("in 2024\n\n30 people") is None


def test_a_byte_order_mark_before_a_text_disguises_nothing() -> None:
    assert plain("\ufeffDear Anna") is None
    assert plain("\ufeffDear A\u200bnna") is not None


def test_digits_on_both_sides_of_a_line_end_are_seldom_a_number(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        Engine, "_viewed", lambda _, __, view, *___, **____: asked.append(view.text) or []
    )
    assert find("It took 200\n2026-11-23 is when it was done.") == [("DATE_TIME", "2026-11-23")]
    assert asked == []
    find("My card is 4111 1111\n1111 1111, thank you.")
    assert asked == ["My card is 4111 1111 1111 1111, thank you."]


def test_a_name_in_an_entity(find: Find) -> None:
    found = find("The complaint by Jane&nbsp;Hollander was closed.", models=True)
    assert any(value == "Jane&nbsp;Hollander" for _, value in found), found


@pytest.mark.parametrize(
    "text",
    [
        "Caf\u00e9 M\u00fcller costs 5 \u20ac \u2013 no problem\u2026",
        "x = re.compile('\\d{4}') # 100% sure & more",
        "Section n\u00ba 12, m\u00b2",
        "abcdefghijklmnopqrstuvwxyzabcdefgh",
    ],
)
def test_ordinary_text_reads_as_it_is_spelled(text: str) -> None:
    assert plain(text) is None
    assert list(encoded(text)) == []


@given(st.text(st.sampled_from("ab %40&#;\\u0\u200b\uff41\u0430@x1"), max_size=40))
def test_positions_come_back_in_order_and_inside(text: str) -> None:
    view = plain(text)
    if view is None:
        return
    for start in range(len(view.text)):
        span = view.span(start, start + 1)
        if span is not None:
            assert 0 <= span[0] < span[1] <= len(text)
