"""One policy in a space: which of its rules say anything about a request, and what it decides.

Invariant: where two policies are compared, both stand in one space, each with bits of its own; what
a side says of a cell holds for every request of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

from proxy.exchange import Action, ActionKind, Facts, Verdict
from proxy.policy.axes import Where
from proxy.policy.compiled import CLASS_LABEL, Escalation, Policy
from proxy.policy.decide import class_refusals, decide, demand
from proxy.policy.lookup import Lookup, binds
from proxy.policy.rules import Block, Permit, Require, Rule, Treat, Waiver
from proxy.policy.space import Cell, Corner, Space, bits_in

R = TypeVar("R", bound=Rule)


class Side:
    """One policy in a space: which of its rules matter where, and what it decides there.

    Args:
        first: the position of the policy's first rule in the space (see `rules_of`).
        instead: more rules, which follow there: none is the policy's, but each might be.
    """

    def __init__(
        self, policy: Policy, space: Space, first: int = 0, instead: Sequence[Rule] = ()
    ) -> None:
        self.policy = policy
        self.space = space
        own = rules_of(policy)
        self.bits = bits_from(first, (*own, *instead))
        self._own = sum(bit for _, bit in self.bits[: len(own)])
        self._alike = _alike(self.bits)
        self._treats = [(rule, bit) for rule, bit in self.bits if isinstance(rule, Treat)]
        labels = {test.name for rule, _ in self.bits for test in rule.labels}
        self._by_class = CLASS_LABEL in labels
        self._holding = cache(self._holding_at)
        self._concerning = cache(self._concerning_at)
        self._trimmed = cache(self._trim)
        self.relevant = cache(self._relevant)
        self.beyond = cache(self._beyond)
        self.bit_of = {id(rule): bit for rule, bit in self.bits}
        self._permitting = self._bits_of(Permit)
        self._unlimited = sum(
            bit for r, bit in self.bits if isinstance(r, Permit) and not limits(r)
        )
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
        self._waivers: dict[int, int] = {}
        for waiver, lifted in self._lifting:
            for restriction in bits_in(lifted):
                self._waivers[restriction] = self._waivers.get(restriction, 0) | waiver
        self._waived = sum(self._waivers)

    def _bits_of(self, *kinds: type[Rule]) -> int:
        return sum(bit for rule, bit in self.bits if isinstance(rule, kinds))

    def _holding_at(self, corner: Corner) -> int:
        facts = corner.facts
        holding = sum(bits for rule, bits in self._alike if rule.holds(facts))
        for rule, bit in self._treats:
            if rule.actions.keys().isdisjoint(corner.entities):
                holding &= ~bit
        return holding

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

    def touched(self, corner: Corner, provider: str) -> int:
        """All rules (bits), the policy's or not, that could matter to these facts there."""
        return self._holding(corner) & self._concerning(provider)

    def _relevant(self, corner: Corner, provider: str, gone: int = 0, put: int = 0) -> int:
        """The rules (bits) that say anything about these facts at this provider, for somebody.

        Some may be `gone`, and others `put` in their place.
        """
        matter = self.touched(corner, provider) & (self._own & ~gone | put)
        if not matter & self._waiving:
            return matter
        lifting = 0  # a waiver of a rule that doesn't matter doesn't either
        for restriction in bits_in(matter & self._waived):
            lifting |= self._waivers[restriction]
        return matter & (lifting | ~self._waiving)

    def lean(self, relevant: int) -> int:
        """The same rules, one permit instead of many where that is for everybody.

        The verdict is the same, but for who permitted it.
        """
        if unlimited := relevant & self._unlimited:
            return relevant & ~self._permitting | (unlimited & -unlimited)
        return relevant

    def _beyond(self, corner: Corner, provider: str) -> bool:
        """Whether its clearance refuses these facts, whatever rules there are."""
        facts = _declaring(corner, corner.facts)
        return any(class_refusals(self.policy, facts, self.policy.providers[provider]))

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

    def outcome(
        self, policy: Policy, corner: Corner, provider: str, cell: Cell, effect: int | None
    ) -> Mapping[str, Action] | None:
        """How what is sent is hidden where rules have this `effect`; None if nothing is sent.

        What `decide` says, from the same parts but without its reasons; `policy` may differ from
        this side's in all but its rules.
        """
        if effect is None:
            return None
        facts = _declaring(corner, corner.facts)
        if self._by_class and CLASS_LABEL in cell.where.labels:
            facts = replace(facts, labels={**cell.where.labels, **facts.labels})
        at = policy.providers[provider]
        if any(class_refusals(policy, facts, at)):
            return None
        treats = [rule for rule, bit in self._treats if effect & bit]
        treatment = demand(policy, facts, at, treats)
        blocked = any(action.kind is ActionKind.BLOCK for action in treatment.values())
        return None if blocked else treatment

    def rules(self, relevant: int) -> tuple[Rule, ...]:
        """The rules that some bits stand for."""
        return tuple(rule for rule, bit in self.bits if relevant & bit)

    def escalating(self, corner: Corner) -> list[Escalation]:
        """The escalations that are complete here, in a fixed order."""
        facts = corner.facts
        complete = (e for e in self.policy.escalations if e.complete(facts))
        return sorted(complete, key=lambda e: (sorted(e.members), e.rank))

    def asked(self, corner: Corner, provider: str, relevant: int) -> Callable[[Cell], Verdict]:
        """Gives the verdict in each cell; decides once for all in which the same rules hold.

        So of these cells the endpoint's model may be another one's.
        """
        decided: dict[int, Verdict] = {}

        def verdict(cell: Cell) -> Verdict:
            holds = cell.holds & relevant
            if holds not in decided:
                decided[holds] = self.verdict(corner, provider, cell.where, relevant)
            return decided[holds]

        return verdict

    def verdict(
        self,
        corner: Corner,
        provider: str,
        where: Where,
        relevant: int,
    ) -> Verdict:
        """What the policy decides; `relevant` as this side gave it for the corner and provider."""
        facts = _declaring(corner, where.facts(corner.facts))
        policy = self._trimmed(relevant, provider)
        if provider not in policy.providers:
            policy = self.policy
        return decide(policy, facts, where.principal, where.endpoint(provider), where.on)


