"""What numbering makes of some parts: places and numbers, and no text.

So a later turn of the conversation goes on from it without anybody keeping what was said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proxy.exchange import Finding, TextPart


class Place(NamedTuple):
    """Characters ``[start, end)`` of the text of a part."""

    part: int
    start: int
    end: int


@dataclass(slots=True)
class Value:
    """One value over all of its spellings.

    Attributes:
        at: where it was first written; `literal`: there as a placeholder form.
        name, number: its placeholder's.
        first: the entity of its first finding; empty if no detector found it itself.
        entities: all that were found for it, in order.
        spellings: how many it has.
    """

    at: Place
    literal: bool
    name: str
    number: int
    first: str = ""
    entities: dict[str, None] = field(default_factory=dict)
    spellings: int = 0

    def copy(self) -> Value:
        """One that may be changed, while this one stays as it is."""
        entities = self.entities.copy()
        return Value(
            self.at, self.literal, self.name, self.number, self.first, entities, self.spellings
        )


@dataclass(slots=True)
class Spelling:
    """One spelling: where it was first written, and its letter.

    `values` are those that are hidden with it, by their index: mostly the one that it is of.
    """

    at: Place
    letter: str
    values: tuple[int, ...]


#: The spelling, by its index, at each span of a part.
Placed = Mapping[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Numbered:
    """What numbering made of some parts. Nobody changes it.

    Attributes:
        findings: what it was made of; `entities`: all that were found.
        values, spellings: referred to by their index.
        found: where each text that a detector found was first written, and its value.
        placed: the spelling at each span, per part.
        rests: the spelling of each piece that crossing spans could leave, per part.
        changed: of the parts that `before` had, those in which spans or their entities changed.
    """

    findings: tuple[tuple[Finding, ...], ...] = ()
    entities: frozenset[str] = frozenset()
    values: Sequence[Value] = ()
    spellings: Sequence[Spelling] = ()
    found: Sequence[tuple[Place, int]] = ()
    placed: Sequence[Placed] = ()
    rests: Sequence[Placed] = ()
    changed: frozenset[int] = frozenset()


#: What numbering makes of no parts.
NOTHING = Numbered()


def text_at(parts: Sequence[TextPart], place: Place) -> str:
    """What the caller wrote there."""
    return parts[place.part].text[place.start : place.end]


def literal_key(text: str) -> str:
    """The key of a placeholder form that the caller wrote: no text's."""
    return f"\0{text}"
