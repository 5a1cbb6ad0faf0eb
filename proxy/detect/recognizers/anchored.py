"""Patterns that are tried only where their first character stands.

`re` finds a pattern's first character quickly, but not past a look at what is before it: then it
tries every place of a text. Here the first character is looked for first, and what may not stand
before it after that. Invariant: the matches are those of the pattern with its looks in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator


def beginning(first: str, *not_behind: str) -> re.Pattern[str]:
    """Return a pattern of one character with which something may begin.

    Args:
        first: the characters, as inside a character class.
        not_behind: of fixed length each, what must not stand before it.
    """
    behind = "".join(f"(?<!{one}.)" for one in not_behind)
    return re.compile(f"[{first}]{behind}", re.DOTALL)


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
