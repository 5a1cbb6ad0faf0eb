"""How a placeholder may be spelled when it comes back: a finite table (README.md shows it).

Models repeat a placeholder exactly, or damage it the way text is usually damaged: they lose a
bracket, escape it for Markdown, HTML or JSON, or set it in typographic brackets. Every spelling
but the exact one needs bounds: no letter or digit on either side.

A token is read from its first upper-case letter: `US_PERSON_1` is not a spelling of `PERSON_1`.
What follows it may be cut off at an underscore: `PERSON_1_2` is `PERSON_1` and `_2`. The hex digits
of an escape are no letters: the token in `\\u003CPERSON_1` starts at its P. A number that ends an
upper-case word isn't a surrogate: `ORDER_8812345` is that word.

Invariant: a search takes linear time, whatever the text. Runs are possessive (no second try), and
of a word that is read again from a later letter no more is read than a token can be long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LITERAL = "LITERAL"
_COUNTED_OR_KEYED = "(?:[0-9]+|[A-Z2-7]{8})[a-z]*"
LITERAL_IN_TEXT = re.compile(rf"<[A-Z][A-Z0-9_]*_{_COUNTED_OR_KEYED}>")
LITERAL_IN_NAME = re.compile(rf"[A-Z][A-Z0-9_]{{0,96}}_{_COUNTED_OR_KEYED}(?![^\W_])")

_OPEN = ("<", "&lt;", "&#60;", "&#x3c;", "&#x3C;", "\u2039", "\u3008", "\u27e8", "\uff1c")
_CLOSE = (">", "&gt;", "&#62;", "&#x3e;", "&#x3E;", "\u203a", "\u3009", "\u27e9", "\uff1e")
_OPEN_ESCAPES = ("u003c", "u003C", "<")  # behind a backslash
_CLOSE_ESCAPES = ("u003e", "u003E", ">")
#: Longest run of backslashes that is read as one escape: JSON in a string in a string in a string.
DEEPEST = 7
#: Characters of the longest token, less its escapes: a name (numbering.py), a number, letters.
LONGEST_TOKEN = 96
#: Characters of the longest opening or closing bracket: a deep `\\u003c`.
LONGEST_BRACKET = DEEPEST + len("u003c")
_WORD_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_\\"
# An upper-case letter that isn't one of an escape's hex digits.
_FIRST = "[A-Z]" + "".join(rf"(?<!\\u[0-9A-Fa-f]{{{at}}}[A-F])" for at in range(4))


class Grammar:
    """The table for one kind of string: up to how many backslashes make an escape in it."""

    def __init__(self, deepest: int) -> None:
        backslashes = rf"\\{{1,{deepest}}}"
        opening = f"{_any(_OPEN)}|{backslashes}(?:{_any(_OPEN_ESCAPES)})"
        closing = f"{_any(_CLOSE)}|{backslashes}(?:{_any(_CLOSE_ESCAPES)})"
        half_open = f"{_begun(_OPEN)}|{backslashes}(?:{_begun(_OPEN_ESCAPES)})?"
        half_closed = f"{_begun(_CLOSE)}|{backslashes}(?:{_begun(_CLOSE_ESCAPES)})?"
        run = f"[A-Z0-9_]*+(?:{backslashes}_[A-Z0-9_]*+)*+"
        bounded = run.replace("*+", f"{{0,{LONGEST_TOKEN}}}+")
        joined = f"(?=[A-Z0-9]{{0,{LONGEST_TOKEN}}}(?:{backslashes})?_)"
        number = "[0-9]+"
        begun = rf"(?P<open>{opening})?(?P<token>{_FIRST}{run}[a-z]*+)"
        begun += rf"(?P<rest>{closing}|{half_closed})?\Z|(?P<half>{opening}|{half_open})\Z"
        #: A word that may begin with a token; `with_digits` finds surrogates too.
        self.token = re.compile(f"{_FIRST}{joined}{bounded}[a-z]*+")
        self.with_digits = re.compile(f"{self.token.pattern}|{number}")
        #: How an upper-case word goes on, and a half escape of an underscore behind it.
        self.run = re.compile(run)
        self.word = re.compile(f"{_FIRST}{run}(?P<escape>{backslashes})?")
        #: The bracket that ends where a token starts, and the one that starts where it ends.
        self.opening = re.compile(rf"(?:{opening})\Z")
        self.closing = re.compile(closing)
        #: Characters of the longest spelling.
        self.longest = LONGEST_TOKEN * (1 + deepest) + 2 * LONGEST_BRACKET
        #: What at the end of a text may be the beginning of a spelling.
        self.begun = re.compile(begun)
        self.begun_with_digits = re.compile(rf"{begun}|(?P<digits>{number})\Z")

    def head(self, before: str, text: str, start: int, end: int) -> str:
        """What stands for the upper-case word in which ``text[start:end]``, behind `before`, ends.

        Empty if there is none. A half escape of an underscore, behind the word, is kept.
        """
        if start == end:
            return before
        tail = start + len(text[start:end].rstrip(_WORD_CHARACTERS))
        if before and tail == start:
            text, tail = before + text[start:end], 0
            end = len(text)
        ends = (word for word in self.word.finditer(text, tail, end) if word.end() == end)
        word = next(ends, None)
        return "A" + (word["escape"] or "") if word else ""


def plain(token: str) -> str:
    """A token without the backslashes that escape its underscores."""
    return token.replace("\\", "")


def _any(spellings: Iterable[str]) -> str:
    return "|".join(map(re.escape, spellings))


def _begun(spellings: Iterable[str]) -> str:
    """Every proper beginning of some spellings, longest first."""
    begun = {spelling[:length] for spelling in spellings for length in range(1, len(spelling))}
    return _any(sorted(begun, key=len, reverse=True)) or r"(?!)"


TEXT = Grammar(1)
JSON = Grammar(DEEPEST)
