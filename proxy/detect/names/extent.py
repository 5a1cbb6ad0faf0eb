"""How far a name goes beyond what a model made of it: initials, given names, what a place is. Pure.

Models lose the edges of names: "V K" before a surname, a given name without its capital, the word
that says what kind of place it is ("Gaza strip", "Sand Hill park"). Invariant: spans only grow,
over spaces within a line, and by words that are a part of the name.
"""

from __future__ import annotations

import re

from proxy.detect.names.given import is_given_name
from proxy.detect.names.pieces import Named

_INITIALS = re.compile(r"(?<![\w.'\u2019&-])(?:[A-Z]\.?[ ]){1,3}\Z")
#: English words that are an article or a pronoun, not somebody's initial.
_NO_INITIALS = frozenset({"A", "I"})
_WORD_BEFORE = re.compile(r"(?<![\w.'\u2019@/-])([^\W\d_]{3,20})[ ]\Z")
_KIND_OF_PLACE = re.compile(
    r"[ ](?:strip|island|islands|beach|bay|park|bridge|station|building|district|valley|river|lake"
    r"|hills|airport|harbour|harbor|museum|square|county|province|peninsula)(?![\w-])",
    re.IGNORECASE,
)
_REACH = 24
_PLACES = ("GPE", "LOC", "FAC")


def whole(text: str, found: Named) -> Named:
    """Return a name with what of it stands beside what was found."""
    if found.label_ in _PLACES:
        kind = _KIND_OF_PLACE.match(text, found.end_char)
        return found._replace(end_char=kind.end()) if kind else found
    if found.label_ != "PERSON" or not text[found.start_char].isupper():
        return found
    before = text[max(0, found.start_char - _REACH) : found.start_char]
    initials = _INITIALS.search(before)
    if initials and initials.group().strip(" .") not in _NO_INITIALS:
        return found._replace(start_char=found.start_char - len(initials.group()))
    given = _WORD_BEFORE.search(before)
    alone = " " not in text[found.start_char : found.end_char]
    if given and alone and is_given_name(given.group(1)):
        return found._replace(start_char=found.start_char - len(given.group()))
    return found
