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
from proxy.policy.compiled import Policy, Waiver
from proxy.policy.space import Cell, Corner, Side, Space, rules_of


@dataclass(frozen=True, slots=True)
class Flow:
    """One thing that changed: facts, where they go, for whom, and what becomes of them.

    Attributes:
        unseen: entities that are found by one of the policies only: their scores lie between the
            old `min_score` and the new one.
        everyone: whether it changes so in every cell.
        waivers: the waivers that let it pass now.
    """

    corner: Corner
    unseen: frozenset[str]
    provider: str
    cell: Cell
    everyone: bool
    before: Verdict
    after: Verdict
    loosens: bool
    waivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """All that changes in effect, and how much was compared."""

    flows: tuple[Flow, ...]
    corners: int
    cells: int

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
    return Diff(tuple(flows), comparison.corners, comparison.cells)


class Comparison:
    """Two policies side by side; counts what it compares."""

    def __init__(self, old: Policy, new: Policy, on: date) -> None:
        before, after = rules_of(old), rules_of(new)
        self.space = Space((*before, *after), on)
        self.old = Side(old, self.space)
        self.new = Side(new, self.space, first=len(before))
        self.providers = sorted(old.providers.keys() | new.providers.keys())
        self.corners = 0
        self.cells = 0
        names = old.entities.keys() | new.entities.keys()
        #: Entities that the same score is found for by one policy only.
        self._faint = {n for n in names if old.min_score(n) != new.min_score(n)}

    def at(self, provider: str) -> Iterator[Flow]:
        """Every smallest flow that differs at one provider."""
        seen: dict[Corner, list[Flow]] = {}
        both = itertools.chain(self.old.corners(provider), self.new.corners(provider))
        for corner in sorted(set(both), key=lambda corner: corner.order):
            for unseen in self._unseen(corner):
                self.corners += 1
                flows = list(self._flows(corner, unseen, provider))
                smaller = [f for c, fs in seen.items() if c <= corner for f in fs]
                yield from (flow for flow in flows if not _follows(flow, smaller))
                seen.setdefault(corner, []).extend(flows)

    def _unseen(self, corner: Corner) -> Iterator[frozenset[str]]:
        """Which of a corner's entities could be faint: found by one of the two policies only."""
        faint = sorted(corner.entities & self._faint)
        for count in range(len(faint) + 1):
            yield from map(frozenset, itertools.combinations(faint, count))

    def _flows(self, corner: Corner, unseen: frozenset[str], provider: str) -> Iterator[Flow]:
        here, there = (
            self._as_found(self.old, corner, unseen),
            self._as_found(self.new, corner, unseen),
        )
        matter, matters = self.old.relevant(here, provider), self.new.relevant(there, provider)
        if here == there and self._alike(corner, provider, matter, matters):
            return
        cells = self.space.cells(matter | matters)
        self.cells += len(cells)
        found = []
        for cell in cells:
            before = self.old.verdict(here, provider, cell, matter)
            after = self.new.verdict(there, provider, cell, matters)
            if (loosens := _loosens(corner, before, after)) is not None:
                found.append((cell, before, after, loosens))
        for cell, before, after, loosens in found:
            everyone = len(found) == len(cells) and len({_told(f[1], f[2]) for f in found}) == 1
            waivers = self._waivers(after) if loosens else ()
            yield Flow(corner, unseen, provider, cell, everyone, before, after, loosens, waivers)
            if everyone:
                return

    def _as_found(self, side: Side, corner: Corner, unseen: frozenset[str]) -> Corner:
        """The corner without what this side doesn't find, its score being too low."""
        other = self.new if side is self.old else self.old
        lost = {
            name for name in unseen if side.policy.min_score(name) > other.policy.min_score(name)
        }
        return Corner(corner.entities - lost, corner.opaque, corner.labels) if lost else corner

    def _alike(self, corner: Corner, provider: str, matter: int, matters: int) -> bool:
        """Whether both sides would decide from the very same values, so that nothing can differ."""
        old, new = self.old.policy, self.new.policy
        return (
            old.classes == new.classes
            and old.unclassified == new.unclassified
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


def _follows(flow: Flow, smaller: Sequence[Flow]) -> bool:
    """Whether a change goes without saying, since a smaller one says it of these callers."""
    return any(
        (one.everyone or one.cell.atoms == flow.cell.atoms)
        and one.loosens == flow.loosens
        and _changes(flow) <= _changes(one) | {("", "", "")}
        for one in smaller
    )


def _changes(flow: Flow) -> set[tuple[str, str, str]]:
    """Each entity whose fate changes, and how; the request itself is the entity ''."""
    if flow.before.allowed != flow.after.allowed:
        fate = ["refused" if not v.allowed else "sent" for v in (flow.before, flow.after)]
        return {("", fate[0], fate[1])}
    return {
        (name, fate_of(flow.before, name), fate_of(flow.after, name))
        for name in flow.corner.entities
        if fate_of(flow.before, name) != fate_of(flow.after, name)
    }


def fate_of(verdict: Verdict, entity: str) -> str:
    """What becomes of an entity: refused, shown, or how it is hidden."""
    if not verdict.allowed:
        return f"refused by {', '.join(verdict.rules)}"
    action = verdict.treatment.get(entity)
    return spell(action) if action else "shown"
