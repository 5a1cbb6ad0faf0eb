"""Occurrences of values in texts, each text searched once for the same values.

A conversation comes back whole with every turn. What a search found is remembered as offsets under
a keyed hash of tenant, values and text, so a turn pays for its own text (P7).

Invariants: the memory holds no text and no value, and without its key (which dies with the process)
nobody can test a guess against it; what comes from it is what `Matcher` would find.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence, Set

from proxy.matching import Lexicon, Matcher, Occurrence

_JOIN = "\0"  # the strict parse lets no text hold it


class Finder:
    """Searches texts by the rule of matching.py.

    Args:
        lexicon: the words that the rule is careful with.
        entries: how many texts are remembered, least recently used first out.
    """

    def __init__(self, lexicon: Lexicon, entries: int = 100_000) -> None:
        self.lexicon = lexicon
        self._key = os.urandom(32)
        self._entries = entries
        self._known: OrderedDict[bytes, list[Occurrence]] = OrderedDict()

    def occurrences(
        self,
        tenant: str,
        values: Sequence[str],
        texts: Sequence[str],
        edges: Sequence[Set[int]] = (),
    ) -> list[list[Occurrence]]:
        """The occurrences of `values` in each text; `edges` as for `Matcher.occurrences_in`."""
        if not values:
            return [[] for _ in texts]
        head = self._hashed(_JOIN.join((tenant, *values)), self._key)
        keys = [
            self._hashed(f"{sorted(edges[index]) if edges else ''}{_JOIN}{text}", head)
            for index, text in enumerate(texts)
        ]
        found = [self._remembered(key) for key in keys]
        new = [index for index, hits in enumerate(found) if hits is None]
        if new:
            matcher = Matcher(values, self.lexicon)
            bounds = [edges[index] for index in new] if edges else ()
            fresh = matcher.occurrences_in([texts[index] for index in new], bounds)
            for index, hits in zip(new, fresh, strict=True):
                found[index] = self._known[keys[index]] = hits
            while len(self._known) > self._entries:
                self._known.popitem(last=False)
        return [hits for hits in found if hits is not None]

    def _remembered(self, key: bytes) -> list[Occurrence] | None:
        hits = self._known.get(key)
        if hits is not None:
            with contextlib.suppress(KeyError):  # a thread may have pushed it out meanwhile
                self._known.move_to_end(key)
        return hits

    def _hashed(self, text: str, key: bytes) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=key, digest_size=16).digest()
