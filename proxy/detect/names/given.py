"""Given names, as evidence beside other evidence. The list and its source: given_names.txt."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("given_names.txt")
#: Letters that Unicode doesn't take apart.
_SPECIAL = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "\u0131": "i"})
#: Shorter words are too often others' without their accents: "niña", "março".
_LONG = 6


def is_given_name(word: str) -> bool:
    """Say whether a word is somebody's given name as it stands.

    An everyday word (grace, mark) is one only with a capital; any other name in lower case too. A
    long name with a capital is one in the spelling of any language: Małgorzata as malgorzata.
    """
    lower = word.lower()
    if lower in _always():
        return True
    return word[:1].isupper() and (lower in _capitalised() or _bare(lower) in _in_any_case())


def given_names(words: Iterable[str]) -> set[str]:
    """Return those of the words that are somebody's given names as they stand."""
    said, known = set(words), _in_any_case()
    if known.isdisjoint(map(str.lower, said)) and all(map(str.isascii, said)):
        return set()  # most sentences hold none
    return {
        word
        for word in said
        if (word.lower() in known or not word.isascii()) and is_given_name(word)
    }


def holds_given_name(text: str) -> bool:
    """Say whether one of a text's words is somebody's given name."""
    return any(is_given_name(word) for word in text.split())


def _bare(lower: str) -> str:
    """Return a word without its accents; empty if it has none, or is short enough to be another."""
    if lower.isascii() or len(lower) < _LONG:
        return ""
    spread = unicodedata.normalize("NFKD", lower.translate(_SPECIAL))
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


@cache
def _in_any_case() -> frozenset[str]:
    return _always() | _capitalised()


@cache
def _always() -> frozenset[str]:
    return frozenset(name for name in _listed() if name.islower())


@cache
def _capitalised() -> frozenset[str]:
    return frozenset(name.lower() for name in _listed() if not name.islower())


def _listed() -> list[str]:
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]
