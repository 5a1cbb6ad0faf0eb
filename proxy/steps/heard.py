"""One string of an answer: how far it came, how far it was judged, and what of it is masked.

Invariants: it is judged at the end of a sentence, or after `WINDOW` characters without one; masking
keeps length, and JSON stays JSON (a letter becomes x, a digit 9), so offsets into an answer stay
right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.exchange import Channel
from proxy.mask.grammar import LITERAL_IN_TEXT

#: Characters of a stream that are held back at most, and that are looked at again for context.
WINDOW = 256

_SENTENCE_END = re.compile(r"[.!?\u2026]+[\"')\]\u201d\u2019]*(?=\s)|[\u3002\uff01\uff1f]|\n")
_CHARACTER = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|.", re.DOTALL)
_HALF_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?\Z")
_X_IN_JSON = "\\u0078"


class Span(NamedTuple):
    """Characters ``[start, end)`` of a string that are masked."""

    start: int
    end: int


@dataclass(slots=True)
class Heard:
    """One string of an answer: what came of it from `base` on, and how far it was judged."""

    channel: Channel
    text: str = ""
    base: int = 0
    judged: int = 0
    whole: bool = False
    masked: list[Span] = field(default_factory=list)

    @property
    def end(self) -> int:
        """How far it came, in characters of the string."""
        return self.base + len(self.text)

    def due(self) -> int:
        """How far it can be judged now."""
        if self.whole:
            return self.end
        waiting = _HALF_ESCAPE.sub("", self.text[self.judged - self.base :])
        ends = [match.end() for match in _SENTENCE_END.finditer(waiting)]
        if ends:
            return self.judged + ends[-1]
        if len(waiting) < WINDOW:
            return self.judged
        words = waiting.rpartition(" ")[0]
        return self.judged + len(words or waiting)

    def forget(self) -> None:
        """Let go of what no window looks at again."""
        keep = max(self.base, self.judged - WINDOW)
        self.text, self.base = self.text[keep - self.base :], keep


def looked_at(one: Heard, end: int) -> str:
    """The text that is detected in: blanks where placeholders stand."""
    text = one.text[: end - one.base]
    return LITERAL_IN_TEXT.sub(lambda token: " " * len(token[0]), text)


def cover(text: str, spans: Sequence[Span], channel: Channel) -> str:
    """`text` with the letters and digits in `spans` masked."""
    if not spans:
        return text
    tokens = _CHARACTER.finditer(text) if channel is Channel.JSON else re.finditer("(?s).", text)
    pieces = []
    for token in tokens:
        inside = any(span.start < token.end() and token.start() < span.end for span in spans)
        pieces.append(_covered(token[0]) if inside else token[0])
    return "".join(pieces)


def _covered(character: str) -> str:
    if character.startswith("\\u") and len(character) > 1:
        return _X_IN_JSON
    if len(character) == 1 and character.isalnum():
        return "9" if character.isdecimal() else "x"
    return character