def _declaring(corner: Corner, facts: Facts) -> Facts:
    if not corner.data_class:
        return facts
    return replace(facts, labels={**facts.labels, CLASS_LABEL: corner.data_class})


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


def limits(rule: Rule) -> bool:
    """Whether there are requests for which a rule isn't, whatever they contain."""
    anybody = Rule("")
    names = ("scope", "models", "dialects", "window", "labels")
    return rule.percent < 100 or any(getattr(rule, n) != getattr(anybody, n) for n in names)


def bits_from(first: int, rules: Sequence[R]) -> list[tuple[R, int]]:
    """Rules with their bits, the first rule's at position `first`."""
    return [(rule, 1 << (first + index)) for index, rule in enumerate(rules)]


def _alike(bits: Sequence[tuple[Rule, int]]) -> list[tuple[Rule, int]]:
    """What rules wait for, and which ones (bits) wait for just that.

    Labels aside, which cells tell apart.
    """
    alike: dict[Rule, int] = {}
    for rule, bit in bits:
        waits = Rule(
            "",
            any_of=rule.any_of,
            all_of=rule.all_of,
            none_of=rule.none_of,
            at_least=rule.at_least,
            opaque=rule.opaque,
            opaque_any=rule.opaque_any,
            opaque_none=rule.opaque_none,
        )
        alike[waits] = alike.get(waits, 0) | bit
    return list(alike.items())


def holding(bits: Sequence[tuple[Rule, int]], corner: Corner) -> int:
    """The rules (bits) that these contents make match, for somebody."""
    facts = corner.facts
    return sum(some for rule, some in _alike(bits) if rule.holds(facts))
