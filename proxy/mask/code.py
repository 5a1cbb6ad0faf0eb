"""Whether a point in Markdown lies inside code, read as the text arrives.

A run of backticks opens code and a run of the same length closes it (CommonMark 6.1); three and
more make a block that a longer run closes too (4.5). A shorter run ends with its line: CommonMark
lets it go on, but what never closes must not make code of all that follows.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"`+|\n")
_FENCE = 3


class Code:
    """Reads text piece by piece; a run of backticks may be cut anywhere."""

    def __init__(self) -> None:
        self._open = 0
        self._run = 0

    def feed(self, text: str) -> None:
        """Read on."""
        if self._run and text and text[0] != "`":
            self._settle()
        if "`" not in text and not self._open:
            return
        for mark in _MARK.finditer(text):
            if mark[0] == "\n":
                self._open = self._open if self._open >= _FENCE else 0
            else:
                self._run += len(mark[0])
                if mark.end() < len(text):
                    self._settle()

    @property
    def inside(self) -> bool:
        """Whether what comes next, if it isn't a backtick, is code."""
        return bool(self._after_run())

    def _settle(self) -> None:
        self._open, self._run = self._after_run(), 0

    def _after_run(self) -> int:
        if not self._run:
            return self._open
        if not self._open:
            return self._run
        closes = self._run == self._open or self._run > self._open >= _FENCE
        return 0 if closes else self._open
