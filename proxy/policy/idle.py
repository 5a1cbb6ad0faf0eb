"""What a policy says without any effect: rules, and keys of entities, that change no decision.

Each is left out in turn, and both policies are asked wherever it could matter (space.py), until one
answer differs. So what is reported as idle is idle for every request there can be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from functools import cache

from proxy.exchange import Verdict
from proxy.policy.axes import Where
from proxy.policy.compiled import Entity, Policy
from proxy.policy.corners import corners
from proxy.policy.rules import Rule
from proxy.policy.side import Side, concerns, rules_of
from proxy.policy.space import Corner, Space


class Idle:
    """Looks for what has no effect in one policy, from the day `on` (UTC) on."""

    def __init__(self, policy: Policy, on: date) -> None:
        self._policy = policy
        self._space = Space(rules_of(policy), on)
        self._side = Side(policy, self._space)
        self._corners = cache(self._corners_at)

    def rules(self, known: Collection[str] = ()) -> Iterator[Rule]:
        """Rules without which every decision is the same, but for those `known` to be so (ids)."""
        for rule, bit in self._side.bits:
            if rule.id.startswith("models of ") or rule.id in known:
                continue
            if not any(self._differs_without(rule, bit, p) for p in self._policy.providers):
                yield rule

    def _differs_without(self, rule: Rule, bit: int, provider: str) -> bool:
        if not concerns(rule, provider):
            return False
        side = self._side
        for corner in self._corners(provider):
            relevant = side.relevant(corner, provider)
            if not relevant & bit:
                continue
            tried = set[tuple[int | None, int | None]]()
            for cell in self._space.cells(relevant):
                effects = (
                    side.effect(cell.holds, relevant),
                    side.effect(cell.holds & ~bit, relevant & ~bit),
                )
                if effects[0] == effects[1] or effects in tried:
                    continue
                tried.add(effects)
                where = cell.where
                with_it = side.verdict(corner, provider, where, relevant)
                if not _same(with_it, side.verdict(corner, provider, where, relevant & ~bit)):
                    return True
        return False

    def entity(self, name: str, otherwise: Entity) -> bool:
        """Whether every decision is the same if an entity were `otherwise`."""
        entities = {**self._policy.entities, name: otherwise}
        other = Side(replace(self._policy, entities=entities), self._space)
        return not any(self._differs_at(name, other, p) for p in self._policy.providers)

    def _differs_at(self, name: str, other: Side, provider: str) -> bool:
        both = {*self._corners(provider), *corners(other, provider)}
        for corner in both:
            if name not in corner.entities:
                continue
            relevant = self._side.relevant(corner, provider)
            tried = set[int | None]()
            for cell in self._space.cells(relevant):
                effect = self._side.effect(cell.holds, relevant)
                if effect is None or effect in tried:
                    continue
                tried.add(effect)
                if not _same(*self._both(other, corner, provider, cell.where, relevant)):
                    return True
        return False

    def _both(
        self, other: Side, corner: Corner, provider: str, where: Where, relevant: int
    ) -> tuple[Verdict, Verdict]:
        mine = self._side.verdict(corner, provider, where, relevant)
        return mine, other.verdict(corner, provider, where, relevant)

    def _corners_at(self, provider: str) -> tuple[Corner, ...]:
        return tuple(sorted(set(corners(self._side, provider)), key=lambda corner: corner.order))


def _same(a: Verdict, b: Verdict) -> bool:
    return a.allowed == b.allowed and a.treatment == b.treatment
