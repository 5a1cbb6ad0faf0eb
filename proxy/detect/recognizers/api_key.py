"""Keys and tokens of services, by the formats that their makers publish.

Entity API_KEY. A prefix of its own and the right length make a key certain wherever it stands. One
automaton finds every prefix in one pass, and only there is the rest of the format tried, so two
hundred formats cost about as much as one. Adding a service is one line in a table.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import ahocorasick
from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.api_key_formats_business import BUSINESS, MARKED
from proxy.detect.recognizers.api_key_formats_cloud import CLOUD
from proxy.detect.recognizers.api_key_formats_dev import DEVELOPER
from proxy.detect.recognizers.placeholders import is_example, is_excerpt, is_instruction
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_CERTAIN = 0.95
#: How far before its mark a key may begin, and how far after it may end.
_BEFORE_MARK, _AFTER_MARK = 80, 140
#: A prefix that ends so announces a key and isn't part of it: a setting, a URL, a header.
_ANNOUNCES = ("=", "/", " ")
#: A key may begin after an escape, as in JSON (`\n`) and URLs (`%3D`).
_ESCAPE = re.compile(r"\\[nrt]|%[0-9A-Fa-f]{2}")
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_CASE = re.compile(r"[a-z](?=[A-Z])|[A-Z](?=[a-z])")
_SAME = re.compile(r"([xX*.#0])\1{6}|([a-z])\2{8}")
_BEGIN = r"(?:(?<![\w-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
_END = r"(?![A-Za-z0-9_-])"


def _by_string() -> ahocorasick.Automaton:
    """Return what begins with each prefix, and what each mark stands in."""
    found: dict[str, tuple[list[ValuePattern], list[ValuePattern]]] = {}
    for service, prefixes, rest in (*CLOUD, *DEVELOPER, *BUSINESS):
        pattern = ValuePattern(service, re.compile(rf"(?P<value>{rest}){_END}"), _CERTAIN)
        for prefix in _split(prefixes):
            found.setdefault(prefix, ([], []))[0].append(pattern)
    for service, marks, key in MARKED:
        whole = re.compile(rf"{_BEGIN}(?P<value>{key}){_END}")
        for mark in marks.split():
            found.setdefault(mark, ([], []))[1].append(ValuePattern(service, whole, _CERTAIN))
    automaton = ahocorasick.Automaton()
    for string, patterns in found.items():
        automaton.add_word(string, (string, *patterns))
    automaton.make_automaton()
    return automaton


def _split(prefixes: str) -> list[str]:
    """Return the prefixes of a row; a space that ends the row belongs to its last prefix."""
    words = prefixes.split()
    return [*words[:-1], words[-1] + " "] if prefixes.endswith(" ") else words


class ApiKeyRecognizer(ValueRecognizer):
    """Finds API_KEY by the formats of services."""

    ENTITY = "API_KEY"
    PATTERNS = (
        ValuePattern(
            "Discord bot",
            re.compile(
                rf"{_BEGIN}(?P<value>[MNO][\w-]{{23,25}}\.[\w-]{{6}}\.[\w-]{{27,38}}){_END}"
            ),
            _CERTAIN,
            need=re.compile(r"\.[\w-]{6}\.[\w-]{27}"),
        ),
        ValuePattern(
            "basic authentication",
            re.compile(r"\b[Bb]asic[ ](?P<value>[A-Za-z0-9+/]{8,1024}={0,2})"),
            0.8,
        ),
        ValuePattern(
            "authorization header",
            re.compile(
                r"\b(?:[Bb]earer|(?<=: )Token|SSWS|[Aa]pi-?(?:[Kk]ey|[Tt]oken))[ ](?P<value>[\w+/=.~-]{12,4096})"
            ),
            0.8,
        ),
    )
    _STRINGS = _by_string()

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return keys by prefix, by mark and by header; see Presidio's base class."""
        return [
            *self._known(text),
            *super().analyze(text, entities, nlp_artifacts),
        ]

    def plausible(self, value: str) -> bool:
        """Accept what mixes letters and digits, and user and password in base64 (RFC 7617)."""
        return _is_basic(value) or (
            any(c.isdigit() for c in value)
            and any(c.isalpha() for c in value)
            and not _masked(value)
            and not is_example(value)
        )

    def _known(self, text: str) -> Iterator[RecognizerResult]:
        for last, (string, beginning, holding) in self._STRINGS.iter(text):
            start = last + 1 - len(string)
            if beginning:
                yield from self._prefixed(text, start, string, beginning)
            for pattern in holding:
                low, high = max(0, start - _BEFORE_MARK), start + _AFTER_MARK
                key = pattern.regex.search(text, low, high)
                if key and not _masked(key["value"]):
                    yield self._result(pattern, *key.span("value"))

    def _prefixed(
        self, text: str, start: int, prefix: str, patterns: Iterable[ValuePattern]
    ) -> Iterator[RecognizerResult]:
        announces = prefix.endswith(_ANNOUNCES)
        if not announces and not _may_begin(text, start, prefix):
            return
        end = start + len(prefix)
        for pattern in patterns:
            rest = pattern.regex.match(text, end)
            if (
                rest
                and _meant(prefix, rest["value"])
                and not is_example(text[start : rest.end()])
                and not is_excerpt(text, start, rest.end())
            ):
                yield self._result(pattern, end if announces else start, rest.end())


def _is_basic(value: str) -> bool:
    """Say whether a value is base64 of ``user:password``."""
    try:
        user, colon, _ = base64.b64decode(value, validate=True).partition(b":")
    except ValueError:  # no base64, or not ASCII
        return False
    return bool(colon) and not user.startswith(b"{")


def _may_begin(text: str, start: int, prefix: str) -> bool:
    """Say whether a key can begin here: in no word's middle, or after an escape.

    A short prefix must not follow a dot either: `video.ico-…` is a file, `s.` ends `this.`.
    """
    if start == 0 or (text[start - 1] not in _WORD and (text[start - 1] != "." or len(prefix) > 4)):
        return True
    return any(_ESCAPE.fullmatch(text, start - length, start) for length in (2, 3))


def _meant(prefix: str, rest: str) -> bool:
    """Say whether what follows a prefix is a key, and no mask (``ghp_xxxx``) and no word."""
    if _masked(rest) or is_instruction(rest):
        return False
    if any(c.isdigit() for c in rest) or (rest.isupper() and len(prefix) > 3):
        return True
    return len(_CASE.findall(rest)) * 3 >= len(rest)


def _masked(value: str) -> bool:
    """Say whether a value only shows where a key would stand, as in ``ghp_xxxxxxxxxxxx``."""
    return _SAME.search(value) is not None or (len(set(value)) < 5 and not value.isupper())
