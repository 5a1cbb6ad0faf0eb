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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from proxy.exchange import Facts, Verdict
from proxy.policy.axes import CALLER, WHEN, Atom, Where, axes_of, joined
from proxy.policy.compiled import CLASS_LABEL, Escalation, Policy
from proxy.policy.decide import decide
from proxy.policy.lookup import Lookup, binds
from proxy.policy.rules import Block, Permit, Require, Rule, Treat, Waiver


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
    """One way in which rules can hold together: their bits, and the plainest atoms for it."""

    holds: int
    atoms: Mapping[str, Atom] = field(default_factory=dict)

    @property
    def where(self) -> Where:
        """A place in this cell."""
        where = Where()
        for atom in self.atoms.values():
            where = atom.sample(where)
        return where

    @property
    def named(self) -> int:
        """On how many axes the cell needs a value that a policy names."""
        return sum(bool(atom.words) for axis, atom in self.atoms.items() if axis != WHEN)

    def __str__(self) -> str:
        """The cell in words, as in ``team fraud, app case-review``."""
        words = [
            f"{axis} {atom}" for axis, atom in self.atoms.items() if atom.words and axis != WHEN
        ]
        somebody = any(self.atoms[axis].words for axis in CALLER)
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
        self.cells = cache(self._cells)

    def in_words(self) -> dict[str, list[str]]:
        """Each axis and its atoms, as people read them."""
        return {
            axis: [str(atom) or "any other" for atom in atoms] for axis, atoms in self.axes.items()
        }

    def _cells(self, relevant: int) -> tuple[Cell, ...]:
        """Every way in which the `relevant` rules (bits) can hold together, plainest first."""
        ways: dict[int, dict[str, Atom]] = {relevant: {}}
        for axis, atoms in self.axes.items():
            told_apart = _merged(atoms, relevant)
            longer: dict[int, dict[str, Atom]] = {}
            for holds, way in ways.items():
                for mask, atom in told_apart.items():
                    if holds & mask not in longer:
                        longer[holds & mask] = {**way, axis: atom}
            ways = longer
        return tuple(Cell(holds, way) for holds, way in ways.items())


