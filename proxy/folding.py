"""One spelling for many: text without what doesn't change whom it names.

Case, compatibility forms (Unicode NFKC), accents, letters of other scripts that look Latin beside
Latin ones, zero-width characters, the kind and amount of white space (an underscore is one:
identifiers have no other; so is a hyphen or a dot between letters, as in jane.doe), dashes and
apostrophes are folded away; on demand the separators inside numbers too (`4111-1111` is
`41111111`). Escapes and closed-up words are read in views of their own. Every folded character
knows where it came from.

Invariants: positions that `Folded` and `Shift` give back always slice the original text; every
view takes linear time, whatever the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

Edit = tuple[int, int, str]  # characters [start, end) of a text become this string

_UPPER = {ord(upper): upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_BLANK = {ord(blank): " " for blank in "_\t\n\v\f\r\x1c\x1d\x1e\x1f"}
_FOLD_ASCII = _UPPER | _BLANK
_ALIKE = {"\u2019": "'", "\u02bc": "'", "\u2212": "-"}
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
)
_GREEK = (
    "\u03b1\u03bf\u03c1\u03bd\u03ba\u0391\u0392\u0395\u0396\u0397"
    "\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)
_LOOKS = "aeopcyxijshdqwABEKMHOPCTXIJSaopvkABEZHIKMNOPTYX"
#: Letters of other scripts that look like Latin ones; disguises only beside Latin letters.
LOOKALIKES = dict(zip(_CYRILLIC + _GREEK, _LOOKS, strict=True))
_TO_LATIN = str.maketrans(LOOKALIKES)
_LOOKALIKE = re.compile(f"[{_CYRILLIC}{_GREEK}]")
#: Letters that show nothing: fillers of Korean blocks, a Braille cell without dots.
BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
# The mark comes first: a search that begins with a look behind tries it at every character.
_HYPHEN = re.compile(r"[-.](?<=[^\W\d_][-.])(?=[^\W\d_])")
_BLANKS = re.compile(r" {2,}")
# A dot joins only groups of three and more: 192.168.1.23 and 192.168.12.3 must stay two values.
_JOINT = re.compile(r"[0-9](?:[- ()]{1,3}|(?<=[0-9]{3})\.(?=[0-9]{3}))(?=[0-9])")

# A run of backslashes is tried once, from its start.
_ESCAPE = re.compile(
    r"[%\\+&](?:(?<=%)[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2})*"
    r"|(?<=\\)(?<!\\\\)\\*+(?:u[0-9A-Fa-f]{4}|[\"'/bfnrt])|(?<=[^\W_]\+)(?=[^\W_]|%)"
    r"|(?<=&)(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
)


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the characters of a rewritten text came from: from `at[k]` on, add `by[k]`."""

    at: tuple[int, ...]
    by: tuple[int, ...]

    def origin(self, position: int) -> int:
        """The position in the text before it was rewritten."""
        step = bisect_right(self.at, position)
        return position + self.by[step - 1] if step else position


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text with the way back to its original."""

    original: str
    text: str
    shifts: tuple[Shift, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original characters behind folded ``[start, end)``, with marks that follow them."""
        if not self.shifts:
            return start, end
        last = end - 1
        for shift in reversed(self.shifts):
            start, last = shift.origin(start), shift.origin(last)
        end = last + 1
        while end < len(self.original) and vanishes(self.original[end]):
            end += 1
        return start, end


def fold(text: str, *, numbers: bool = False, lower: bool = True) -> Folded:
    """`text` folded; `numbers` drops separators inside numbers, `lower` folds case."""
    shifts: list[Shift] = []
    plain = text if text.isascii() else _undisguised(text)
    folded = plain.translate(_FOLD_ASCII if lower else _BLANK) if plain.isascii() else None
    if folded is None:
        folded = _rewritten(plain, _beyond_ascii(plain, lower=lower), shifts)
        folded = folded.translate(_FOLD_ASCII if lower else _BLANK)
    if "-" in folded or "." in folded:
        folded = _HYPHEN.sub(" ", folded)
    if "  " in folded:
        blanks = _BLANKS.finditer(folded)
        folded = _rewritten(folded, ((m.start(), m.end(), " ") for m in blanks), shifts)
    if numbers and (first := _JOINT.search(folded)):
        joints = _JOINT.finditer(folded, first.start())
        folded = _rewritten(folded, ((m.start() + 1, m.end(), "") for m in joints), shifts)
    return Folded(text, folded, tuple(shifts))


