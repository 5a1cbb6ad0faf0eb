"""How deep in JSON a point of a growing document lies, so that a value can be escaped for it.

A string may hold a document whose strings hold documents: each level escapes once more. Whether a
string holds a document is judged by how it begins, as it isn't complete yet. Only values with
characters that JSON escapes need to know, so the text is read only for them.
"""

from __future__ import annotations

import json
import re

_MARK = re.compile(r'\\.|"', re.DOTALL)
_DOCUMENT = re.compile(
    r'\s*(?:\{\s*(?:"|\Z)|\[\s*(?:["\[{]|-?[0-9]+\s*,|(?:true|false|null)\s*,|\Z)|"\Z)'
)


class JsonDepth:
    """Reads a document's text piece by piece."""

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._string: str | None = None  # what the open string holds so far, as it is written

    def feed(self, text: str) -> None:
        """Remember more of the document."""
        self._unread.append(text)

    def escaped(self, value: str) -> str:
        """`value` as it must be written here."""
        once = json.dumps(value, ensure_ascii=False)[1:-1]
        if once == value:
            return value
        self._read()
        for _ in range(_levels(self._string)):
            value = json.dumps(value, ensure_ascii=False)[1:-1]
        return value

    def _read(self) -> None:
        text = "".join(self._unread)
        self._unread.clear()
        self._string = _open_string(text if self._string is None else f'"{self._string}{text}')


def _open_string(document: str) -> str | None:
    """What the string holds in which a document breaks off; None if it breaks off elsewhere."""
    start = -1
    for mark in _MARK.finditer(document):
        if mark[0] == '"':
            start = -1 if start >= 0 else mark.end()
    return document[start:] if start >= 0 else None


def _levels(string: str | None) -> int:
    levels = 1
    while string is not None:
        try:
            inner = json.loads(f'"{string}"', strict=False)
        except ValueError:
            return levels
        if not _DOCUMENT.match(inner):
            return levels
        string = _open_string(inner)
        levels += string is not None
    return levels
