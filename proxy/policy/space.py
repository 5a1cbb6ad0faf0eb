"""The space of requests as policies divide it; finite, since a policy can only compare.

A policy has no expressions: it tells two requests apart only by values that it names. So

- requests of the same *atoms* (axes.py) meet the same rules, whatever they contain;
- for the rules that matter to a question, the combinations of atoms under which the same rules
  hold are one *cell*: every request of a cell gets the same verdict;
- a *corner* is a smallest set of contents for which something is hidden or refused. Finding more
  never shows or admits more (decide.py), so whatever a policy hides or refuses anywhere, it hides
  or refuses at a corner within (corners.py).

policies/README.md says why asking at corners and in cells is asking everywhere; the tests compare
it with brute force.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from proxy.exchange import Facts
from proxy.policy.axes import CALLER, WHEN, Atom, Where, axes_of, joined
from proxy.policy.rules import Rule


@dataclass(frozen=True, slots=True)
class Corner:
    """Contents that matter together; an empty one is a request in which nothing was found.

    Attributes:
        counts: (entity, how many different values of it), where that is more than one.
        sources: (entity, the recognizer or language of a finding), as in Facts.
        data_class: the class that the caller declares, if one does.
    """

    entities: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    counts: frozenset[tuple[str, int]] = frozenset()
    sources: frozenset[tuple[str, str]] = frozenset()
    data_class: str = ""

    def __or__(self, other: Corner) -> Corner:
        counts = dict(self.counts)
        for name, count in other.counts:
            counts[name] = max(count, counts.get(name, 0))
        return Corner(
            self.entities | other.entities,
            self.opaque | other.opaque,
            frozenset(counts.items()),
            self.sources | other.sources,
            self.data_class or other.data_class,
        )

    def __le__(self, other: Corner) -> bool:
        counts = dict(other.counts)
        return (
            self.entities <= other.entities
            and self.opaque <= other.opaque
            and all(count <= counts.get(name, 0) for name, count in self.counts)
            and self.sources <= other.sources
            and self.data_class in ("", other.data_class)
        )

    @property
    def facts(self) -> Facts:
        """The corner as what decisions are made from."""
        return Facts(self.entities, self.opaque, counts=dict(self.counts), sources=self.sources)

    @property
    def order(self) -> tuple[Any, ...]:
        """Smaller corners first, then by name."""
        said: tuple[list[Any], ...] = (
            sorted(self.entities),
            sorted(self.opaque),
            sorted(self.counts),
            sorted(self.sources),
        )
        return (sum(len(names) for names in said), *said, self.data_class)

    def without(self, names: frozenset[str]) -> Corner:
        """The corner when some of its entities aren't found."""
        return replace(
            self,
            entities=self.entities - names,
            counts=frozenset(item for item in self.counts if item[0] not in names),
            sources=frozenset(item for item in self.sources if item[0] not in names),
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """One way in which rules can hold together.

    Attributes:
        holds: their bits.
        alike: of each axis an atom; of those that tell these rules apart, any.
        apart: of the latter the plainest atom for this cell.
    """

    holds: int
    alike: Mapping[str, Atom]
    apart: tuple[tuple[str, Atom], ...]

    @property
    def atoms(self) -> dict[str, Atom]:
        """Of each axis the plainest atom for it."""
        return {**self.alike, **dict(self.apart)}

    @property
    def where(self) -> Where:
        """A place in this cell."""
        atoms = self.atoms
        samples = [atom.sample for atom in atoms.values()]
        when = atoms[WHEN].sample
        return Where(
            {axis: value for sample in samples for axis, value in sample.values.items()},
            {name: value for sample in samples for name, value in sample.labels.items()},
            frozenset(name for sample in samples for name in sample.attested),
            when.on,
            when.at,
        )

    @property
    def named(self) -> int:
        """On how many axes the cell needs a value that a policy names."""
        return sum(bool(atom.words) for axis, atom in self.atoms.items() if axis != WHEN)

    def __str__(self) -> str:
        """The cell in words, as in ``team fraud, app case-review``."""
        atoms = self.atoms
        words = [f"{axis} {atom}" for axis, atom in atoms.items() if atom.words and axis != WHEN]
        somebody = any(atoms[axis].words for axis in CALLER)
        return ", ".join(words if somebody else ["anyone", *words])

    @property
    def days(self) -> str:
        """Until when, and within which hours if rules have any; empty where that doesn't matter."""
        when = self.atoms[WHEN]
        if when.words and not when.words[0].startswith(("through", "after")):
            return str(when)
        return f"through {when.end}" if when.end else ""


class Space:
    """The cells of some rules (of one policy, or of two to compare), from a first day on."""

    def __init__(self, rules: Sequence[Rule], on: date) -> None:
        self.axes = axes_of(rules, on)
        self._axes = {name: _Axis(atoms) for name, atoms in self.axes.items()}
        self.cells = cache(self._cells)

    def in_words(self) -> dict[str, list[str]]:
        """Each axis and its atoms, as people read them."""
        return {
            axis: [str(atom) or "any other" for atom in atoms] for axis, atoms in self.axes.items()
        }

    def _cells(self, relevant: int) -> tuple[Cell, ...]:
        """Every way in which the `relevant` rules (bits) can hold together, plainest first."""
        alike: dict[str, Atom] = {}
        apart: list[tuple[str, int, list[tuple[int, Atom]]]] = []
        holds = relevant
        for name, axis in self._axes.items():
            limited = relevant & axis.limited
            atoms = axis.told_apart(limited)
            alike[name] = atoms[0][1]
            if len(atoms) == 1:
                holds &= atoms[0][0] | ~limited
            else:
                apart.append((name, ~limited, atoms))
        ways: dict[int, tuple[tuple[str, Atom], ...]] = {holds: ()}
        for name, others, atoms in apart:
            longer: dict[int, tuple[tuple[str, Atom], ...]] = {}
            for holds, way in ways.items():
                for mask, atom in atoms:
                    both = holds & (mask | others)
                    if both not in longer:
                        longer[both] = (*way, (name, atom))
            ways = longer
        return tuple(Cell(holds, alike, way) for holds, way in ways.items())


def bits_in(rules: int) -> Iterator[int]:
    """Each bit that is set."""
    while rules:
        bit = rules & -rules
        yield bit
        rules ^= bit


class _Axis:
    """The atoms of an axis; `limited` are the rules (bits) that aren't for all of them."""

    def __init__(self, atoms: Sequence[Atom]) -> None:
        self._atoms = atoms
        #: Rule (bit) -> the atoms (positions) for which it is otherwise than for the first.
        self._otherwise: dict[int, list[int]] = {}
        for position, atom in enumerate(atoms):
            for bit in bits_in(atom.holds ^ atoms[0].holds):
                self._otherwise.setdefault(bit, []).append(position)
        self.limited = ~functools.reduce(operator.and_, (atom.holds for atom in atoms))
        self.told_apart = cache(self._told_apart)

    def _told_apart(self, rules: int) -> list[tuple[int, Atom]]:
        """The atoms that some limited rules tell apart, each with all its values."""
        first = self._atoms[0]
        alike: dict[int, list[Atom]] = {first.holds & rules: [first]}
        if first.words:
            positions: Iterable[int] = range(1, len(self._atoms))
        else:  # the first stands for whatever isn't named, and so for all that is like it
            unlike = {p for bit in bits_in(rules) for p in self._otherwise.get(bit, ())}
            positions = sorted(unlike)
        for atom in map(self._atoms.__getitem__, positions):
            alike.setdefault(atom.holds & rules, []).append(atom)
        if len(alike) == 1:  # nothing is told apart, so there is nothing to say of it
            return [(mask, replace(same[0], words=(), end=None)) for mask, same in alike.items()]
        return [(mask, joined(same)) for mask, same in alike.items()]
