"""Rewriting a text one character for one, at the speed of a table where all of it is Latin-1. Pure.

`str.translate` looks up every character beyond ASCII by itself, and a class of hundreds of
characters that reaches past the basic plane is as slow to look for in `re`. Most texts in the
languages of Western Europe are Latin-1, and there one table of 256 characters says it all.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable


class OneForOne:
    """A rewriting in which each character becomes one, whatever stands around it."""

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        """Take the rewriting, for any text; it must not lengthen or shorten one."""
        self._rewrite = rewrite
        self._table = "".join(rewrite(chr(code)) for code in range(256))

    def __call__(self, text: str) -> str:
        """Return the text rewritten, of the same length."""
        try:
            octets = text.encode("latin-1")
        except UnicodeEncodeError:
            return self._rewrite(text)
        return codecs.charmap_decode(octets, "strict", self._table)[0]
