"""A text as a person reads it: what is escaped, encoded or disguised in it, in plain characters.

A mail address with `&#64;` or a zero-width space in it is still a mail address to whoever reads
it, a model included. So the detectors look at such a text once more as it reads, and what they find
goes back to the characters that spell it. Twice, because what an escape spells may be a disguise. A
number that is broken over two lines is read in one.

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

from proxy.folding import BLANK_LETTERS, LOOKALIKES, Edit, Shift, rewrite

#: Categories of characters that nobody sees.
_UNSEEN = ("Cf", "Me")


def _is_itself(character: str) -> bool:
    """Whether a character stands for itself wherever it stands: an accented letter, a quote."""
    folded = unicodedata.normalize("NFKC", character)
    category = unicodedata.category(character)
    return (
        category not in (*_UNSEEN, "Mn", "Nd", "Zs", "Pd")
        and character not in LOOKALIKES
        and character not in BLANK_LETTERS
        and character != "\u2212"
        and not (folded.isascii() and folded.isalnum() and character not in "\u00aa\u00ba")
    )


#: Letters, marks and signs up to the currencies that needn't be looked at; accents are everywhere.
_THEMSELVES = "".join(filter(_is_itself, map(chr, range(0x80, 0x20D0))))
_STRANGE = rf"[^\x00-\x7f{_THEMSELVES}]"
_DISGUISED = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|\\{1,7}u[0-9A-Fa-f]{4}|\\{1,7}/"
    rf"|&(?:#[0-9]{{2,7}}|#[xX][0-9A-Fa-f]{{2,6}}|[A-Za-z]{{2,12}});|{_STRANGE}"
)
#: Without one of these nothing is disguised.
_MARK = re.compile(rf"[%\\&]|{_STRANGE}")
#: The byte order mark that files begin with by some programs' habit: before the first character it
#: disguises nothing.
_BYTE_ORDER = ((0, 1, ""),)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{20,4000}={0,2}(?![A-Za-z0-9+/_=-])")
_MOST_TOKENS = 16
#: How often a text is read: an escape may spell a disguise.
_LAYERS = 2
#: What is read without its mark. Of letters some carry one in earnest (a name that is spelled in
#: pieces), and are found in the text as it stands too.
_UNMARKED = re.compile(r"[0-9A-Za-z .+()@-]")
#: Marks that show nothing, wherever they stand: joiners and selectors of variants.
_UNSEEN_MARKS = re.compile("[\u034f\u17b4\u17b5\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
#: What stands on both sides of a separator inside a number.
_IN_NUMBERS = re.compile("[0-9A-Z]")
#: How far a letter's neighbours are looked for.
_WORD = 40
#: Text that is shown from right to left whatever its letters (UAX 9, explicit overrides).
_OVERRIDDEN = re.compile("\u202e([^\u202c\u202e\r\n]{4,4000})\u202c?")
#: A line end inside a number, with the separator that it replaces or follows.
_BREAK = re.compile(r"(?<=[0-9])-?[ \t]{0,2}(?:\r?\n|\\(?:r\\)?n)[ \t]{0,2}(?=[0-9])")
_LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True)
class Plain:
    """A text as it reads, and the way back: through each shift, the last one first."""

    original: str
    text: str
    shifts: tuple[Shift, ...]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The original characters behind ``[start, end)``; None if they are spelled just so.

        What stands right before and after counts too: `%2F` before a number ends in a letter, which
        hides it from whoever reads the text as it is spelled.
        """
        low, high = self._origin(start), self._origin(end)
        before, after = max(0, start - 1), min(len(self.text), end + 1)
        wide = self.original[max(0, low - (start - before)) : high + (after - end)]
        return None if wide == self.text[before:after] else (low, high)

    def _origin(self, place: int) -> int:
        for shift in reversed(self.shifts):
            place = shift.origin(place)
        return place


def plain(text: str) -> Plain | None:
    """The text as it reads, or None where that is how it is spelled."""
    view, shifts = text, []
    for _ in range(_LAYERS):
        edits = tuple(_edits(view))
        if not edits or edits == _BYTE_ORDER:
            break
        view, shift = rewrite(view, edits)
        shifts.append(shift)
    return Plain(text, view, tuple(shifts)) if shifts else None


