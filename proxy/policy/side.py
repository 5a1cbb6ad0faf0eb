"""One policy in a space: which of its rules say anything about a request, and what it decides.

Invariant: where two policies are compared, both stand in one space, each with bits of its own; what
a side says of a cell holds for every request of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from proxy.exchange import Verdict
from proxy.policy.axes import Where
from proxy.policy.compiled import CLASS_LABEL, Escalation, Policy
from proxy.policy.decide import decide
from proxy.policy.lookup import Lookup, binds
from proxy.policy.rules import Block, Permit, Require, Rule, Treat, Waiver
from proxy.policy.space import Cell, Corner, Space


class Side:
    """One policy in a space: which of its rules matter where, and what it decides there.

    Args:
        first: the bit of the policy's first rule in the space (see `rules_of`).
    """

    def __init__(self, policy: Policy, space: Space, first: int = 0) -> None:
        self.policy = policy
        self.space = space
        self.bits = [(rule, 1 << (first + i)) for i, rule in enumerate(rules_of(policy))]
        self._unlabelled = [(unlabelled(rule), bit) for rule, bit in self.bits]
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


def unlabelled(rule: Rule) -> Rule:
    """A rule without what it asks of labels, which cells tell apart."""
    return replace(rule, labels=()) if rule.labels else rule
