"""What a change of policy changes in effect: which flows it opens, and which it closes.

A flow is some facts, a provider, and a cell of callers, models and days (space.py). Both policies
are asked at the corners of both: if the new one shows or admits anything anywhere that the old one
doesn't, it does so at a corner of the old one; where it closes something, at one of its own.

A change *loosens* where a provider is admitted that wasn't, or where an entity isn't hidden at
least as strongly as before. Comments, names and order change nothing here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from proxy.exchange import Verdict
from proxy.ladder import ALLOW, spell, weaker_or_equal
from proxy.policy.answers import Altered, Answers, Said
from proxy.policy.compiled import Policy
from proxy.policy.corners import corners
from proxy.policy.faint import Faint, Unseen, as_found
from proxy.policy.rules import Waiver
from proxy.policy.side import Side, bits_from, rules_of
from proxy.policy.space import Cell, Corner, Space


@dataclass(frozen=True, slots=True)
class Flow:
    """One thing that changed: facts, where they go, for whom, and what becomes of them.

    Attributes:
        unseen: entities that are found by one of the policies only.
        everyone: whether it changes so in every cell.
        waivers: the waivers that let it pass now.
    """

    corner: Corner
    unseen: Unseen
    provider: str
    cell: Cell
    everyone: bool
    before: Verdict
    after: Verdict
    loosens: bool
    waivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Besides:
    """A change of another kind than flows and answers, in words."""

    what: str
    loosens: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """All that changes in effect, and how much was compared.

    `answers` is what changes for answers and records, `besides` whether any of it is enforced.
    """

    flows: tuple[Flow, ...]
    answers: tuple[Altered, ...]
    corners: int
    cells: int
    besides: tuple[Besides, ...] = ()

    @property
    def loosens(self) -> bool:
        """Whether anything is opened."""
        told: Sequence[Flow | Altered | Besides] = (*self.flows, *self.answers, *self.besides)
        return any(one.loosens for one in told)

    @property
    def loosenings(self) -> tuple[Flow, ...]:
        """What was opened, by waivers first."""
        loose = (flow for flow in self.flows if flow.loosens)
        return tuple(sorted(loose, key=lambda flow: not flow.waivers))

    @property
    def tightenings(self) -> tuple[Flow, ...]:
        """What was closed."""
        return tuple(flow for flow in self.flows if not flow.loosens)


def compare(old: Policy, new: Policy, on: date) -> Diff:
    """Every smallest flow that differs, from the day `on` (UTC) to the end of time."""
    comparison = Comparison(old, new, on)
    flows = [flow for provider in comparison.providers for flow in comparison.at(provider)]
    answers = [one for provider in comparison.providers for one in comparison.answers.at(provider)]
    counts = comparison.corners, comparison.cells
    return Diff(tuple(flows), tuple(answers), *counts, tuple(_besides(old, new, on)))


def _besides(old: Policy, new: Policy, on: date) -> Iterator[Besides]:
    """What changes besides: whether any of it is enforced."""
    was, now = (None if policy.enforced(on) else policy.shadow for policy in (old, new))
    if was == now:
        return
    if now is None:
        yield Besides("the whole policy is enforced: it is no longer in shadow", loosens=False)
        return
    approved = f"approved by {', '.join(now.approved_by)}"
    what = f"the whole policy is in shadow through {now.until}, {approved}: nothing is enforced"
    yield Besides(what, loosens=was is None or now.until >= was.until)


class Comparison:
    """Two policies side by side; counts what it compares."""

    def __init__(self, old: Policy, new: Policy, on: date) -> None:
        before, after = rules_of(old), rules_of(new)
        self.space = Space((*before, *after, *old.answering, *new.answering), on)
        self.old = Side(old, self.space)
        self.new = Side(new, self.space, first=len(before))
        bits = bits_from(len(before) + len(after), (*old.answering, *new.answering))
        own = len(old.answering)
        said = Said(old.terms, bits[:own]), Said(new.terms, bits[own:])
        self._faint = Faint(old, new)
        self.answers = Answers(self.old, self.new, *said, self._faint)
        self.providers = sorted(old.providers.keys() | new.providers.keys())
        self.corners = 0
        self.cells = 0

    def at(self, provider: str) -> Iterator[Flow]:
        """Every smallest flow that differs at one provider."""
        both = {*corners(self.old, provider), *corners(self.new, provider)}
        said = _Said()
        for corner in sorted(both, key=lambda corner: corner.order):
            for there, unseen in self._faint.views(corner):
                self.corners += 1
                flows = list(self._flows(there, unseen, provider))
                yield from (flow for flow in flows if not said.already(corner, flow))
                said.add(corner, flows)

    def _flows(self, corner: Corner, unseen: Unseen, provider: str) -> Iterator[Flow]:
        here, there = as_found("old", corner, unseen), as_found("new", corner, unseen)
        matter = self.old.lean(self.old.relevant(here, provider))
        matters = self.new.lean(self.new.relevant(there, provider))
        if here == there and self._alike(corner, provider, matter, matters):
            return
        cells = self.space.cells(matter | matters)
        self.cells += len(cells)
        old = self.old.asked(here, provider, matter)
        new = self.new.asked(there, provider, matters)
        found = []
        differs: dict[tuple[int | None, int | None], bool] = {}
        for cell in cells:
            holds = cell.holds
            effect = self.old.effect(holds, matter), self.new.effect(holds, matters)
            if differs.get(effect, True):
                before, after = old(cell), new(cell)
                loosens = _loosens(corner, before, after)
                differs[effect] = loosens is not None
                if loosens is not None:
                    found.append((cell, before, after, loosens))
        for cell, before, after, loosens in found:
            everyone = len(found) == len(cells) and len({_told(f[1], f[2]) for f in found}) == 1
            waivers = self._waivers(after) if loosens else ()
            yield Flow(corner, unseen, provider, cell, everyone, before, after, loosens, waivers)
            if everyone:
                return

    def _alike(self, corner: Corner, provider: str, matter: int, matters: int) -> bool:
        """Whether both sides would decide from the very same values, so that nothing can differ."""
        old, new = self.old.policy, self.new.policy
        return (
            old.classes == new.classes
            and all(old.class_of_opaque(k) == new.class_of_opaque(k) for k in corner.opaque)
            and old.providers.get(provider) == new.providers.get(provider)
            and all(old.entity(name) == new.entity(name) for name in corner.entities)
            and self.old.escalating(corner) == self.new.escalating(corner)
            and self.old.rules(matter) == self.new.rules(matters)
        )

    def _waivers(self, verdict: Verdict) -> tuple[str, ...]:
        ids = {rule.id for rule in rules_of(self.new.policy) if isinstance(rule, Waiver)}
        return tuple(rule for rule in verdict.rules if rule in ids)


def _loosens(corner: Corner, before: Verdict, after: Verdict) -> bool | None:
    """Whether a change opens something: False where it only closes, None where nothing changes."""
    if not before.allowed or not after.allowed:
        return after.allowed if before.allowed != after.allowed else None
    pairs = [
        (before.treatment.get(name, ALLOW), after.treatment.get(name, ALLOW))
        for name in corner.entities
    ]
    if all(was == now for was, now in pairs):
        return None
    return not all(weaker_or_equal(was, now) for was, now in pairs)


def _told(before: Verdict, after: Verdict) -> tuple[object, ...]:
    """What tells changes apart: rules that allow don't, rules that refuse do."""
    return tuple(
        (v.allowed, tuple(v.treatment.items())) if v.allowed else (v.allowed, v.rules)
        for v in (before, after)
    )


