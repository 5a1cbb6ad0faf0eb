"""What a value takes along in an alphabet without brackets, where a token needs bounds."""

from __future__ import annotations

import re

from proxy.exchange import Alphabet, TextPart

_UPPER = re.compile("[A-Z]")
_IN_UPPER_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def with_joined(part: TextPart, start: int, end: int) -> tuple[int, int]:
    """A span with the rest of its word, and with an upper-case head (`USER_`) before that.

    In alphabets without brackets a token needs bounds, so a value takes along what is joined to it.
    """
    text = part.text
    if part.alphabet is Alphabet.TEXT:
        return start, end
    while start < end and not text[start].isalnum():  # or two tokens could touch
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    if start == end:
        return start, end
    joins = str.isalnum if part.alphabet is Alphabet.NAME else str.isdigit
    heads = _IN_UPPER_WORD if part.alphabet is Alphabet.NAME else frozenset()
    while end < len(text) and joins(text[end]):
        end += 1
    while True:
        left = start
        while left and joins(text[left - 1]):
            left -= 1
        run = left
        while run and text[run - 1] in heads:
            run -= 1
        head = _UPPER.search(text, run, left)
        left = head.start() if head else left
        if left == start:
            return start, end
        start = left
