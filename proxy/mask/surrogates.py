"""Where surrogates stand in an answer: exact spellings that stand alone, the longest first."""

from __future__ import annotations

import re
from collections.abc import Iterable

from proxy.exchange import Channel
from proxy.mask.bounds import bounded, free_before


class Surrogates:
    """Finds some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = sorted(texts, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._texts)) or r"(?!)")
        self._longest = len(self._texts[0]) if self._texts else 0
        self._beginnings = {
            text[:length] for text in self._texts for length in range(1, len(text) + 1)
        }

    def __bool__(self) -> bool:
        return bool(self._texts)

    def first(self, text: str, since: int, until: int, channel: Channel) -> tuple[int, int] | None:
        """Where the first one within ``text[since:until]`` begins and ends."""
        while found := self._pattern.search(text, since, until):
            start = found.start()
            for end in (start + len(one) for one in self._texts if text.startswith(one, start)):
                if end <= until and bounded(text, start, end, channel):
                    return start, end
            since = start + 1
        return None

    def undecided(self, text: str, since: int, channel: Channel) -> int:
        """Where one begins that the next characters could complete, or bound otherwise.

        Not within one that is complete: that one comes first. The text's end if there is none.
        """
        complete = since
        for start in range(max(since, len(text) - self._longest), len(text)):
            if text[start:] not in self._beginnings or not free_before(text, start, channel):
                continue
            while complete < start and (one := self.first(text, complete, len(text), channel)):
                if one[0] >= start:
                    break
                complete = one[1]
            if start >= complete:
                return start
        return len(text)


#: Where there are none.
NONE = Surrogates(())
