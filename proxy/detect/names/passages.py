"""Which passages of a window the second model reads, and which of them leave a doubt. Pure.

A passage is whole lines or sentences that follow each other. Invariant: passages join to the whole
window, and the cost of finding them is linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from proxy.detect.names.given import is_given_name
from proxy.detect.names.known import PLACES_IN_LOWER_CASE
from proxy.detect.names.pieces import Named

#: A line without an end goes in pieces of this length.
_LONGEST = 600
_WORD = re.compile(r"(?<![\w@#/\\.-])[^\W\d_]{3,}(?![\w@(/\\]|\.\w)")
_SENTENCE_END = re.compile(r"(?:\A|[.!?:>\n\"“(*•-])\s*\Z")
_CUT = re.compile(r"(?<=[.!?;])\s+|\n")


class Window(NamedTuple):
    """A window of text, and which part of it is asked about.

    Attributes:
        text: the window.
        start: where that part starts.
        end: where it ends.
        language: of what it stands in, for a window that doesn't say its own.
    """

    text: str
    start: int
    end: int
    language: str = "en"

    def passages(self, least: int) -> Iterator[tuple[int, int]]:
        """Yield the passages that touch that part; see `passages`."""
        for low, high in passages(self.text, least):
            if low < self.end and self.start < high:
                yield low, high


def passages(text: str, least: int) -> Iterator[tuple[int, int]]:
    """Yield where each passage starts and ends: whole lines or sentences that follow each other.

    Args:
        text: the window.
        least: characters that a passage has at least, where there are as many.
    """
    start = 0
    ends = [match.end() for match in _CUT.finditer(text)]
    for end in (*ends, len(text)):
        while end - start > _LONGEST:
            yield start, start + _LONGEST
            start += _LONGEST
        if end - start >= least or (end == len(text) and end > start):
            yield start, end
            start = end


def doubtful(text: str, start: int, end: int, first: Sequence[Named]) -> bool:
    """Say whether a passage holds a name by `first`, or a word that could be one."""
    if any(one.start_char < end and start < one.end_char for one in first):
        return True
    for match in _WORD.finditer(text, start, end):
        word = match.group()
        if is_given_name(word) or word in PLACES_IN_LOWER_CASE:
            return True
        if word.isupper() or word.islower():
            continue
        if word[0].isupper() and not _SENTENCE_END.search(
            text[max(0, match.start() - 4) : match.start()]
        ):
            return True
    return False
