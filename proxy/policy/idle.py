"""What a policy says without any effect: rules and keys without which every decision is the same.

Each is left out in turn, and both policies are asked wherever it could matter (space.py), until one
answer differs. So what is reported as idle is idle for every request there can be.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TypeVar

from proxy.policy.answers import Answers
from proxy.policy.compiled import Entity, Policy
from proxy.policy.corners import OTHER_ENTITY, corners, of_restriction
from proxy.policy.decide import hides
from proxy.policy.rules import Answering, Output, Restriction, Rule
from proxy.policy.side import Side, bits_from, rules_of
from proxy.policy.space import Corner, Space

R = TypeVar("R", bound=Rule)
#: A rule, and what might stand in its place.
Swap = tuple[R | None, R | None]
#: Makes another policy of one, but for its rules.
Alter = Callable[[Policy], Policy]


def _as_it_is(policy: Policy) -> Policy:
    return policy


class Idle:
    """Looks for what has no effect in one policy, from the day `on` (UTC) on.

    Args:
        instead: rules that might stand in the place of others.
    """

    def __init__(self, policy: Policy, on: date, instead: Sequence[Rule] = ()) -> None:
        self._policy = policy
        # What changes anything does so first of all where the least is refused anyway.
        providers = sorted(policy.providers.values(), key=lambda p: (-p.clearance, p.name))
        self._providers = [provider.name for provider in providers]
        own = rules_of(policy)
        deciding = [rule for rule in instead if not isinstance(rule, Answering)]
        answering = [*policy.answering, *(r for r in instead if isinstance(r, Answering))]
        space = Space((*own, *deciding, *answering), on)
        self._side = Side(policy, space, instead=deciding)
        self._answering = bits_from(len(own) + len(deciding), answering)
        self._bit_of = {id(rule): bit for rule, bit in (*self._side.bits, *self._answering)}
        self._corners = cache(self._corners_at)
        self._naming = cache(self._naming_at)
        self._touched = cache(self._touched_at)

    def rules(self, known: Collection[str] = ()) -> Iterator[Rule]:
        """Rules without which every decision is the same, but for those `known` to be so (ids)."""
        for rule in (*rules_of(self._policy), *self._policy.answering):
            if rule.id.startswith("models of ") or rule.id in known:
                continue
            if self.swapped([(rule, None)]):
                yield rule

    def swapped(
        self, swaps: Sequence[Swap[Rule]], at: Collection[str] = (), alter: Alter = _as_it_is
    ) -> bool:
        """Whether every decision is the same with other rules in the place of some, or none.

        Args:
            at: the providers where it could matter, if that isn't all.
            alter: what else would differ.
        """
        gone = sum(self._bit_of[id(rule)] for rule, _ in swaps if rule)
        put = sum(self._bit_of[id(rule)] for _, rule in swaps if rule)
        rules = [rule for swap in swaps for rule in swap if rule]
        if any(isinstance(rule, Answering) for rule in rules):
            return not self._answers_differ(gone, put)
        narrower = [rule for _, rule in swaps if isinstance(rule, Restriction)]
        for provider in at or self._providers:
            more = (c for rule in narrower for c in of_restriction(self._side, rule, provider))
            there = itertools.chain(self._touching(provider, gone | put), more)
            if self._differs(provider, there, gone, put, alter):
                return False
        return True

    def _touching(self, provider: str, rules: int) -> Iterator[Corner]:
        """The corners at which any of these rules could matter."""
        return (corner for corner, touched in self._touched(provider) if touched & rules)

    def uncatalogued(self, provider: str, alter: Alter) -> bool:
        """Whether every decision is the same without a provider's `models`."""
        rules = [rule for rule, _ in self._side.bits if rule.id == f"models of {provider}"]
        return self.swapped([(rules[0], None)], (provider,), alter)

    def _answers_differ(self, gone: int, put: int) -> bool:
        own = len(self._policy.answering)
        before = self._answering[:own]
        after = [(r, bit) for r, bit in before if not bit & gone]
        after += [(r, bit) for r, bit in self._answering[own:] if bit & put]
        answers = Answers(self._side, self._side, before, after)
        return any(any(answers.at(provider)) for provider in self._providers)

    def _differs(
        self, provider: str, there: Iterable[Corner], gone: int, put: int, alter: Alter
    ) -> bool:
        side, altered = self._side, alter(self._policy)
        for corner in there:
            if alter is _as_it_is and side.beyond(corner, provider):
                continue
            matter = side.lean(side.relevant(corner, provider))
            instead = side.lean(side.relevant(corner, provider, gone, put))
            tried = set[tuple[int | None, int | None]]()
            for cell in side.space.cells(matter | instead):
                effects = (
                    side.effect(cell.holds & matter, matter),
                    side.effect(cell.holds & instead, instead),
                )
                if effects[0] == effects[1] or effects in tried:
                    continue
                tried.add(effects)
                with_it = side.outcome(self._policy, corner, provider, cell, effects[0])
                without = side.outcome(altered, corner, provider, cell, effects[1])
                if with_it != without:
                    return True
        return False

    def altered(self, alter: Alter, there: Callable[[str], Iterable[Corner]]) -> bool:
        """Whether every decision is the same in a policy that differs in more than its rules.

        Args:
            there: provider -> the corners at which it could matter; none where it can't.
        """
        side, altered = self._side, alter(self._policy)
        for provider in self._providers:
            for corner in there(provider):
                relevant = side.lean(side.relevant(corner, provider))
                tried = set[int | None]()
                for cell in side.space.cells(relevant):
                    effect = side.effect(cell.holds, relevant)
                    if effect is None or effect in tried:
                        continue
                    tried.add(effect)
                    before = side.outcome(self._policy, corner, provider, cell, effect)
                    if before != side.outcome(altered, corner, provider, cell, effect):
                        return False
        return True

    def entity(self, name: str, otherwise: Entity) -> bool:
        """Whether every decision is the same if an entity were `otherwise`."""
        entity = self._policy.entity(name)

        def alter(policy: Policy) -> Policy:
            if name == OTHER_ENTITY:
                return replace(policy, default_entity=otherwise)
            return replace(policy, entities={**policy.entities, name: otherwise})

        def there(provider: str) -> Iterable[Corner]:
            at = self._policy.providers[provider]
            same = hides(entity, at) == hides(otherwise, at)
            heavy = [min(e.rank, e.residual) > at.clearance for e in (entity, otherwise)]
            if same and heavy[0] == heavy[1] and entity.actions == otherwise.actions:
                return ()
            return self._naming(provider, name)

        return self.altered(alter, there)

    def unnoticed(self, name: str) -> bool:
        """Whether it makes no difference that an entity is found."""
        return not self._counts_for_answers(name) and not any(
            self._noticed(corner, name, provider)
            for provider in self._providers
            for corner in self._naming(provider, name)
        )

    def _counts_for_answers(self, name: str) -> bool:
        return any(
            name in {*rule.all_of, *(rule.any_of or ()), *dict(rule.at_least)}
            or isinstance(rule, Output)
            for rule in self._policy.answering
        )

    def _noticed(self, corner: Corner, name: str, provider: str) -> bool:
        side, without = self._side, corner.without(frozenset({name}))
        matter = side.lean(side.relevant(corner, provider))
        matters = side.lean(side.relevant(without, provider))
        for cell in side.space.cells(matter | matters):
            effects = (
                side.effect(cell.holds & matter, matter),
                side.effect(cell.holds & matters, matters),
            )
            found = side.outcome(self._policy, corner, provider, cell, effects[0])
            if found != side.outcome(self._policy, without, provider, cell, effects[1]):
                return True
        return False

    def naming(self, names: Collection[str]) -> Callable[[str], Iterable[Corner]]:
        """The corners at each provider in which all of these entities were found."""
        return lambda provider: (c for c in self._corners(provider) if c.entities >= set(names))

    def unread(self, kind: str) -> Callable[[str], Iterable[Corner]]:
        """The corners at each provider in which some content of this kind can't be read."""
        return lambda provider: (c for c in self._corners(provider) if kind in c.opaque)

    def _naming_at(self, provider: str, name: str) -> tuple[Corner, ...]:
        return tuple(self.naming({name})(provider))

    def _touched_at(self, provider: str) -> list[tuple[Corner, int]]:
        side = self._side
        return [(corner, side.touched(corner, provider)) for corner in self._corners(provider)]

    def _corners_at(self, provider: str) -> tuple[Corner, ...]:
        return tuple(dict.fromkeys(corners(self._side, provider)))
