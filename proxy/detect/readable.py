"""A text as a person reads it: what is escaped, encoded or disguised in it, in plain characters.

A mail address with `&#64;` or a zero-width space in it is still a mail address to whoever reads
it, a model included. So the detectors look at such a text once more as it reads, and what they find
goes back to the characters that spell it.

Invariant: positions always come back as positions of the original text.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from proxy.folding import LOOKALIKES, Edit, Shift, rewrite

_DISGUISED = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\{1,7}u[0-9A-Fa-f]{4}|\\{1,7}/"
    r"|&(?:#[0-9]{2,7}|#[xX][0-9A-Fa-f]{2,6}|[A-Za-z]{2,12});|[^\x00-\x7f]"
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{20,4000}={0,2}(?![A-Za-z0-9+/_=-])")
_MOST_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Plain:
    """A text as it reads, and the way back."""

    text: str
    shift: Shift
    edits: tuple[Edit, ...]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The original characters behind ``[start, end)``; None if they are spelled just so."""
        low, high = self.shift.origin(start), self.shift.origin(end)
        if any(low < edit_end and edit_start < high for edit_start, edit_end, _ in self.edits):
            return low, high
        return None


def plain(text: str) -> Plain | None:
    """The text as it reads, or None where that is how it is spelled."""
    edits = tuple(_edits(text))
    if not edits:
        return None
    view, shift = rewrite(text, edits)
    return Plain(view, shift, edits)


def encoded(text: str) -> Iterator[tuple[int, int, str]]:
    """Tokens that are base64 of text (RFC 4648, both alphabets): start, end, what they say."""
    for number, token in enumerate(_BASE64.finditer(text)):
        if number == _MOST_TOKENS:
            return
        body = token.group().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            said = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if all(character.isprintable() or character in "\r\n\t" for character in said):
            yield *token.span(), said


def _edits(text: str) -> Iterator[Edit]:
    for found in _DISGUISED.finditer(text):
        spelled = found.group()
        if spelled[0] == "%":
            read = _percent_decoded(spelled)
        elif spelled[0] == "\\":
            read = "/" if spelled[-1] == "/" else chr(int(spelled[-4:], 16))
        elif spelled[0] == "&":
            read = html.unescape(spelled)
        else:
            read = _undisguised(text, found.start())
        read = " " if read.isspace() else read
        if read != spelled and read.isprintable() and not spelled.isspace():
            yield *found.span(), read


def _percent_decoded(spelled: str) -> str:
    try:
        return bytes.fromhex(spelled.replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return spelled


def _undisguised(text: str, at: int) -> str:
    """One character beyond ASCII: what it stands for, nothing if it isn't seen, or itself."""
    character = text[at]
    category = unicodedata.category(character)
    if category in ("Cf", "Me"):
        return ""
    if category == "Nd" or (category[0] == "L" and character not in "\u00aa\u00ba"):
        folded = unicodedata.normalize("NFKC", character)
        if folded.isascii() and folded.isalnum():
            return folded
    if character in LOOKALIKES and _is_latin(text[at - 1 : at] + text[at + 1 : at + 2]):
        return LOOKALIKES[character]
    return character


def _is_latin(neighbours: str) -> bool:
    return any(letter.isascii() and letter.isalpha() for letter in neighbours)
