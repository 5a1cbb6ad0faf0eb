"""Lists of terms, all found in one pass over a text, however many there are.

The automaton's values are numbers (whose terms, how long), so it holds no objects: some 400 bytes
for a name, in one block that doesn't grow with use. A term is bounded as `matching.py` has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import ahocorasick

from proxy.folding import fold
from proxy.matching import continues
from proxy.spelling import Lexicon

#: How many lists there may be: a value's other bits say how long a term is.
MOST_LISTS = 40
_LENGTH_BITS = 16


class TermList(NamedTuple):
    """Some terms; `exact`: case counts (else only for short terms and everyday words)."""

    terms: Sequence[str]
    exact: bool


class Terms:
    """Finds the terms of some lists."""

    def __init__(self, lists: Sequence[TermList], lexicon: Lexicon) -> None:
        """Build the automata; `lexicon` says for which terms case counts anyway."""
        folded: dict[str, int] = {}
        exact: dict[str, int] = {}
        for number, (terms, is_exact) in enumerate(lists):
            for term in terms:
                low, written = (fold(term, lower=it).text.strip() for it in (True, False))
                if is_exact:
                    exact[written] = exact.get(written, 0) | 1 << number
                elif lexicon.exact(low):
                    for key in (written, written.upper()):
                        exact[key] = exact.get(key, 0) | 1 << number
                else:
                    folded[low] = folded.get(low, 0) | 1 << number
        self._folded = _automaton(folded)
        self._exact = _automaton(exact)

    def occurrences(self, text: str) -> list[tuple[int, int, int]]:
        """Return where terms stand (start, end), and bit by bit which lists have them."""
        found = set(_occurrences(self._folded, text, lower=True))
        found |= set(_occurrences(self._exact, text, lower=False))
        return sorted(found)


def _automaton(terms: Mapping[str, int]) -> Any:
    """An automaton over terms with what `_occurrences` reads; None for no terms."""
    if not terms:
        return None
    automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
    for term, numbers in terms.items():
        automaton.add_word(term, len(term) | numbers << _LENGTH_BITS)
    automaton.make_automaton()
    return automaton


def _occurrences(automaton: Any, text: str, *, lower: bool) -> Iterator[tuple[int, int, int]]:
    if automaton is None:
        return
    folded = fold(text, lower=lower)
    for last, value in automaton.iter(folded.text):
        length = value & (1 << _LENGTH_BITS) - 1
        start, end = folded.span(last + 1 - length, last + 1)
        if not continues(text, start) and not continues(text, end):
            yield start, end, value >> _LENGTH_BITS
