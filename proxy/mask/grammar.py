"""How a placeholder may be spelled when it comes back: a finite table (README.md shows it).

Models repeat a placeholder exactly, or damage it the way text is usually damaged: they lose a
bracket, escape it for Markdown, HTML or JSON, or set it in typographic brackets. Every spelling
but the exact one needs bounds: no letter or digit on either side.

A token is read from its first upper-case letter: `US_PERSON_1` is not a spelling of `PERSON_1`.
What follows it may be cut off at an underscore: `PERSON_1_2` is `PERSON_1` and `_2`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LITERAL = "LITERAL"
LITERAL_IN_TEXT = re.compile(r"<[A-Z][A-Z0-9_]*_[0-9]+[a-z]*>")
LITERAL_IN_NAME = re.compile(r"[A-Z][A-Z0-9_]*_[0-9]+[a-z]*(?![^\W_])")

_OPEN = ("<", "&lt;", "&#60;", "&#x3c;", "&#x3C;", "\u2039", "\u3008", "\u27e8", "\uff1c")
_CLOSE = (">", "&gt;", "&#62;", "&#x3e;", "&#x3E;", "\u203a", "\u3009", "\u27e9", "\uff1e")
_OPEN_ESCAPES = ("u003c", "u003C", "<")  # behind a backslash
_CLOSE_ESCAPES = ("u003e", "u003E", ">")
#: Longest run of backslashes that is read as one escape: JSON in a string in a string in a string.
DEEPEST = 7
#: Characters of the longest opening or closing bracket: a deep `\\u003c`.
LONGEST_BRACKET = DEEPEST + len("u003c")
_TOKEN = re.compile(r"[A-Z][A-Z0-9_\\]*[0-9][a-z]*")


class Grammar:
    """The table for one kind of string: how many backslashes stand before an escape in it."""

    def __init__(self, backslashes: str) -> None:
        opening = f"{_any(_OPEN)}|{backslashes}(?:{_any(_OPEN_ESCAPES)})"
        closing = f"{_any(_CLOSE)}|{backslashes}(?:{_any(_CLOSE_ESCAPES)})"
        half_open = f"{_begun(_OPEN)}|{backslashes}(?:{_begun(_OPEN_ESCAPES)})?"
        half_closed = f"{_begun(_CLOSE)}|{backslashes}(?:{_begun(_CLOSE_ESCAPES)})?"
        token = f"[A-Z](?:[A-Z0-9]|(?:{backslashes})?_)*"
        number = "[0-9]+"
        begun = rf"(?P<open>{opening})?(?P<token>{token}[a-z]*)(?P<rest>{closing}|{half_closed})?\Z"
        begun += rf"|(?P<half>{opening}|{half_open})\Z"
        #: A token without its brackets, anywhere; `with_digits` finds surrogates too.
        self.token = re.compile(f"{token}[0-9][a-z]*")
        self.with_digits = re.compile(f"{token}[0-9][a-z]*|{number}")
        #: What a token at the very end of a text goes on from, and a half escape of an underscore.
        self.head = re.compile(rf"{token}(?P<escape>{backslashes})?\Z")
        #: The bracket that ends where a token starts, and the one that starts where it ends.
        self.opening = re.compile(rf"(?:{opening})\Z")
        self.closing = re.compile(closing)
        #: What at the end of a text may be the beginning of a spelling.
        self.begun = re.compile(begun)
        self.begun_with_digits = re.compile(rf"{begun}|(?P<digits>{number})\Z")


def plain(token: str) -> str:
    """A token without the backslashes that escape its underscores."""
    return token.replace("\\", "")


def token_in(spelling: str) -> str:
    """The token of a spelling, without its brackets and escapes."""
    found = _TOKEN.search(spelling)
    return plain(found.group()) if found else ""


def _any(spellings: Iterable[str]) -> str:
    return "|".join(map(re.escape, spellings))


def _begun(spellings: Iterable[str]) -> str:
    """Every proper beginning of some spellings, longest first."""
    begun = {spelling[:length] for spelling in spellings for length in range(1, len(spelling))}
    return _any(sorted(begun, key=len, reverse=True)) or r"(?!)"


TEXT = Grammar(r"\\")
JSON = Grammar(rf"\\{{1,{DEEPEST}}}")