def rewrite(text: str, edits: Iterable[Edit]) -> tuple[str, Shift]:
    """`text` with `edits` (ascending, not overlapping) done, and the way back."""
    pieces: list[str] = []
    at: list[int] = []
    by: list[int] = []
    done = length = 0
    for start, end, new in edits:
        pieces += text[done:start], new
        length += start - done
        for extra in range(end - start, len(new)):  # all of `ﬁ` -> `fi` came from one character
            at.append(length + extra)
            by.append(end - 1 - length - extra)
        length += len(new)
        at.append(length)
        by.append(end - length)
        done = end
    if not pieces:
        return text, Shift((), ())
    pieces.append(text[done:])
    return "".join(pieces), Shift(tuple(at), tuple(by))


def escaped(text: str) -> bool:
    """Whether a text holds escapes: percent-encoding, `+` for a space, HTML's entities, JSON's."""
    marked = "%" in text or "\\" in text or "+" in text or "&" in text
    return marked and _ESCAPE.search(text) is not None


def unescaped(text: str) -> tuple[str, Shift]:
    """A text with what its escapes stand for, and the way back."""
    return rewrite(text, _unescaped(text))


def spaced(text: str) -> tuple[str, Shift]:
    """A text with a blank before each capital that follows a small letter, and the way back."""
    turns = (at for at, (a, b) in enumerate(pairwise(text), 1) if a.islower() and b.isupper())
    return rewrite(text, ((at, at + 1, f" {text[at]}") for at in turns))


def vanishes(character: str) -> bool:
    """Whether a character (a combining mark, a soft hyphen, a zero-width space) folds away."""
    return character > "\x7f" and not _fold_character(character, lower=True)


def _rewritten(text: str, edits: Iterable[Edit], shifts: list[Shift]) -> str:
    changed, shift = rewrite(text, edits)
    if shift.at:
        shifts.append(shift)
    return changed


def _undisguised(text: str) -> str:
    """A text of the same length: letters that look Latin are, in words that hold Latin ones."""
    if _LOOKALIKE.search(text) is None:
        return text
    return _WORD.sub(_latin, text)


def _latin(word: re.Match[str]) -> str:
    return word[0].translate(_TO_LATIN) if _LATIN.search(word[0]) else word[0]


def _beyond_ascii(text: str, *, lower: bool) -> Iterator[Edit]:
    for run in _BEYOND_ASCII.finditer(text):
        for position in range(run.start(), run.end()):
            yield position, position + 1, _fold_character(text[position], lower=lower)


@lru_cache(maxsize=1 << 15)
def _fold_character(character: str, *, lower: bool) -> str:
    if character in BLANK_LETTERS:
        return ""
    if character.isspace():
        return " "
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character in _ALIKE:
        return _ALIKE[character]
    if unicodedata.category(character) == "Pd":
        return "-"
    parts = unicodedata.normalize("NFKD", character)
    if lower:
        parts = unicodedata.normalize("NFKD", parts.casefold())
    return "".join(part for part in parts if unicodedata.category(part) not in ("Mn", "Me", "Cf"))


def _unescaped(text: str) -> Iterator[Edit]:
    for escape in _ESCAPE.finditer(text):
        spelled, start = escape.group(), escape.start()
        if spelled[0] == "%":
            yield from _percent_decoded(spelled, start)
        elif spelled[0] == "&":
            yield start, escape.end(), html.unescape(spelled)
        elif spelled[-5:-4] == "u":  # before its last digit is taken for \\b or \\f
            yield start, escape.end(), chr(int(spelled[-4:], 16))
        elif spelled == "+" or spelled[-1] in "bfnrt":
            yield start, escape.end(), " "
        else:
            yield start, escape.end(), spelled[-1]


def _percent_decoded(spelled: str, start: int) -> Iterator[Edit]:
    try:
        decoded = bytes.fromhex(spelled.replace("%", "")).decode()
    except UnicodeDecodeError:
        return  # not text
    for character in decoded:
        end = start + 3 * len(character.encode())
        yield start, end, character
        start = end
