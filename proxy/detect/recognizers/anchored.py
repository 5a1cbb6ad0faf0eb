"""Patterns that are tried only where they can match: at a first character, or within some words.

`re` finds a pattern's first character quickly, but not past a look at what is before it: then it
tries every place of a text. Here the first character is looked for first, and what may not stand
before it after that; or what stands somewhere in every match, if no match holds white space.
Invariant: the matches are those of the pattern, tried everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any


def beginning(first: str, *not_behind: str, ahead: str = "") -> re.Pattern[str]:
    """Return a pattern of one character with which something may begin.

    Args:
        first: the characters, as inside a character class.
        not_behind: of fixed length each, what must not stand before it.
        ahead: what stands after it.
    """
    behind = "".join(f"(?<!{one}.)" for one in not_behind)
    return re.compile(f"[{first}]{behind}(?={ahead})", re.DOTALL)


def matches_at(
    pattern: re.Pattern[str], text: str, places: Iterable[int]
) -> Iterator[re.Match[str]]:
    """Yield the matches that begin at some places, in order; none overlaps the one before."""
    end = 0
    for place in places:
        if place >= end and (match := pattern.match(text, place)):
            end = match.end()
            yield match


class Anchored:
    """A pattern that begins with one of some characters."""

    def __init__(self, first: re.Pattern[str], pattern: str, *, somewhere: str = "") -> None:
        """Compile it.

        Args:
            first: with which every match begins (`beginning`).
            pattern: what is looked for.
            somewhere: what the text of every match holds, quick to look for; empty for nothing.
        """
        self._first = first
        self._pattern = re.compile(pattern)
        self._somewhere = re.compile(somewhere)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Iterate over the matches in a text."""
        if not self._somewhere.search(text):
            return iter(())
        places = (first.start() for first in self._first.finditer(text))
        return matches_at(self._pattern, text, places)


_BETWEEN_WORDS = re.compile(r"[ \n]")


class Words:
    """The words of a text in which something stands; not for concurrent use."""

    def __init__(self, mark: re.Pattern[str]) -> None:
        """Take what has to stand in a word."""
        self._mark = mark
        self._text: str | None = None
        self._places: tuple[tuple[int, int], ...] = ()

    def places(self, text: str) -> tuple[tuple[int, int], ...]:
        """Return where they start and end, in order; what isn't between spaces may be one."""
        if text is not self._text:
            self._text, self._places = text, tuple(self._find(text))
        return self._places

    def _find(self, text: str) -> Iterator[tuple[int, int]]:
        end = 0
        for mark in self._mark.finditer(text):
            place = mark.start()
            if place >= end:
                low = max(text.rfind(" ", end, place), text.rfind("\n", end, place)) + 1
                space = _BETWEEN_WORDS.search(text, mark.end())
                low, end = max(low, end), space.start() if space else len(text)
                yield low, end


class Before:
    """The stretches of a text that end with something; not for concurrent use."""

    def __init__(self, mark: re.Pattern[str], reach: int) -> None:
        """Take it.

        Args:
            mark: with what they end.
            reach: how many characters before it they begin.
        """
        self._mark = mark
        self._reach = reach

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where they start and end, a character behind it included, in order and apart."""
        start = end = 0
        for mark in self._mark.finditer(text):
            low = mark.start() - self._reach
            if low > end:
                if end:
                    yield start, end
                start = low
            end = mark.end() + 1
        if end:
            yield start, end


def matches_in(
    pattern: Any, text: str, places: Iterable[tuple[int, int]], **options: Any
) -> Iterator[Any]:
    """Iterate over the matches of a pattern, of `re` or `regex`, within some stretches."""
    for low, high in places:
        yield from pattern.finditer(text, low, high, **options)