class _Said:
    """What smaller corners have said already: by their entities, who it is said of, and how."""

    def __init__(self) -> None:
        self._by_entities: dict[frozenset[str], dict[Corner, _Changes]] = {}

    def add(self, corner: Corner, flows: Sequence[Flow]) -> None:
        """Remember what changes at a corner."""
        said = self._by_entities.setdefault(corner.entities, {}).setdefault(corner, {})
        for flow in flows:
            said.setdefault((flow.loosens, _who(flow)), set()).update(_changes(flow))

    def already(self, corner: Corner, flow: Flow) -> bool:
        """Whether a change goes without saying: smaller ones say all of it, of these callers."""
        untold = set(_changes(flow))
        for some in _subsets(corner.entities):
            for smaller, said in self._by_entities.get(some, {}).items():
                if smaller <= corner:
                    untold -= said.get((flow.loosens, ""), set())
                    untold -= said.get((flow.loosens, _who(flow)), set())
                if not untold:
                    return True
        return False


#: Whether it loosens, and of whom it is said -> what changes.
_Changes = dict[tuple[bool, str], set[tuple[str, ...]]]


def _who(flow: Flow) -> str:
    """Whom a change is about; everyone is nobody in particular."""
    return "" if flow.everyone else f"{flow.cell} {flow.cell.days}"


def _subsets(names: frozenset[str]) -> Iterator[frozenset[str]]:
    for count in range(len(names) + 1):
        yield from map(frozenset, itertools.combinations(sorted(names), count))


def _changes(flow: Flow) -> set[tuple[str, ...]]:
    """Whose fate changes, and how. A refusal is one, whatever the rule and of whatever contents."""
    if not flow.after.allowed:
        return {("", "sent", "refused")}
    subjects = [*flow.corner.entities, *flow.corner.opaque, ""]
    fates = [(name, _fate(flow.before, name), _fate(flow.after, name)) for name in subjects]
    return {fate for fate in fates if fate[1] != fate[2]}


def _fate(verdict: Verdict, entity: str) -> str:
    return fate_of(verdict, entity) if verdict.allowed else "refused"


def fate_of(verdict: Verdict, entity: str) -> str:
    """What becomes of an entity: refused, shown, or how it is hidden."""
    if not verdict.allowed:
        return f"refused by {', '.join(verdict.rules)}"
    action = verdict.treatment.get(entity)
    return spell(action) if action else "shown"