def unwrapped(text: str) -> Plain | None:
    """The text with numbers in one line that a line end breaks in two, or None without any.

    A column of numbers isn't one: there a number follows on every line.
    """
    if "\n" not in text and "\\" not in text:
        return None
    breaks = [match.span() for match in _BREAK.finditer(text)]
    lonely = [
        (start, end, text[start] if text[start] == "-" else " ")
        for place, (start, end) in enumerate(breaks)
        if not (place and _only_number(text, breaks[place - 1][1], start))
        and not (place + 1 < len(breaks) and _only_number(text, end, breaks[place + 1][0]))
    ]
    if not lonely:
        return None
    view, shift = rewrite(text, lonely)
    return Plain(text, view, (shift,))


def _only_number(text: str, start: int, end: int) -> bool:
    """Whether nothing but one number stands between two line ends."""
    return end - start <= _LONGEST_NUMBER and "\n" not in text[start:end]


def encoded(text: str) -> Iterator[tuple[int, int, str]]:
    """What says something else than its characters: start, end, what it says.

    Tokens that are base64 of text (RFC 4648, both alphabets), and text that is written backwards
    under a mark that has it shown forwards.
    """
    for backwards in _OVERRIDDEN.finditer(text):
        yield *backwards.span(), backwards[1][::-1]
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
    base, end = "", 0  # what the marks before here stand on
    if not _MARK.search(text):
        return
    for found in _DISGUISED.finditer(text):
        spelled = found.group()
        if found.start() != end or unicodedata.category(text[end - 1 : end] or "x") != "Mn":
            base = text[found.start() - 1 : found.start()]
        end = found.end()
        if spelled[0] == "%":
            read = _percent_decoded(spelled)
        elif spelled[0] == "\\":
            read = "/" if spelled[-1] == "/" else chr(int(spelled[-4:], 16))
        elif spelled[0] == "&":
            read = html.unescape(spelled)
        else:
            read = _undisguised(text, found.start(), base)
        if len(spelled) > 1:  # an escape may spell what nobody sees
            read = "".join(one for one in read if unicodedata.category(one) not in _UNSEEN)
        read = " " if read.isspace() and len(spelled) > 1 else read
        if read != spelled and read.isprintable():
            yield *found.span(), read


def _percent_decoded(spelled: str) -> str:
    try:
        return bytes.fromhex(spelled.replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return spelled


def _undisguised(text: str, at: int, base: str) -> str:
    """One character beyond ASCII: what it stands for, nothing if it isn't seen, or itself.

    `base` is what it stands on, if it is a mark.
    """
    character = text[at]
    category = unicodedata.category(character)
    if _is_unseen(character, category, base):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in ("Zs", "Pd") or character == "\u2212":
        inside = _IN_NUMBERS.match(text, at - 1 if at else 0) and _IN_NUMBERS.match(text, at + 1)
        return (" " if category == "Zs" else "-") if at and inside else character
    circled = unicodedata.decomposition(character).startswith("<circle>")
    if circled or (category[0] == "L" and character not in "\u00aa\u00ba"):
        folded = unicodedata.normalize("NFKC", character)
        if folded.isascii() and folded.isalnum():
            return folded
    if character in LOOKALIKES and _is_among_latin(text, at):
        return LOOKALIKES[character]
    return character


def _is_unseen(character: str, category: str, base: str) -> bool:
    if category == "Mn":
        return bool(_UNMARKED.match(base) or _UNSEEN_MARKS.match(character))
    return category in _UNSEEN or character in BLANK_LETTERS


def _is_among_latin(text: str, at: int) -> bool:
    """Say whether the next letter on either side is Latin, over digits, which any writing has."""
    return _is_latin(text, at, -1) or _is_latin(text, at, 1)


def _is_latin(text: str, at: int, step: int) -> bool:
    for place in range(at + step, at + _WORD * step, step):
        character = text[place : place + 1] if place >= 0 else ""
        if not character.isdigit() and character != "_":
            return character.isascii() and character.isalpha()
    return False
