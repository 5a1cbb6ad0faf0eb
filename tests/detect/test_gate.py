"""The gate never keeps a pattern from running that would have found something."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import regex  # type: ignore[import-untyped]
from presidio_analyzer import LocalRecognizer, Pattern, PatternRecognizer

from proxy.detect import gate as gate_module
from proxy.detect.gate import Gate
from proxy.detect.recognizers import RECOGNIZERS
from proxy.detect.recognizers.needs import A_DIGIT, any_of
from proxy.detect.required import needed, shape
from tests.corpora.load import load


@pytest.mark.parametrize(
    ("pattern", "strings"),
    [
        (r"\b(?:curl|wget)\b[^\n]{0,300}?-u", {"curl", "wget"}),
        (r"\b\d{3}-\d{2}-\d{4}\b", {"000-00-0000"}),
        (r"-----BEGIN [^-\n]{3,40}-----", {"-----begin "}),
        (r"(?i)Bearer\s+\S+", {"bearer "}),
        (r"(?:0?[1-9]|1[0-2])/\d{4}", {"0/0000"}),
        (r"(?:ab){2,3}cde?", {"abab"}),
        (r"x{0,3}\d{3,6}-q", {"000-q"}),
        (r"(?=.*token)\w+", {"token"}),
        (r"\w+@\w+", {"@"}),
        (r"(?:foo|bar)?(?P<q>['\"])baz(?P=q)", {"'baz", '"baz'}),
        (r"colou?red", {"colored", "coloured"}),
        (r"(?<!\w)\d", {"0"}),
    ],
)
def test_what_a_pattern_cant_match_without(pattern: str, strings: set[str]) -> None:
    assert needed(pattern) == frozenset(strings)


@pytest.mark.parametrize(
    "pattern",
    [
        r"[a-z]+",  # any word
        r"(?:foo)?",  # nothing at all
        r"foo|\w+",  # one way without a string
        r"(?:secret){e<=1}",  # errors are counted: `regex` only
        r"\p{Lu}foo",  # a class of `regex` only
        r"[[a-z]&&[x]]foo",  # a set that `re` reads otherwise
        r"(?!foo)\w",  # what must not follow
        r"[a-z0]",  # one of these stands in nearly every text
    ],
)
def test_where_nothing_is_known_nothing_is_asked(pattern: str) -> None:
    assert needed(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("mask", "MA\u017fK"),  # a long s
        ("key=", "\u212aEY="),  # the Kelvin sign
        ("iban", "\u0130BAN"),
        ("iban", "\u0131ban"),
        (r"id\s\d{4}", "id\u00a0\uff11\uff12\uff13\uff14"),  # no-break space, full-width digits
        (r"nr\s\d\d\d", "NR\u2003\u0661\u0662\u0663"),  # Arabic digits
    ],
)
def test_other_ways_to_write_the_same_character(pattern: str, text: str) -> None:
    assert regex.search(pattern, text, regex.IGNORECASE) or re.search(pattern, text, re.IGNORECASE)
    assert any(string in shape(text) for string in needed(pattern) or [""])


class _Counting:
    """A compiled pattern that counts how often it runs."""

    flags = 0

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.runs = 0

    def finditer(self, text: str) -> Iterator[Any]:
        self.runs += 1
        return re.finditer(self.pattern, text)


def test_a_pattern_runs_only_where_its_strings_stand() -> None:
    counting = _Counting("passport-no")
    gated = Gate().before(counting)
    assert list(gated.finditer("nothing of the kind")) == []
    assert counting.runs == 0
    assert [match.group() for match in gated.finditer("a passport-no here")] == ["passport-no"]
    assert counting.runs == 1


def test_patterns_that_are_added_later_are_looked_for_too() -> None:
    gate = Gate()
    text = "alpha omega"
    assert list(gate.before(_Counting("alpha")).finditer(text))
    assert list(gate.before(_Counting("omega")).finditer(text))


class _Diary(LocalRecognizer):
    """A recognizer that reads text in its own way, and says what it needs."""

    NEEDS = (A_DIGIT, frozenset({"Dear Diary"}), re.compile(r"\bme\b"))

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
        raise NotImplementedError


def test_a_recognizer_of_its_own_kind_is_called_where_all_that_it_declares_stands() -> None:
    diary: Any = _Diary(["DIARY"])
    gate = Gate([diary])
    assert gate.open("DEAR\u00a0DIARY, on the \uff13rd he saw me") == [diary]
    assert gate.open("dear diary, he saw me") == []
    assert gate.open("on the 3rd he saw me") == []
    assert gate.open("dear diary, on the 3rd he saw them") == []


def test_one_that_declares_nothing_is_always_called() -> None:
    stranger: Any = LocalRecognizer.__new__(_Diary)
    stranger.NEEDS = ()
    assert Gate([stranger]).open("") == [stranger]


def test_strings_of_which_one_is_needed() -> None:
    assert any_of("-u", re.compile("pass(?:word|wd)")) == {"-u", "password", "passwd"}
    with pytest.raises(ValueError, match="nothing is known"):
        any_of("-u", re.compile(r"\w+"))


def test_recognizers_written_for_presidio_are_gated_as_they_are() -> None:
    patterns = [Pattern("badge", r"\bbadge-\d{5}\b", 0.6)]
    badges: Any = PatternRecognizer("BADGE", patterns=patterns)
    gate = Gate([badges])
    assert gate.open("my Badge-12345") == [badges]
    assert [one.start for one in badges.analyze("my Badge-12345", ["BADGE"])] == [3]
    assert gate.open("no such thing") == []
    assert isinstance(badges.patterns[0].compiled_regex, gate_module.Gated)
    assert patterns[0].compiled_regex is None, (
        "a class's patterns are shared: they stay as they are"
    )


def test_of_its_patterns_it_has_those_that_may_match() -> None:
    patterns = [Pattern("badge", r"badge-\d{5}", 0.6), Pattern("key", r"key-\w+", 0.6)]
    both: Any = PatternRecognizer("BADGE", patterns=[*patterns, Pattern("any", r"\w+", 0.5)])
    gate = Gate([both])
    for text, named in (
        ("a badge-12345", ["badge", "any"]),
        ("key-x, badge-1", ["key", "any"]),
        ("BADGE-12345 and KEY-x", ["badge", "key", "any"]),
        ("nothing", ["any"]),
    ):
        assert gate.open(text) == [both]
        assert [one.name for one in both.patterns] == named


#: What recognizers look for, as they might stand in one text.
_VALUES = (
    "jane.doe@example.org", "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111", "192.168.13.7",
    "2001:db8::8a2e:370:7334", "00:1B:44:11:3A:B7", "https://example.org/a?b=c", "078-05-1120",
    "+49 30 1234567", "1984-03-12", "12.3.1984", "03/12/1984", "12-MAR-84", "March 3rd, 1984",
    "Authorization: Bearer a1b2c3d4e5f6g7h8", "curl -u jdoe:hunter2x https://x.example",
    "mysql -u root -pS3cretpw", "postgres://u:p4ssword@db/x", 'password = "hunter2x!"',
    "login: jdoe / hunter2x", "/home/jdoe/x", "su: jdoe", "user=jdoe", "session for user jdoe",
    "passport no 123456789", "my driver license is A1234567", "NPI 1234567893", "DEA AB1234563",
    "0x52908400098527886E0F7030069857D2E4169EE7", "medicare 2123 45670 1", "KVNR A123456780",
    "born 12 June 1984", "sk_" + "live_" + "a1B2c3D4e5F6g7H8i9J0k1L2", "apiVersion: v1\nkind: Secret",
)  # fmt: skip
_MUTATIONS = (
    str.upper,
    str.lower,
    lambda text: text.replace(" ", "\u00a0"),
    lambda text: text.replace("1", "\uff11"),
    lambda text: text.replace("s", "\u017f").replace("k", "\u212a"),
    lambda text: text.replace("-", "\u2010"),
    lambda text: text.replace(" ", "\n"),
    json.dumps,
    lambda text: text,
)


def _texts() -> Iterator[str]:
    """Yield texts of values, mutated and mixed with noise, always the same ones."""
    choose = random.Random(20261123)
    noise = [
        *[
            "the",
            "of",
            "and",
            "0",
            "17",
            "2026",
            ":",
            "-",
            "/",
            '"',
            "'",
            "=",
            "@",
            "#",
            "(",
            ")",
            "é",
            "ł",
            "ß",
            "日本",
            "::1",
            "a.b.c",
            "----",
            "x1",
        ],
        "\n",
    ]
    for _ in range(400):
        words: list[str] = []
        for _ in range(choose.randint(1, 6)):
            words += choose.choices(noise, k=choose.randint(0, 4))
            words.append(choose.choice(_MUTATIONS)(choose.choice(_VALUES)))
        text = choose.choice((" ", "\n", ", ", "")).join(words)
        yield text[choose.randint(0, 3) : len(text) - choose.randint(0, 3)]


def _found(recognizer: Any, text: str) -> list[tuple[str, int, int, float]]:
    results = recognizer.analyze(text, recognizer.supported_entities, None)
    return sorted((one.entity_type, one.start, one.end, one.score) for one in results)


def _differences(texts: Iterable[str]) -> Iterator[str]:
    """Yield the recognizers that find something else, or nothing, behind the gate."""
    plain = [build("en") for build in RECOGNIZERS]
    gated = [build("en") for build in RECOGNIZERS]
    gate = Gate(gated)
    for text in texts:
        opened = set(map(id, gate.open(text)))
        for one, other in zip(plain, gated, strict=True):
            if _found(one, text) != (_found(other, text) if id(other) in opened else []):
                yield type(one).__name__


def test_findings_are_the_same_with_and_without() -> None:
    assert list(_differences(_texts())) == []


def test_so_are_those_of_the_corpora() -> None:
    assert list(_differences(document.text for document in load())) == []


def test_whoever_declares_a_need_finds_something_in_those_texts() -> None:
    declaring = [one for build in RECOGNIZERS if getattr(one := build("en"), "NEEDS", ())]
    texts = [*_texts(), *(document.text for document in load())]
    idle = {type(one).__name__ for one in declaring}
    for one in declaring:
        if any(_found(one, text) for text in texts):
            idle.discard(type(one).__name__)
    assert idle == set()


def test_those_tests_see_a_gate_that_closes_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "shape", str.upper)
    assert next(_differences(_texts()), None)
