"""Long text in pieces: each found on its own, together the same as the whole.

A part is cut into cores that follow each other without a gap. Each core travels in a window with
some text before it (what context words are read from) and after it (so that a value which begins
in the core is seen to its end). Invariants:

- cores join to the whole text; windows only add to them;
- a cut falls at a paragraph end if there is one, else at a line, sentence or word end; never
  inside a private key block, and inside an unbroken run of characters only if that is longer than
  `STRETCH` chunks;
- where a core begins depends on the text before it and on at most `STRETCH` chunks after, so
  text that is appended changes the last chunks only.

A pattern's finding belongs to the chunk in whose core it starts, so nothing is counted twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from proxy.detect.pem import private_key_blocks

#: Characters that context words are read from; `context.py` looks no further back.
CONTEXT_REACH = 160
#: Characters of a window before its core. More than CONTEXT_REACH: the window starts at a word.
BEFORE = 200
#: Characters after the core: the longest value with spaces in it (an IBAN has 42), with room.
AFTER = 240
#: How many chunks long an unbroken run may be before it is cut inside.
STRETCH = 4

#: Where to cut, best first: ends of paragraphs, lines and sentences, spaces, spaces among digits.
#: The cut is at the end of the match.
_CUTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\n[ \t\r]*\n\s*",
        r"\n",
        r"(?<!\d)[.!?;][\"')\]]?\s(?!\d)",
        r"(?<!\d)\s(?!\d)",
        r"\s",
    )
)
#: What may be cut when a run goes on without a space: JSON on one line, minified code, data.
_LAST_RESORT = re.compile(r"[\s,;{}\[\]<>|]")
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A window of a part's text, the core in it, and where the window begins in the part.

    Attributes:
        text: the window.
        start: where the core starts in the window.
        end: where the core ends in the window.
        origin: offset of the window in the part; negative when a label stands before the text.
        language: ISO 639-1 code of the part; what can't be told from the window is taken for it.
    """

    text: str
    start: int
    end: int
    origin: int
    language: str = "en"


def chunk(text: str, size: int, label: str = "", language: str = "en") -> list[Chunk]:
    """Cut a part into chunks.

    Args:
        text: the part's text.
        size: length, in characters, that a core shouldn't exceed.
        label: the part's context (an object key), shown before the text as if it stood there.
        language: the part's language.
    """
    if not text:
        return []
    prefix = f"{spoken(label)}: " if label else ""
    whole = prefix + text
    keys = list(private_key_blocks(whole)) if "-----BEGIN" in whole else []
    chunks = []
    start = len(prefix)
    while start < len(whole):
        end = _cut(whole, start, size, keys)
        low, high = _window(whole, start, end)
        chunks.append(Chunk(whole[low:high], start - low, end - low, low - len(prefix), language))
        start = end
    return chunks


def spoken(label: str) -> str:
    """Return an identifier as words: ``dateOfBirth`` and ``date_of_birth`` as `date of birth`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", label[:CONTEXT_REACH])
    return words.strip().lower()


def _cut(text: str, start: int, size: int, keys: list[tuple[int, int]]) -> int:
    """Return where the core that starts at `start` ends."""
    if len(text) - start <= size:
        return len(text)
    end = _boundary(text, start, size)
    block = bisect_right(keys, (end, 0)) - 1
    if block >= 0 and keys[block][0] < end < keys[block][1]:
        key_start, key_end = keys[block]
        return key_start if key_start > start else key_end
    return end


def _boundary(text: str, start: int, size: int) -> int:
    """Return the best place to cut in the second half of the chunk, or the first one after it."""
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(text, start + size // 2, start + size)]
        if ends:
            return ends[-1]
    limit = min(len(text), start + size * STRETCH)
    beyond = _SPACE.search(text, start + size, limit) or _LAST_RESORT.search(
        text, start + size // 2, limit
    )
    return beyond.end() if beyond else limit


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the window around a core: whole words before it; after it, only what a value needs."""
    low = max(0, start - BEFORE)
    if low and (space := _SPACE.search(text, low, start - CONTEXT_REACH)):
        low = space.end()
    core = text[start:end]
    if core[len(core.rstrip()) :].count("\n") > 1:
        return low, end  # no pattern reaches over a blank line (a key block does, and is never cut)
    return low, min(len(text), end + AFTER)
