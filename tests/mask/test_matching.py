"""What counts as an occurrence of a value."""

import json
from base64 import b64encode, encodebytes, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest

from proxy.detect.sweep import load_lexicon
from proxy.matching import Matcher
from proxy.spelling import Lexicon, canonical

LEXICON = load_lexicon()


def found(value: str, text: str, lexicon: Lexicon = LEXICON) -> list[str]:
    return [text[hit.start : hit.end] for hit in Matcher([value], lexicon).occurrences(text)]


@pytest.mark.parametrize(
    ("value", "text", "hits"),
    [
        ("Ann", "Ann's annual plan for Annabel", ["Ann"]),
        ("Ann", "ANN and ann", []),
        ("Claude", "claude-sonnet", []),
        ("Walker", "a dog walker met Walker", ["Walker"]),
        ("Jane Doe", "JANE\n  DOE, jane doe_x", ["JANE\n  DOE", "jane doe"]),
        (
            "José Müller",
            "Jose\u0301 Mu\u0308ller and JOSE MULLER",
            ["Jose\u0301 Mu\u0308ller", "JOSE MULLER"],
        ),
        ("Jane Doe", "J\u00ada\u200bne Doe", ["J\u00ada\u200bne Doe"]),
        ("Jane Doe", "\uff2a\uff41\uff4e\uff45 Doe", ["\uff2a\uff41\uff4e\uff45 Doe"]),
        ("田中", "田中さん", ["田中"]),
        ("4111-1111-1111-1111", "x 4111111111111111 y", ["4111111111111111"]),
        ("+1 (212) 555-0199", "212-555-0199, 1.212.555.0199", []),
        ("(212) 555-0199", "212.555.0199 or 2125550199", ["212.555.0199", "2125550199"]),
        ("GB29NWBK60161331926819", "GB29 NWBK 6016 1331 9268 19", ["GB29 NWBK 6016 1331 9268 19"]),
        ("192.168.1.23", "192.168.12.3", []),
        ("1234", "12345 01234 1234", ["1234"]),
        ("12-34", "1234", []),
        ("Jane Doe", "Jane_Doe call_jane_doe_2 JANE__DOE", ["Jane_Doe", "jane_doe", "JANE__DOE"]),
        ("Jane_Doe", "Jane Doe", ["Jane Doe"]),
        ("Jane Doe", "see /home/jane.doe/ and Jane-Doe.txt", ["jane.doe", "Jane-Doe"]),
        ("Ann Li", "ann.li Ann.Li", ["ann.li", "Ann.Li"]),
        ("jane.doe", "Jane Doe. Doe", ["Jane Doe"]),
        ("Ann Li", "ann_li Ann_Li", ["ann_li", "Ann_Li"]),
        ("a b", "a_b a b A_B", ["a_b", "a b"]),
        ("Jane Doe", "getJaneDoe2", ["JaneDoe"]),
        ("Jane Doe", "janeDoe", ["janeDoe"]),
        ("An Li", "anLi AnLi", []),
        ("An Li", "AnLi", ["AnLi"]),
        ("An Li", "anLi", []),
        ("José Müller", "JoséMüller", ["JoséMüller"]),
        ("Mark", "isMarkDown", []),
        ("Jane Doe", "JaneDoes janedoe", []),
        ("PERSON 1", "<PERSON_1> is Person_1", ["PERSON_1", "Person_1"]),
        ("Jane Doe", "Jane&nbsp;Doe, &#74;ane&#x20;Doe", ["Jane&nbsp;Doe", "&#74;ane&#x20;Doe"]),
        ("O'Brien", "O&#39;Brien O&apos;Brien", ["O&#39;Brien", "O&apos;Brien"]),
        # Letters that look Latin, in words with Latin ones; other scripts' own words are theirs.
        ("Jane Doe", "J\u0430n\u0435 D\u043ee", ["J\u0430n\u0435 D\u043ee"]),
        ("J\u0430ne Doe", "JANE DOE", ["JANE DOE"]),
        ("Ann", "\u0410nn", ["\u0410nn"]),
        ("\u0410\u043d\u043d\u0430", "\u0410\u041d\u041d\u0410", []),
        (
            "\u041c\u0430\u0440\u0438\u043d\u0430",
            "\u041c\u0410\u0420\u0418\u041d\u0410",
            ["\u041c\u0410\u0420\u0418\u041d\u0410"],
        ),
        # Encoded twice and more.
        ("Jane Doe", "?q=Jane%2520Doe&r=Jane%252520Doe", ["Jane%2520Doe", "Jane%252520Doe"]),
        (
            "Jane Doe",
            "Jane%26nbsp%3BDoe, Jane&amp;nbsp;Doe",
            ["Jane%26nbsp%3BDoe", "Jane&amp;nbsp;Doe"],
        ),
        ("Jane", "Jane%2520", ["Jane"]),
    ],
)
def test_bounds_and_folding(value: str, text: str, hits: list[str]) -> None:
    assert found(value, text) == hits


