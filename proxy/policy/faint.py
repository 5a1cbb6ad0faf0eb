"""Findings so faint that only one of two policies counts them as found.

Each policy drops what scores below its `min_score`. Where the two need different scores, a request
can hold something that one of them finds and the other doesn't: what they say then is compared too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cache

from proxy.policy.compiled import Policy
from proxy.policy.space import Corner

#: Entities that only one of the policies finds -> the policy that misses it, ``old`` or ``new``.
Unseen = Mapping[str, str]


class Faint:
    """How contents may look to two policies that need different scores."""

    def __init__(self, old: Policy, new: Policy) -> None:
        self._old, self._new = old, new
        self._ways = cache(self._ways_of)

    def views(self, corner: Corner) -> Iterator[tuple[Corner, Unseen]]:
        """The corner as it is, and with each choice of entities that only one policy finds.

        Such a one stands there with the recognizer and language that it takes.
        """
        faint = [(name, way) for name in sorted(corner.entities) for way in self._ways(name)]
        yield corner, {}
        for count in range(1, len(corner.entities) + 1):
            for some in itertools.combinations(faint, count):
                unseen = {name: missed for name, (missed, _) in some}
                if len(unseen) == count:
                    sources = frozenset((name, s) for name, (_, by) in some for s in by)
                    yield corner | Corner(sources=sources), unseen

    def _ways_of(self, name: str) -> list[tuple[str, frozenset[str]]]:
        """How a finding of an entity can be so faint that just one policy drops it.

        Each as who drops it, ``old`` or ``new``, and the recognizer and language that it is from:
        of several, the fewest.
        """
        old, new = self._old.entity(name), self._new.entity(name)
        sources = sorted(old.scores.keys() | new.scores.keys())
        ways: dict[str, frozenset[str]] = {}
        for recognizer, language in itertools.product(["", *sources], ["", *sources]):
            needed = [e.needed(recognizer, language) for e in (old, new)]
            if needed[0] != needed[1]:
                missed = "old" if needed[0] > needed[1] else "new"
                by = frozenset(filter(None, (recognizer, language)))
                if missed not in ways or len(by) < len(ways[missed]):
                    ways[missed] = by
        return list(ways.items())


def as_found(side: str, corner: Corner, unseen: Unseen) -> Corner:
    """The corner without what this side, ``old`` or ``new``, doesn't find."""
    lost = frozenset(name for name, missed in unseen.items() if missed == side)
    return corner.without(lost) if lost else corner
