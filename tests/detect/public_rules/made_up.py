"""A string that a regular expression matches, from the same seed the same."""

from __future__ import annotations

import random
import string
from re import _parser  # type: ignore[attr-defined]  # its own reader of expressions
from typing import Any

_LETTERS = string.ascii_letters + string.digits
_MOST = 10
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": _LETTERS + "_",
    "CATEGORY_SPACE": " ",
}


def made_up(pattern: str, rng: random.Random) -> str:
    """Return a string that the expression matches; repetitions without an end stop early."""
    return _of(_parser.parse(pattern), rng)


def _of(pattern: Any, rng: random.Random) -> str:
    return "".join(_one(str(what), how, rng) for what, how in pattern)


def _one(what: str, how: Any, rng: random.Random) -> str:
    match what:
        case "LITERAL":
            said = chr(how)
        case "ANY":
            said = rng.choice(_LETTERS)
        case "IN":
            said = rng.choice(sorted({one for kind in how for one in _members(kind)}))
        case "MAX_REPEAT" | "MIN_REPEAT":
            low, high, inner = how
            times = rng.randint(low, max(low, min(int(high), low + _MOST)))
            said = "".join(_of(inner, rng) for _ in range(times))
        case "BRANCH":
            said = _of(rng.choice(how[1]), rng)
        case "SUBPATTERN":
            said = _of(how[-1], rng)
        case _:  # a place, not a character
            said = ""
    return said


def _members(kind: Any) -> str:
    what, how = str(kind[0]), kind[1]
    if what == "RANGE":
        return "".join(map(chr, range(how[0], how[1] + 1)))
    return _CATEGORIES[str(how)] if what == "CATEGORY" else chr(how)
