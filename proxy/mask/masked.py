"""What masking makes of a request for one endpoint: texts, and what restores the answer to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from proxy.exchange import Moved, Path
from proxy.mask.plan import Plan
from proxy.spelling import canonical


class Surrogate(NamedTuple):
    """What a surrogate stands for: a text, of which spellings of values (`of`) it is, or a part."""

    text: str
    of: frozenset[str]


@dataclass(frozen=True, slots=True)
class Restorable:
    """What the answer gets back.

    Attributes:
        tokens: ``PERSON_1`` -> the value as the caller wrote it.
        digits: surrogate number -> the number.
        members: short surrogate -> the object keys that its number stood under.
        bare: tokens that were written without brackets, in identifiers.
        surrogates: another value of the same kind -> what it stands for.
    """

    tokens: Mapping[str, str] = field(default_factory=dict)
    digits: Mapping[str, str] = field(default_factory=dict)
    bare: frozenset[str] = frozenset()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    surrogates: Mapping[str, Surrogate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Masked:
    """The parts of a request as one endpoint may see them.

    Attributes:
        edits: path -> new text, of those parts only whose text changed.
        texts: every part's text after masking, in order.
        mapping: what `Restorer` needs.
        hidden: the values that must not occur in `texts`, for the guard.
        tokens: per part, the ``[start, end)`` of `texts` that are tokens and not the caller's.
        plan: what was hidden where, for the parts that may follow.
        settled: no text depends on what stands in another part, so none changes in a later turn
            unless the plan for it does.
        moved: for each part that changed, by path: the spans that were written anew.
    """

    edits: Mapping[Path, str]
    texts: tuple[str, ...]
    mapping: Restorable
    hidden: tuple[str, ...]
    tokens: tuple[tuple[tuple[int, int], ...], ...]
    plan: Plan
    moved: Mapping[Path, tuple[Moved, ...]]
    settled: bool = True

    def less(self, values: Collection[str]) -> Masked:
        """Without some hidden values (matching.canonical); to guard texts that aren't here."""
        hidden = tuple(text for text in self.hidden if canonical(text) not in values)
        return replace(self, hidden=hidden, texts=(), tokens=())