@pytest.mark.parametrize(
    "value", ["jane@acme.com", "Jane Doe", 'O"Brien & Søn', "4111 1111 1111 1111"]
)
def test_encodings(value: str) -> None:
    for encode in (quote, quote_plus, lambda text: quote(text, safe="").lower()):
        text = f"q={encode(value)}&x"
        assert found(value, text) == [encode(value)]
    assert found(value, json.dumps([value])) == [json.dumps(value)[1:-1]]
    raw = value.encode()
    for before in range(3):
        for code in (b64encode, urlsafe_b64encode):
            token = code(b"?" * before + raw + b"!").decode()
            assert found(value, f"({token})") == [token]


def test_every_letter_is_read_in_jsons_escapes() -> None:
    for letter in filter(str.isalpha, map(chr, range(0xC0, 0x250))):
        name = f"Vald{letter}mark"
        for escaped in (json.dumps(name)[1:-1], json.dumps(json.dumps(name))[3:-3]):
            assert found(name, f"'{escaped}'") == [escaped], escaped


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_of_base64_are_one_token(line_end: str) -> None:
    letter = "\n".join(["Dear all,", "x" * 40, "our customer Jane Doe wrote", "y" * 60]).encode()
    for before in range(57):
        encoded = encodebytes(b"?" * before + letter).decode().rstrip().replace("\n", line_end)
        hits = found("Jane Doe", f"attachment:{line_end}{line_end}{encoded}{line_end}bye")
        assert any(encoded in hit for hit in hits)


@pytest.mark.parametrize("value", ["", "x", "42", "--", "the", "Mr"])
def test_trivial_values_have_no_occurrences(value: str) -> None:
    assert found(value, f"{value} {value}") == []


def test_the_edge_of_what_is_cut_out_bounds_a_value() -> None:
    matcher = Matcher(["Ann"], LEXICON)
    assert matcher.occurrences_in(["MaryAnn"]) == [[]]
    assert [hit.start for hit in matcher.occurrences_in(["MaryAnn"], [{4}])[0]] == [4]


def test_what_is_found_doesnt_depend_on_the_other_values() -> None:
    for value in ("1984-", "12-34", "Ann", "555.123"):
        text = f"1984-03-02 12 34 1234 12-34 Ann 1555.123 555.123 {value}"
        alone = [hit[:2] for hit in Matcher([value], LEXICON).occurrences(text)]
        beside = Matcher([value, "+1 212 555 0199"], LEXICON).occurrences(text)
        assert [hit[:2] for hit in beside if hit.value == 0] == alone


def test_forms_of_one_value_are_one() -> None:
    forms = ["Jane Doe", "JANE  doe", "Jane\nDoe", "Jane%20Doe", "J\u200bane Doe", "jane_doe"]
    forms += ["Jane&nbsp;Doe", "jane-doe", "Jane\u2010Doe"]
    assert {canonical(form) for form in forms} == {"jane doe"}
    assert canonical("GB29 NWBK 6016 1331 9268 19") == canonical("gb29nwbk60161331926819")
    assert canonical("192.168.1.23") != canonical("192.168.12.3")
