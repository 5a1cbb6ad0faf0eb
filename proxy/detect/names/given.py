"""Given names, as evidence beside other evidence. The list and its source: given_names.txt."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("given_names.txt")


def is_given_name(word: str) -> bool:
    """Say whether a word is somebody's given name as it stands.

    An everyday word (grace, mark) is one only with a capital; any other name in lower case too.
    """
    lower = word.lower()
    return lower in _always() or (word[:1].isupper() and lower in _capitalised())


def may_hold_given_names(words: Iterable[str]) -> bool:
    """Say, quickly, whether one of the words can be a given name in some spelling."""
    lowered = map(str.lower, words)
    return not _in_any_case().isdisjoint(lowered)


def holds_given_name(text: str) -> bool:
    """Say whether one of a text's words is somebody's given name."""
    return any(is_given_name(word) for word in text.split())


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
