"""User names that are made of somebody's name: `famoako` beside Fitzgerald Amoako.

Companies build logins of an initial and a surname: that is found wherever the full name stands near
it. Behind a label for logins it may be shortened or turned round, and the name in small letters.
Everyday words ("prices" beside Paul Rices) are none without a label. Entity USERNAME.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.anchored import beginning, matches_at
from proxy.detect.recognizers.assignment import automaton, lower_case
from proxy.detect.recognizers.person_words import UPPER
from proxy.detect.recognizers.placeholders import words
from proxy.detect.recognizers.username import somebodys
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_EVERYDAY = [Path(__file__).parents[1] / name for name in ("words.txt", "stopwords.txt")]
_LOGIN = re.compile(r"(?<![\w@./\\-])(?P<value>[a-z]{5,20}\d{0,3})(?![\w@(/\\]|[-.:]\w)")
_LABELS = automaton(
    words(
        "login log-in logon username userid user account handle benutzername benutzerkennung benutzer"
        " kürzel kennung konto anmeldename identifiant utilisateur compte usuario cuenta utente"
        " usuário utilizador gebruikersnaam gebruiker inlognaam użytkownik użytkownika användare"
        " bruger uživatel"
    )
)
_BEHIND = re.compile(r"[ :=(\"'`]{1,4}" + _LOGIN.pattern)
_PARTICLE = r"(?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|ter|ten|al|el)[ ]){0,2}"


def _names_of(letter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of full names whose words begin with `letter`: as spoken, surname first."""
    given = rf"(?P<given>{letter}[^\W\d_]{{1,19}})"
    last = rf"(?P<last>{letter}[^\W\d_]{{2,23}})"
    return (
        re.compile(rf"(?<![\w-]){given}(?:-[^\W\d_]{{2,20}})?[ ]{_PARTICLE}(?={last})"),
        re.compile(rf"(?<![\w-]){last},[ ]{given}"),
    )


_CAPITALS, _ANY_CASE = _names_of(UPPER), _names_of(r"[^\W\d_]")
#: Where a word of a name with capitals may begin: a space follows it, perhaps behind a comma.
_CAPITAL = beginning(UPPER.strip("[]"), r"[\w-]", ahead=r"[^\W\d_]{1,23}(?:-[^\W\d_]{2,20})?,?[ ]")
_SPECIAL = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "\u0131": "i", "ß": "ss", "æ": "ae"})
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
#: Of the surname a login keeps so many letters at least: all of a short one.
_KEPT, _CUT = 4, 5
#: Without a label, of a surname that long.
_LEAST = 5
#: How far before a login the name stands; behind a label, in small letters.
_FAR, _NEAR = 600, 120


class UsernameOfNameRecognizer(ValueRecognizer):
    """Finds USERNAME by the name it is made of."""

    ENTITY = "USERNAME"
    NAME = "UsernameRecognizer"
    NEEDS = (_LOGIN,)
    PATTERNS = (ValuePattern("made of a name", _LOGIN, 0.8),)

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each login; see Presidio's base class."""
        places = dict(self._whole(text))
        names: list[_Name] | None = None
        for last, _ in _LABELS.iter(lower_case(text)):
            if match := _BEHIND.match(text, last + 1):
                names = list(_names(text)) if names is None else names
                (start, end), login = match.span("value"), _stem(match["value"])
                if any(name.is_near(start) and login in name.shortened for name in names):
                    places[start] = end
        return [
            self._result(self.PATTERNS[0], start, end)
            for start, end in places.items()
            if somebodys(text[start:end])
        ]

    def _whole(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where an initial and a whole surname stand, with a label or without."""
        capitals = [first.start() for first in _CAPITAL.finditer(text)]
        names = (one for way in _CAPITALS for one in matches_at(way, text, capitals))
        whole = {login: name.start() for name in names for login in _wholly(name) if login in text}
        if not whole:
            return
        for match in _LOGIN.finditer(text):
            login, (start, end) = _stem(match["value"]), match.span("value")
            if login in whole and abs(start - whole[login]) < _FAR and login not in _everyday():
                yield start, end


class _Name:
    """A full name in a text, and the logins that may be made of it.

    Attributes:
        start: where it stands.
        capitals: whether both words have one.
    """

    def __init__(self, given: str, last: str, start: int) -> None:
        self.start = start
        self.capitals = given[0].isupper() and last[0].isupper()
        self._given, self._last = given, last

    def is_near(self, place: int) -> bool:
        """Say whether it stands close enough to what is called a login; closer in small letters."""
        return abs(place - self.start) < (_FAR if self.capitals else _NEAR)

    @cached_property
    def shortened(self) -> frozenset[str]:
        """Initial and surname, and what else companies make of a name, which words may look like."""
        pairs = product(_spellings(self._given), _spellings(self._last))
        return frozenset(login for pair in pairs for login in _made_of(*pair))


def _wholly(name: re.Match[str]) -> Iterator[str]:
    """Yield the initial and all of a surname that is long enough to be no everyday word's form."""
    for surname in _spellings(name["last"]):
        if len(surname) >= _LEAST:
            yield from (first[0] + surname for first in _spellings(name["given"]))


def _names(text: str) -> Iterator[_Name]:
    return (_name(match) for way in _ANY_CASE for match in way.finditer(text))


def _name(match: re.Match[str]) -> _Name:
    return _Name(match["given"], match["last"], match.start())


def _stem(login: str) -> str:
    return login.rstrip("0123456789")


def _made_of(given: str, surname: str) -> Iterator[str]:
    if len(surname) >= _KEPT:
        for end in range(min(_CUT, len(surname)), len(surname) + 1):
            yield given[0] + surname[:end]
            yield surname[:end] + given[0]
            yield surname[:end] + given[:2]
            yield given[:2] + surname[:end]
    if len(given) >= _KEPT:
        yield given + surname[0]
    yield given + surname
    yield surname + given


def _spellings(word: str) -> set[str]:
    """Return a name as logins write it: in small letters without accents, "ae" or "a" for "ä"."""
    if (lower := word.lower()).isascii():
        return {lower}
    lower = lower.translate(_SPECIAL)
    return {
        "".join(one for one in unicodedata.normalize("NFKD", way) if not unicodedata.combining(one))
        for way in (lower, lower.translate(_GERMAN))
    }


@cache
def _everyday() -> frozenset[str]:
    return frozenset(
        line for path in _EVERYDAY for line in path.read_text(encoding="utf-8").splitlines()
    )
