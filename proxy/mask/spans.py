"""Which pieces of one part are written anew, when hidden spans lie within or across each other.

Only hidden spans compete: one that is shown never shields another. The longest takes its
characters whole; a span inside it adds nothing but the strength of its action; a span that
crosses it keeps what lies outside as pieces of its own. Pieces are cut at every edge that a finding
has in the part, hidden or not, so that their numbers don't depend on what an endpoint hides.

Invariant: the pieces are disjoint, and every letter and digit of every span is in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from proxy.exchange import Action
from proxy.ladder import join


class Span(NamedTuple):
    """Characters ``[start, end)`` of a part that `action` hides."""

    start: int
    end: int
    action: Action


def disjoint(spans: Sequence[tuple[int, int]]) -> bool:
    """Whether sorted spans don't touch each other's characters."""
    return all(a[1] <= b[0] for a, b in pairwise(spans))


def crossing(spans: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of some sorted spans that cross another, neither lying within the other."""
    crossed: set[tuple[int, int]] = set()
    for index, a in enumerate(spans):
        for b in spans[index + 1 :]:
            if b[0] >= a[1]:
                break
            if a[0] < b[0] and a[1] < b[1]:
                crossed |= {a, b}
    return crossed


def pieces(text: str, start: int, end: int, edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """``[start, end)`` cut at `edges` (sorted), each piece less what isn't a letter or digit."""
    cuts = [start, *(edge for edge in edges if start < edge < end), end]
    for cut, following in pairwise(cuts):
        low, high = cut, following
        while low < high and not text[low].isalnum():
            low += 1
        while low < high and not text[high - 1].isalnum():
            high -= 1
        if low < high:
            yield low, high


def resolve(text: str, spans: Sequence[Span], edges: Sequence[int]) -> list[Span]:
    """The disjoint pieces, by position, that stand for some hidden spans of one part."""
    taken: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span.start)):
        rest = [(span.start, span.end)]
        for index, winner in enumerate(taken):
            if winner.start < span.end and span.start < winner.end:
                both = join(winner.action, span.action)
                taken[index] = winner._replace(action=both)
                rest = [piece for low, high in rest for piece in _outside(low, high, winner)]
        if rest == [(span.start, span.end)]:
            taken.append(span)
            continue
        for low, high in rest:
            taken += (Span(*piece, span.action) for piece in pieces(text, low, high, edges))
    return sorted(taken, key=lambda span: span.start)


def _outside(low: int, high: int, winner: Span) -> Iterator[tuple[int, int]]:
    if low < min(high, winner.start):
        yield low, min(high, winner.start)
    if max(low, winner.end) < high:
        yield max(low, winner.end), high
