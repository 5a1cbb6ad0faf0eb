"""Names that nobody bears: made of syllables, and on no list of names, words or places of ours.

A keyed hash picks them, so the same word has the same name wherever the key is the same, and nobody
without the key can tell which.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools

_STARTS = """
bral brev cald corv dast delb dorv elm falk ferv garv grel halv hest jarv jelb karv kelm lorv lusk
malv merv nalv norv olm orv palv perv quel ralv relb salv selm talv telm torv ulv valv velm varn
wesk yarv yelm zarv zelm
"""
_MIDDLES = "a e i o u ai ei"
_FAMILY_ENDS = """
bren chet dack dren fenn gast gell kett lask lund mack metz neck nold rand rell rick sand sett
stad tell thal vand vell vick wick zell
"""
_GIVEN_ENDS = "adis aleth amor avel edra elio enka erion ilan imeth inda iveth olan orel"


def _made_of(*parts: str) -> tuple[str, ...]:
    """Every combination of a piece of each part."""
    return tuple(map("".join, itertools.product(*(part.split() for part in parts))))


FAMILY = _made_of(_STARTS, _MIDDLES, _FAMILY_ENDS)
GIVEN = _made_of(_STARTS, _GIVEN_ENDS)


def picked(key: bytes, names: tuple[str, ...], label: str, attempt: int) -> str:
    """One of `names` for what `label` says, in small letters; another one at each attempt."""
    return names[number(key, f"{label}\0{attempt}", len(names))]


def number(key: bytes, label: str, below: int) -> int:
    """A keyed number from 0 (HMAC-SHA-256, RFC 2104)."""
    digest = hmac.digest(key, f"surrogate\0{label}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:16]) % below


def shaped(like: str, word: str) -> str:
    """A word in capitals, capitalised or small, as `like` is."""
    if len(like) > 1 and like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word
