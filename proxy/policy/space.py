"""The space of requests as policies divide it; finite, since a policy can only compare.

A policy has no expressions: it tells two requests apart only by values that it names. So

- along each *axis* (tenant, team, user, app, model, day) the values that the same rules name are
  one *atom*, and all that no rule names are one more;
- for the rules that matter to a question, the combinations of atoms under which the same rules
  hold are one *cell*: every request of a cell gets the same verdict;
- a *corner* is a smallest set of facts for which something is hidden or refused. Finding more
  never shows or admits more (decide.py), so whatever a policy hides or refuses anywhere, it hides
  or refuses at a corner within.

policies/README.md says why asking at corners and in cells is asking everywhere; the tests compare
it with brute force.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from proxy.exchange import Endpoint, Facts, Principal, Verdict
from proxy.policy.compiled import CLASS_LABEL, Permit, Policy, Restriction, Rule, Treat, Waiver
from proxy.policy.decide import binds, decide

#: What no policy names: another team, app or model.
OTHER = ""
#: Stands for every entity without an entry, and for every kind of unreadable content not named.
OTHER_ENTITY = "ANY_OTHER_ENTITY"
OTHER_KIND = "any-other-kind"

#: As many values of an atom are listed in words.
_LISTED = 3

CALLER = ("tenant", "team", "user", "app")


@dataclass(frozen=True, slots=True)
class Atom:
    """Values that rules can't tell apart; `holds` has a bit for each rule that holds there.

    `values` are the named ones, or none for all that aren't named; of days, the first and the
    last (None: without end).
    """

    values: tuple[Any, ...]
    holds: int

    @property
    def sample(self) -> Any:
        """One of the values."""
        return self.values[0] if self.values else OTHER

    def joined(self, later: Atom) -> Atom:
        """This atom and one of the same axis that isn't told apart from it now."""
        if not self.values:
            return self
        if isinstance(self.sample, date):
            return Atom((self.values[0], later.values[1]), self.holds)
        return Atom(self.values + later.values, self.holds)

    def __str__(self) -> str:
        first, more = self.values[:_LISTED], len(self.values) - _LISTED
        return " or ".join(map(str, first)) + (f" or {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Cell:
    """One way in which rules can hold together.

    `holds` are their bits, `atoms` the plainest combination under which just these hold.
    """

    holds: int
    atoms: tuple[Atom, ...]

    @property
    def principal(self) -> Principal:
        """A caller of this cell."""
        tenant, team, user, app = (atom.sample for atom in self.atoms[: len(CALLER)])
        return Principal(tenant=tenant, team=team, user=user, app=app)

    @property
    def model(self) -> str:
        """A model of this cell, or OTHER."""
        return str(self.atoms[len(CALLER)].sample)

    @property
    def day(self) -> date:
        """The first day of this cell."""
        day: date = self.atoms[-1].sample
        return day

    @property
    def named(self) -> int:
        """On how many axes the cell needs a value that the policy names."""
        return sum(bool(atom.values) for atom in self.atoms[:-1])

    def __str__(self) -> str:
        """The cell in words, as in ``team fraud, app case-review``: who, and which model."""
        callers = zip(CALLER, self.atoms, strict=False)
        who = [f"{name} {atom}" for name, atom in callers if atom.values] or ["anyone"]
        return ", ".join([*who, f"model {self.atoms[len(CALLER)]}"] if self.model else who)

    @property
    def days(self) -> str:
        """Its days in words; empty when they have no end and none before them differs."""
        last = self.atoms[-1].values[1]
        return f"through {last}" if last else ""


@dataclass(frozen=True, slots=True)
class Corner:
    """Facts that matter together; an empty one is a request in which nothing was found."""

    entities: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()

    def __or__(self, other: Corner) -> Corner:
        return Corner(
            self.entities | other.entities,
            self.opaque | other.opaque,
            self.labels | other.labels,
        )

    def __le__(self, other: Corner) -> bool:
        return (
            self.entities <= other.entities
            and self.opaque <= other.opaque
            and self.labels <= other.labels
        )

    @property
    def possible(self) -> bool:
        """Whether one request can be so: a label has one value."""
        return len(dict(self.labels)) == len(self.labels)

    @property
    def facts(self) -> Facts:
        """The corner as what decisions are made from."""
        return Facts(self.entities, self.opaque, dict(self.labels))

    @property
    def order(self) -> tuple[Any, ...]:
        """Smaller corners first, then by name."""
        said = (sorted(self.entities), sorted(self.opaque), sorted(self.labels))
        return (sum(len(names) for names in said), *said)


class Space:
    """The axes that some rules (of one policy, or of two to compare) span, from a first day on."""

    def __init__(self, rules: Sequence[Rule], on: date) -> None:
        self.rules = rules
        named = (_named_axis(rules, name) for name in (*CALLER, "model"))
        self.axes = (*named, _days(rules, on))
        self.cells = cache(self._cells)

    def in_words(self) -> dict[str, list[str]]:
        """Each axis and its atoms, as people read them."""
        *named, days = self.axes
        said = {
            name: [str(atom) or "any other" for atom in axis]
            for name, axis in zip((*CALLER, "model"), named, strict=True)
        }
        said["day"] = [f"through {a.values[1]}" if a.values[1] else "after" for a in days]
        return said

    def _cells(self, relevant: int) -> tuple[Cell, ...]:
        """Every way in which the `relevant` rules (bits) can hold together, plainest first."""
        ways: dict[int, tuple[Atom, ...]] = {relevant: ()}
        for axis in self.axes:
            told_apart = _merged(axis, relevant)
            longer: dict[int, tuple[Atom, ...]] = {}
            for holds, atoms in ways.items():
                for mask, atom in told_apart.items():
                    longer.setdefault(holds & mask, (*atoms, atom))
            ways = longer
        return tuple(Cell(holds, atoms) for holds, atoms in ways.items())


class Side:
    """One policy in a space: which of its rules matter where, and what it decides there.

    Args:
        first: the bit of the policy's first rule in the space (see `rules_of`).
    """

    def __init__(self, policy: Policy, space: Space, first: int = 0) -> None:
        self.policy = policy
        self.space = space
        self._bits = [(rule, 1 << (first + i)) for i, rule in enumerate(rules_of(policy))]
        self.holding = cache(self._holding)
        self.concerning = cache(self._concerning)
        self._trimmed = cache(self._trim)

    def _holding(self, corner: Corner) -> int:
        facts = corner.facts
        return sum(bit for rule, bit in self._bits if rule.holds(facts))

    def _concerning(self, provider: str) -> int:
        return sum(bit for rule, bit in self._bits if _concerns(rule, provider))

    def _trim(self, relevant: int) -> Policy:
        """The policy with only the rules that matter: the verdict is the same, and sooner there."""
        kept = {id(rule) for rule, bit in self._bits if relevant & bit}
        policy = self.policy
        return replace(
            policy,
            permits=tuple(rule for rule in policy.permits if id(rule) in kept),
            restrictions=tuple(rule for rule in policy.restrictions if id(rule) in kept),
            waivers=tuple(rule for rule in policy.waivers if id(rule) in kept),
        )

    def relevant(self, corner: Corner, provider: str) -> int:
        """The rules (bits) that say anything about these facts at this provider, for somebody."""
        matter = self.holding(corner) & self.concerning(provider)
        waived = {rule.id for rule, bit in self._bits if bit & matter}
        idle = (bit for r, bit in self._bits if isinstance(r, Waiver) and r.rule not in waived)
        return matter & ~sum(idle)

    def rules(self, relevant: int) -> tuple[Rule, ...]:
        """The rules that some bits stand for."""
        return tuple(rule for rule, bit in self._bits if relevant & bit)

    def escalating(self, corner: Corner) -> list[tuple[frozenset[str], int]]:
        """The escalations that are complete here: members and rank."""
        escalations = self.policy.escalations
        return sorted(
            ((e.members, e.rank) for e in escalations if e.members <= corner.entities),
            key=lambda escalation: (sorted(escalation[0]), escalation[1]),
        )

    def verdict(self, corner: Corner, provider: str, cell: Cell, relevant: int) -> Verdict:
        """What the policy decides; `relevant` as this side gave it for the corner and provider."""
        endpoint = Endpoint(provider, cell.model)
        policy = self._trimmed(relevant)
        return decide(policy, corner.facts, cell.principal, endpoint, cell.day)

    def corners(self, provider: str) -> Iterator[Corner]:
        """Every smallest set of facts for which this policy hides or refuses anything there."""
        policy = self.policy
        yield Corner()
        for name in (*policy.entities, OTHER_ENTITY):
            yield Corner(frozenset({name}))
        yield Corner(opaque=frozenset({OTHER_KIND}))
        for name in policy.classes:
            yield Corner(labels=frozenset({(CLASS_LABEL, name)}))
        for escalation in policy.escalations:
            yield Corner(escalation.members)
        permits = [rule for rule in policy.permits if _concerns(rule, provider)]
        yield from self._ways_to_shut(permits)
        for rule in policy.restrictions:
            if binds(rule, provider):
                waivers = [
                    w for w in policy.waivers if w.rule == rule.id and provider in w.providers
                ]
                shut = list(self._ways_to_shut(waivers))
                yield from (t | s for t in _triggers(rule) for s in shut if (t | s).possible)

    def _ways_to_shut(self, opening: Sequence[Permit | Waiver]) -> Iterator[Corner]:
        """Facts under which all of those permits, or waivers, that hold together for somebody fail.

        One that tests for no absence can't be shut by facts. Nothing to shut needs no facts.
        """
        bits = {id(rule): bit for rule, bit in self._bits}
        for cell in self.space.cells(sum(bits[id(rule)] for rule in opening)):
            open_here = [rule for rule in opening if cell.holds & bits[id(rule)]]
            ways = {Corner()}
            for rule in open_here:
                one_more = _refusals(rule)
                ways = {
                    way | more
                    for way in ways
                    for more in ([Corner()] if any(m <= way for m in one_more) else one_more)
                }
            yield from ways


def _merged(axis: tuple[Atom, ...], relevant: int) -> dict[int, Atom]:
    """The atoms that the `relevant` rules tell apart, each with all its values."""
    merged: dict[int, Atom] = {}
    for atom in axis:
        mask = atom.holds & relevant
        same = merged.get(mask)
        merged[mask] = atom if same is None else same.joined(atom)
    return merged


def rules_of(policy: Policy) -> tuple[Rule, ...]:
    """All rules of a policy, in the order of their bits."""
    return (*policy.permits, *policy.restrictions, *policy.waivers)


def _concerns(rule: Rule, provider: str) -> bool:
    """Whether a rule, where it matches, changes anything at this provider."""
    if isinstance(rule, Permit | Waiver):
        return provider in rule.providers
    return not isinstance(rule, Restriction) or binds(rule, provider)


def _refusals(rule: Permit | Waiver) -> list[Corner]:
    """The smallest facts in whose presence a permit or waiver doesn't hold."""
    found = [Corner(frozenset({name})) for name in sorted(rule.none_of)]
    return [*found, Corner(opaque=frozenset({OTHER_KIND}))] if rule.opaque is False else found


def _triggers(rule: Restriction) -> Iterator[Corner]:
    """The smallest facts for which a restriction holds and does something."""
    base = Corner(rule.all_of, frozenset({OTHER_KIND}) if rule.opaque else frozenset())
    ones = [Corner(frozenset({n})) for n in sorted(rule.any_of)] if rule.any_of else [Corner()]
    hidden = [Corner(frozenset({n})) for n in rule.actions] if isinstance(rule, Treat) else ones[:0]
    labels = [
        [Corner(labels=frozenset({(name, value)})) for value in sorted(values)]
        for name, values in rule.labels
    ]
    for parts in itertools.product(ones, hidden or [Corner()], *labels):
        corner = base
        for part in parts:
            corner |= part
        yield corner


def _named_axis(rules: Sequence[Rule], name: str) -> tuple[Atom, ...]:
    """The atoms of an axis whose values rules name; the unnamed rest comes first."""
    unlimited, naming = 0, dict[str, int]()
    for index, rule in enumerate(rules):
        values = _values(rule, name)
        if values is None:
            unlimited |= 1 << index
        for value in values or ():
            naming[value] = naming.get(value, 0) | 1 << index
    alike: dict[int, list[str]] = {}
    for value in sorted(naming):
        alike.setdefault(naming[value], []).append(value)
    named = (Atom(tuple(values), unlimited | mask) for mask, values in alike.items())
    return (Atom((), unlimited), *named)


def _values(rule: Rule, axis: str) -> Iterable[str] | None:
    """The values of an axis to which a rule is limited, None if it isn't."""
    if axis == "model":
        return rule.models if isinstance(rule, Permit) else None
    return dict(rule.scope).get(axis)


def _days(rules: Sequence[Rule], on: date) -> tuple[Atom, ...]:
    """Intervals of days between which nothing changes, from `on` to the end of time."""
    ends = sorted({r.until for r in rules if isinstance(r, Waiver) and r.until >= on})
    starts = [on, *(end + timedelta(days=1) for end in ends if end < date.max)]
    atoms = []
    for start, end in itertools.zip_longest(starts, ends):
        if start is not None:
            ended = (1 << i for i, r in enumerate(rules) if _ends_before(r, start))
            atoms.append(Atom((start, end), ((1 << len(rules)) - 1) & ~sum(ended)))
    return tuple(atoms)


def _ends_before(rule: Rule, day: date) -> bool:
    return isinstance(rule, Waiver) and rule.until < day
