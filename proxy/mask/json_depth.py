"""How deep in JSON a point of a growing document lies, so that a value can be escaped for it.

A string may hold a document whose strings hold documents: each level escapes once more. Whether a
string holds a document is judged by how it begins, as it isn't complete yet. Only values with
characters that JSON escapes need to know, so the text is read only for them.

Invariant: every character is read once per level, however often somebody asks.
"""

from __future__ import annotations

import json
import re

# Up to the next quote that isn't escaped. Possessive: read once.
_CONTENT = re.compile(r'(?:[^"\\]++|\\u[0-9A-Fa-f]{4}|\\[^u])*+', re.DOTALL)
_BROKEN = re.compile(r"\\(?:u[0-9A-Fa-f]{0,3})?\Z")  # the beginning of an escape
_DOCUMENT = re.compile(
    r'\s*+(?:\{\s*+(?:"|\Z)|\[\s*+(?:["\[{]|-?[0-9]++\s*+,|(?:true|false|null)\s*+,|\Z)|"\Z)'
)
#: How a document begins is seen in this many characters; what goes on like this is none.
_HEAD = 256


class JsonDepth:
    """Reads a document's text piece by piece."""

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._document = _Level()

    def feed(self, text: str) -> None:
        """Remember more of the document."""
        self._unread.append(text)

    def escaped(self, value: str) -> str:
        """`value` as it must be written here."""
        once = json.dumps(value, ensure_ascii=False)[1:-1]
        if once == value:
            return value
        self._document.read("".join(self._unread))
        self._unread.clear()
        for _ in range(self._document.depth):
            value = json.dumps(value, ensure_ascii=False)[1:-1]
        return value


class _Level:
    """One document, and what the string in it holds in which its text breaks off."""

    def __init__(self) -> None:
        #: Whether the text breaks off in a string.
        self.in_string = False
        self._broken = ""
        self._head: str | None = None  # how the string begins, until that says what it is
        self._inside: _Level | None = None  # the document that it holds

    @property
    def depth(self) -> int:
        """How many times a value is escaped here."""
        inside = self._inside
        if self._head is not None:
            inside = _begun(self._head)
        return 1 if inside is None or not inside.in_string else 1 + inside.depth

    def read(self, text: str) -> None:
        """Read on."""
        text, self._broken = self._broken + text, ""
        at = 0
        while at < len(text):
            content = _CONTENT.match(text, at)
            end = content.end() if content else at
            if self.in_string:
                self._hear(text[at:end])
            if text.startswith('"', end):
                self.in_string = not self.in_string
                self._head, self._inside = "" if self.in_string else None, None
            elif _BROKEN.match(text, end):
                self._broken = text[end:]
                return
            at = end + 1

    def _hear(self, content: str) -> None:
        """Read what the open string says, if it is a document or may become one."""
        if self._head is None and self._inside is None:
            return
        try:
            said = json.loads(f'"{content}"', strict=False)
        except ValueError:  # an escape that JSON doesn't have: nobody can say what this holds
            self._head = self._inside = None
            return
        if self._inside is not None:
            self._inside.read(said)
            return
        self._head = (self._head or "") + said
        if len(self._head) >= _HEAD:
            self._inside, self._head = _begun(self._head), None


def _begun(head: str) -> _Level | None:
    """The document that a string holds that begins like this, if it is one."""
    if not _DOCUMENT.match(head):
        return None
    level = _Level()
    level.read(head)
    return level
