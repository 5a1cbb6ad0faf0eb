"""pseudonymise: another value of the same kind and shape, which is nobody's; restored in answers.

A person gets invented names (invented.py), word by word: so whoever is called by the last name
alone keeps it, and an e-mail address follows its owner's name. Numbers and addresses come from
ranges that nobody owns (reserved.py). What has no surrogate here becomes a placeholder: other kinds
of values, names in other scripts than Latin, phone numbers of other countries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Protocol

from proxy.exchange import Action
from proxy.mask.actions import reserved
from proxy.mask.actions.form import Form, Written
from proxy.mask.actions.invented import FAMILY, GIVEN, number, picked, shaped

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_EMAIL = re.compile(r"(?P<local>[A-Za-z0-9][A-Za-z0-9._+-]*)@(?P<domain>[A-Za-z0-9.-]+)")
#: What stands with a name and is nobody's: kept, and no name by itself.
_BESIDE = """
mr mrs ms miss dr prof sir madam herr frau monsieur madame mme señor señora sr sra jr ii iii iv van
von der den de del della di da dos du la le zu und and bin ibn al el y e
"""
_BESIDE_NAMES = frozenset(_BESIDE.split())


class Names(Protocol):
    """What stands for the words of names in one request."""

    def name(self, word: str, *, given: bool) -> str:
        """For a word of a name, in small letters: an invented one, the same each time."""

    def initial(self, letter: str) -> str:
        """For an initial that abbreviates no name so far."""

    def domain(self, domain: str) -> str:
        """For the host of an address: a name under `.example` (RFC 2606)."""

    @property
    def words(self) -> Mapping[str, str]:
        """The words that stand for something so far, and what."""


class _Unkept:
    """Names without a request: the operator's in Presidio, which sees one value at a time."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.words: dict[str, str] = {}

    def name(self, word: str, *, given: bool) -> str:
        if word not in self.words:
            self.words[word] = picked(self._key, GIVEN if given else FAMILY, word, 0)
        return self.words[word]

    def initial(self, letter: str) -> str:
        return chr(ord("a") + number(self._key, f"initial\0{letter}", 26))

    def domain(self, domain: str) -> str:
        return f"{picked(self._key, FAMILY, f'@{domain}', 0)}.example"


def write(form: Form, _action: Action, key: bytes) -> Written | None:
    """The surrogate, chosen without a look at the request; None where there is none."""
    text = surrogate(form, _Unkept(key), key, 0)
    return None if text is None else Written(text, token=False, restored=True)


def surrogate(form: Form, names: Names, key: bytes, attempt: int) -> str | None:
    """What stands for a value of its kind, if anything does; at each attempt another number."""
    if form.name == "PERSON":
        return person(form.text, names)
    if form.name == "EMAIL_ADDRESS":
        return email(form.text, names, key, attempt)
    reserve = _NUMBERS.get(form.name)
    return reserve(form.text, key, attempt) if reserve else None


_NUMBERS: dict[str, Callable[[str, bytes, int], str | None]] = {
    "PHONE_NUMBER": reserved.phone,
    "IP_ADDRESS": reserved.address,
    "CREDIT_CARD": reserved.card,
    "IBAN_CODE": reserved.iban,
    "US_SSN": reserved.social_security,
}


def words_of(text: str) -> list[re.Match[str]]:
    """The words of a name that are somebody's: neither titles nor particles."""
    return [word for word in _WORD.finditer(text) if word[0].casefold() not in _BESIDE_NAMES]


def person(text: str, names: Names) -> str | None:
    """The name with an invented one for each word; titles, particles and punctuation stay."""
    own = words_of(text)
    hidden, letters = sum(len(word[0]) for word in own), sum(map(str.isalpha, text))
    if hidden * 2 < letters or not own or not all(map(_in_a_name, text)):
        return None
    comma = "," in text  # the family name first
    pieces, done = list[str](), 0
    for index, word in enumerate(own):
        last = index == (0 if comma else len(own) - 1)
        pieces += text[done : word.start()], _one(word[0], names, given=not last)
        done = word.end()
    return "".join((*pieces, text[done:]))


def _in_a_name(character: str) -> bool:
    """Whether it is a Latin letter, or what stands between such and needs no escape anywhere."""
    if character.isalpha():
        return unicodedata.name(character, "").startswith("LATIN")
    return character in " .,-'\u2019()\xa0"


def _one(word: str, names: Names, *, given: bool) -> str:
    if len(word) > 1:
        return shaped(word, names.name(word.casefold(), given=given))
    return shaped(word, _initial(word.casefold(), names))


def _initial(letter: str, names: Names) -> str:
    """What stands for an initial: that of the name which it may abbreviate."""
    full = next((new for word, new in names.words.items() if word.startswith(letter)), "")
    return full[0] if full else names.initial(letter)


def email(text: str, names: Names, key: bytes, attempt: int) -> str | None:
    """An address whose local part follows the name of its owner, at a domain of nobody's."""
    parsed = _EMAIL.fullmatch(text)
    if parsed is None:
        return None
    label = f"email\0{text.casefold()}\0{attempt}"
    local = re.sub(
        r"[A-Za-z]+|[0-9]+",
        lambda run: _run(run[0], names, label, key),
        parsed["local"],
    )
    return f"{local}@{names.domain(parsed['domain'].casefold())}"


def _run(run: str, names: Names, label: str, key: bytes) -> str:
    """What stands for a run of letters or digits in an address."""
    if run.isdigit():
        return reserved.digits(run, key, label)
    folded = run.casefold()
    if len(folded) == 1:
        return shaped(run, _initial(folded, names))
    return shaped(run, _joined(folded, names) or names.name(folded, given=False))


def _joined(run: str, names: Names) -> str:
    """A name, or two, or an initial and a name, closed up: `janedoe`, `jdoe`, `doej`."""
    known = names.words
    if run in known:
        return known[run]
    for word, new in known.items():
        first, rest = run.removeprefix(word), run.removesuffix(word)
        for joined, other in ((new + "{}", first), ("{}" + new, rest)):
            if other not in (run, "") and (other in known or len(other) == 1):
                return joined.format(known.get(other) or _initial(other, names))
    return ""