class Side:
    """One policy in a space: which of its rules matter where, and what it decides there.

    Args:
        first: the bit of the policy's first rule in the space (see `rules_of`).
    """

    def __init__(self, policy: Policy, space: Space, first: int = 0) -> None:
        self.policy = policy
        self.space = space
        self.bits = [(rule, 1 << (first + i)) for i, rule in enumerate(rules_of(policy))]
        self._unlabelled = [(_unlabelled(rule), bit) for rule, bit in self.bits]
        self._holding = cache(self._holding_at)
        self._concerning = cache(self._concerning_at)
        self._trimmed = cache(self._trim)
        self.relevant = cache(self._relevant)
        self.bit_of = {id(rule): bit for rule, bit in self.bits}
        self._permitting = self._bits_of(Permit)
        self._refusing = self._bits_of(Require, Block)
        self._treating = self._bits_of(Treat)
        self._waiving = self._bits_of(Waiver)
        kinds = self._permitting | self._refusing | self._treating | self._waiving
        self._catalogues = sum(bit for _, bit in self.bits) & ~kinds
        self._lifting = [
            (bit, sum(b for r, b in self.bits if r.id == waiver.rule))
            for waiver, bit in self.bits
            if isinstance(waiver, Waiver)
        ]

    def _bits_of(self, *kinds: type[Rule]) -> int:
        return sum(bit for rule, bit in self.bits if isinstance(rule, kinds))

    def _holding_at(self, corner: Corner) -> int:
        facts = corner.facts
        found = corner.entities
        return sum(
            bit
            for rule, bit in self._unlabelled
            if rule.holds(facts) and (not isinstance(rule, Treat) or rule.actions.keys() & found)
        )

    def _concerning_at(self, provider: str) -> int:
        return sum(bit for rule, bit in self.bits if concerns(rule, provider))

    def _trim(self, relevant: int, provider: str) -> Policy:
        """The policy with only the rules that matter: the verdict is the same, and sooner there."""
        kept = self.rules(relevant)
        permits = tuple(rule for rule in kept if isinstance(rule, Permit))
        restrictions = tuple(rule for rule in kept if isinstance(rule, Require | Block | Treat))
        waivers = tuple(rule for rule in kept if isinstance(rule, Waiver))
        return replace(
            self.policy,
            permits=permits,
            restrictions=restrictions,
            waivers=waivers,
            lookups={provider: Lookup(provider, permits, restrictions, waivers)},
        )

    def _relevant(self, corner: Corner, provider: str) -> int:
        """The rules (bits) that say anything about these facts at this provider, for somebody."""
        matter = self._holding(corner) & self._concerning(provider)
        idle = (waiver for waiver, lifted in self._lifting if not lifted & matter)
        return matter & ~sum(idle) if matter & self._waiving else matter

    def effect(self, holds: int, relevant: int) -> int | None:
        """What rules do in a cell: which treats stand, or None if they refuse.

        For the same contents at the same provider, the same effect is the same verdict, but for
        the names of the rules that decided.
        """
        standing = holds & (self._refusing | self._treating)
        if holds & self._waiving:
            for waiver, lifted in self._lifting:
                if holds & waiver:
                    standing &= ~lifted
        unlisted = relevant & self._catalogues & ~holds
        if unlisted or standing & self._refusing or not holds & self._permitting:
            return None
        return standing

    def rules(self, relevant: int) -> tuple[Rule, ...]:
        """The rules that some bits stand for."""
        return tuple(rule for rule, bit in self.bits if relevant & bit)

    def escalating(self, corner: Corner) -> list[Escalation]:
        """The escalations that are complete here, in a fixed order."""
        facts = corner.facts
        complete = (e for e in self.policy.escalations if e.complete(facts))
        return sorted(complete, key=lambda e: (sorted(e.members), e.rank))

    def verdict(self, corner: Corner, provider: str, where: Where, relevant: int) -> Verdict:
        """What the policy decides; `relevant` as this side gave it for the corner and provider."""
        facts = where.facts(corner.facts)
        if corner.data_class:
            facts = replace(facts, labels={**facts.labels, CLASS_LABEL: corner.data_class})
        policy = self._trimmed(relevant, provider)
        if provider not in policy.providers:
            policy = self.policy
        return decide(policy, facts, where.principal, where.endpoint(provider), where.on)


def rules_of(policy: Policy) -> tuple[Rule, ...]:
    """All rules of a policy that decide what providers get, in the order of their bits.

    A provider that has `models` of its own counts as a rule that is for these models.
    """
    catalogues = (
        Rule(f"models of {p.name}", models=p.models, scope=())
        for p in policy.providers.values()
        if p.models is not None
    )
    return (*policy.permits, *policy.restrictions, *policy.waivers, *catalogues)


def concerns(rule: Rule, provider: str) -> bool:
    """Whether a rule, where it matches, changes anything at this provider."""
    if isinstance(rule, Permit | Waiver):
        return provider in rule.providers
    if isinstance(rule, Require | Block | Treat):
        return binds(rule, provider)
    return rule.id == f"models of {provider}"


def _unlabelled(rule: Rule) -> Rule:
    return replace(rule, labels=()) if rule.labels else rule


def _merged(atoms: Sequence[Atom], relevant: int) -> dict[int, Atom]:
    """The atoms that the `relevant` rules tell apart, each with all its values."""
    alike: dict[int, list[Atom]] = {}
    for atom in atoms:
        alike.setdefault(atom.holds & relevant, []).append(atom)
    if len(alike) == 1:  # nothing is told apart, so there is nothing to say of it
        return {mask: replace(same[0], words=(), end=None) for mask, same in alike.items()}
    return {mask: joined(same) for mask, same in alike.items()}
