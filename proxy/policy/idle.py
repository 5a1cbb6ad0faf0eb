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

from proxy.exchange import ANY, Terms
from proxy.policy.answers import Answers, Said
from proxy.policy.compiled import Entity, Policy
from proxy.policy.corners import OTHER_ENTITY, corners, of_restriction
from proxy.policy.decide import hides
from proxy.policy.faint import Faint, Unseen, as_found
from proxy.policy.rules import Answering, Kept, Output, Restriction, Rule
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
        answering = [rule for rule in rules if isinstance(rule, Answering)]
        if answering and not self._answers_alike(self._policy, gone, put):
            return False
        if answering and len(answering) == len(rules):
            return True
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

    def answered(self, alter: Alter) -> bool:
        """Whether every answer and record is the same in a policy with other terms."""
        return self._answers_alike(alter(self._policy))

    def _answers_alike(self, altered: Policy, gone: int = 0, put: int = 0) -> bool:
        own = len(self._policy.answering)
        mine, instead = self._answering[:own], self._answering[own:]
        rules = [(rule, bit) for rule, bit in mine if not bit & gone]
        rules += [(rule, bit) for rule, bit in instead if bit & put]
        if not (mine or rules) and _besides_scores(altered) == _besides_scores(self._policy):
            return True  # scores matter only to rules
        said = Said(self._policy.terms, mine), Said(altered.terms, rules)
        answers = Answers(self._side, self._side, *said, Faint(self._policy, altered))
        return not any(any(answers.at(provider)) for provider in self._providers)

    def refuses(self, provider: str) -> bool:
        """Whether nothing is ever sent to a provider: what isn't even when nothing is found."""
        side, corner = self._side, Corner()
        relevant = side.lean(side.relevant(corner, provider))
        cells = side.space.cells(relevant)
        return all(side.effect(cell.holds, relevant) is None for cell in cells)

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
        """Whether every decision, answer and record is the same if an entity were `otherwise`."""
        entity = self._policy.entity(name)
        altered = _with_entity(self._policy, name, otherwise)
        faint = Faint(self._policy, altered)
        scored = (entity.scores, entity.min_score) != (otherwise.scores, otherwise.min_score)

        def could(provider: str) -> bool:
            at = self._policy.providers[provider]
            heavy = [min(e.rank, e.residual) > at.clearance for e in (entity, otherwise)]
            return (
                hides(entity, at) != hides(otherwise, at)
                or heavy[0] != heavy[1]
                or (hides(entity, at) and entity.action != otherwise.action)
                or entity.actions != otherwise.actions
                or scored
            )

        if scored and self._answers_ask(name) and not self._answers_alike(altered):
            return False
        return not any(
            self._looks_different(view, unseen, provider, altered)
            for provider in filter(could, self._providers)
            for corner in self._naming(provider, name)
            for view, unseen in faint.views(corner)
        )

    def _answers_ask(self, name: str) -> bool:
        """Whether any rule about answers or records looks at an entity."""
        return any(
            not {name, ANY}.isdisjoint(
                (*rule.all_of, *(rule.any_of or ()), *dict(rule.at_least), *_subjects(rule))
            )
            for rule in self._policy.answering
        )

    def _looks_different(
        self, corner: Corner, unseen: Unseen, provider: str, altered: Policy
    ) -> bool:
        """Whether the altered policy decides otherwise, each policy finding what it finds."""
        side = self._side
        here, there = as_found("old", corner, unseen), as_found("new", corner, unseen)
        matter = side.lean(side.relevant(here, provider))
        matters = side.lean(side.relevant(there, provider))
        tried = set[tuple[int | None, int | None]]()
        for cell in side.space.cells(matter | matters):
            effects = (
                side.effect(cell.holds & matter, matter),
                side.effect(cell.holds & matters, matters),
            )
            if effects in tried:
                continue
            tried.add(effects)
            before = side.outcome(self._policy, here, provider, cell, effects[0])
            if before != side.outcome(altered, there, provider, cell, effects[1]):
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


def _with_entity(policy: Policy, name: str, entity: Entity) -> Policy:
    """The policy in which an entity is another one."""
    if name == OTHER_ENTITY:
        return replace(policy, default_entity=entity)
    least = {**policy.terms.min_scores, name: entity.min_score}
    terms = replace(policy.terms, min_scores={n: score for n, score in least.items() if score})
    return replace(policy, entities={**policy.entities, name: entity}, terms=terms)


def _subjects(rule: Answering) -> Iterable[str]:
    """The entities, or ANY, that a rule about answers is about."""
    if isinstance(rule, Kept):
        return ()
    return rule.actions if isinstance(rule, Output) else rule.entities


def _besides_scores(policy: Policy) -> Terms:
    """The terms of every answer but for the scores from which something counts."""
    return replace(policy.terms, min_scores={})
