"""Every recognizer reads the worst text that we could think of in linear time.

Each text repeats what makes some pattern start, or go on, without ever ending. It is 20,000
characters long, several times what a chunk may hold. A recognizer that takes quadratic time over
one of them needs minutes for that one, and the process that runs them all isn't given as much.
"""

from __future__ import annotations

from tests.limited import run

LENGTH = 20_000
#: CPU seconds for all recognizers over all texts: several times what they take.
_LIMIT_S = 45
UNITS = (
    "a", "A", "1", "é", " ", "\n", "\t", "=", "+", "/", "(", "{", "\\", '"', ":", "::", "$1$a",
    "a1", "A1 ", "1 ", "1-", "1.", "12/1", "a.", "a-", "a@", "a@a.", "ab:", "1:", "xX", "1A1zP1",
    "a|b|c\n", "a,b\n", '"a":"', '"kty"', "<D>AAAA", "QUFB", "eyJ", "eyJaaaaaaaaaa.", "://",
    "http://a.", "-----BEGIN RSA PRIVATE KEY-----", "Private-Lines: 1\n", "data:\n  a: b\n",
    "password=", "password is ", "secret: ", "curl -u ", "ssh a", "user: ", " @a", "Name: ", "Mr. ",
    "Anna Maria ", "12 Main Street, ", "Hauptstraße 1 ", "geboren am 1.", "+1 ", "Kundennummer: ",
    "passport no ",
)  # fmt: skip
_ALL = """
from proxy.detect.recognizers import RECOGNIZERS
from tests.detect.test_hostile import LENGTH, UNITS

for recognizer in [build("en") for build in RECOGNIZERS]:
    for unit in UNITS:
        text = (unit * LENGTH)[:LENGTH]
        recognizer.analyze(text, recognizer.supported_entities, None)
"""
_QUADRATIC = """
import re
from tests.detect.test_hostile import LENGTH

re.search("a*b", "a" * LENGTH * 10)
"""


def test_every_recognizer_is_linear() -> None:
    assert run(_ALL, _LIMIT_S) == 0


def test_a_quadratic_pattern_would_be_stopped() -> None:
    assert run(_QUADRATIC, 2) < 0
