"""Where surrogates stand in an answer: exact spellings with no letter or digit on either side."""

from __future__ import annotations

import re
from collections.abc import Iterable


class Surrogates:
    """Finds some texts; of two that begin at one place the longer one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = sorted(texts, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._texts)) or r"(?!)")
        self._beginnings = {
            text[:length] for text in self._texts for length in range(1, len(text) + 1)
        }
        #: Characters of the longest one.
        self.longest = len(self._texts[0]) if self._texts else 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def search(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """The first one that begins in ``text[start:end]`` and ends there, bounded or not."""
        return self._pattern.search(text, start, end)

    def at(self, text: str, start: int, end: int) -> list[int]:
        """Where the texts that begin at `start` end, the longest first."""
        return [
            start + len(one)
            for one in self._texts
            if start + len(one) <= end and text.startswith(one, start)
        ]

    def begun(self, text: str, since: int) -> Iterable[int]:
        """Where, from `since` on, the end of a text may be the beginning of one, or all of it."""
        for start in range(max(since, len(text) - self.longest), len(text)):
            if text[start:] in self._beginnings:
                yield start


#: Where there are none.
NONE = Surrogates(())
