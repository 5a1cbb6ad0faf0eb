"""What policy says about one endpoint: a pure function (P6), DESIGN section 8 clause by clause.

1. *Demands*: which found entities are hidden from this provider, and how (`demand`).
2. *Eligibility*: whether the endpoint may receive the request at all (what doesn't refuse admits,
   if a permit matches).

Invariants: an endpoint that nothing permits is refused; eligibility never looks at what rules
`treat`; finding more never shows or admits more; the order of rules changes nothing. Messages
name rules, classes, entities and providers, never a caller's text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from proxy.exchange import Action, ActionKind, Endpoint, Facts, Principal, Verdict
from proxy.ladder import ALLOW, PLACEHOLDER, join
from proxy.policy.answering import terms
from proxy.policy.compiled import Entity, Policy, Provider
from proxy.policy.model import Hide
from proxy.policy.rules import Block, Permit, Require, Treat, Waiver

UNKNOWN_PROVIDER = "unknown-provider"
UNKNOWN_MODEL = "unknown-model"
CLEARANCE = "clearance"
UNCLASSIFIED = "unclassified"
DECLARED_CLASS = "declared-class"
ENTITY_BLOCK = "entity-block"
DEFAULT_DENY = "default-deny"
WHOLE_SHADOW = "whole-shadow"
SHADOWED_SECRET = "shadowed-secret"  # noqa: S105 — a reason's name
SIGNED_CONTENT = "signed-content"

#: Reasons that aren't rules; no rule may take one of these as its id.
BUILT_IN = frozenset(
    {
        UNKNOWN_PROVIDER,
        UNKNOWN_MODEL,
        CLEARANCE,
        UNCLASSIFIED,
        DECLARED_CLASS,
        ENTITY_BLOCK,
        DEFAULT_DENY,
        WHOLE_SHADOW,
        SHADOWED_SECRET,
        SIGNED_CONTENT,
    }
)


def decide(
    policy: Policy, facts: Facts, principal: Principal, endpoint: Endpoint, on: date
) -> Verdict:
    """The verdict on one endpoint.

    Args:
        facts: what was found (only findings that `Policy.accept` accepted) and couldn't be read.
        on: the day of the request, UTC; waivers count through their whole last day. The time of
            day, where it is known, is one of the facts.

    Returns:
        Allowed, with the treatment of every found entity that is hidden there, and in `rules` the
        permits, treats and waivers that decided, and the terms of its answer. Or refused, with
        every reason in `rules`.
    """
    provider = policy.providers.get(endpoint.provider)
    if provider is None:
        refusal = Refusal(
            UNKNOWN_PROVIDER, "policy doesn't know this provider", "add it to `providers`"
        )
        return _refused(endpoint, [refusal])

    lookup = policy.lookups[provider.name]
    restrictions = [
        rule
        for rule in lookup.restrictions(facts.entities, principal.team)
        if rule.matches(facts, principal, endpoint, on) and _acts(rule, facts)
    ]
    waivers = [
        rule
        for rule in lookup.waivers(principal.team)
        if opens(rule, facts, principal, endpoint, on)
    ]
    lifted = {w.rule for w in waivers}
    standing = [r for r in restrictions if r.id not in lifted] if lifted else restrictions
    treats = [r for r in standing if isinstance(r, Treat)]
    treatment = demand(policy, facts, provider, treats)

    refusals = [
        *_model_refusals(provider, endpoint),
        *class_refusals(policy, facts, provider),
        *_blocked_entities(treatment),
        *(_rule_refusal(r) for r in standing if not isinstance(r, Treat)),
    ]
    permits = [
        rule
        for rule in lookup.permits(principal.team)
        if rule.matches(facts, principal, endpoint, on)
    ]
    if not permits:
        refusals.append(
            Refusal(DEFAULT_DENY, "no rule permits it", "ask for a permit, or use another model")
        )
    if refusals:
        return _refused(endpoint, refusals)

    restricted = {r.id for r in restrictions}
    decided = [*permits, *treats, *(w for w in waivers if w.rule in restricted)]
    rules = tuple(sorted(r.id for r in decided))
    answer = terms(policy, facts, principal, endpoint, on)
    return Verdict(endpoint, allowed=True, rules=rules, treatment=treatment, terms=answer)


def _acts(rule: Block | Require | Treat, facts: Facts) -> bool:
    """Whether a rule that matches does anything: not if it treats only what wasn't found."""
    return not isinstance(rule, Treat) or not rule.actions.keys().isdisjoint(facts.entities)


def demand(
    policy: Policy, facts: Facts, provider: Provider, treats: Sequence[Treat]
) -> dict[str, Action]:
    """How each found entity is hidden from `provider`; one that isn't there is shown.

    `treats` are the rules that match and aren't lifted.
    """
    escalated = {
        member
        for escalation in policy.escalations
        if escalation.rank > provider.clearance and escalation.complete(facts)
        for member in escalation.members
    }
    demands = []
    for name in facts.entities:
        entity = policy.entity(name)
        if name in escalated:
            demands.append((name, join(entity.action_for(name, facts), PLACEHOLDER)))
        elif hides(entity, provider):
            demands.append((name, entity.action_for(name, facts)))
    demands += ((name, action) for rule in treats for name, action in rule.actions.items())

    treatment: dict[str, Action] = {}
    for name, action in demands:
        if name in facts.entities and action.kind is not ActionKind.ALLOW:
            treatment[name] = join(treatment.get(name, ALLOW), action)
    return dict(sorted(treatment.items()))


def hides(entity: Entity, provider: Provider) -> bool:
    """Whether the entity's own entry hides it from this provider."""
    return (
        entity.hide is Hide.ALWAYS
        or (entity.hide is Hide.OFF_PREMISES and not provider.on_prem)
        or entity.rank > provider.clearance
    )


def admits(
    permit: Permit, facts: Facts, principal: Principal, endpoint: Endpoint, on: date
) -> bool:
    """Whether a permit opens this endpoint to this request."""
    return endpoint.provider in permit.providers and permit.matches(facts, principal, endpoint, on)


def opens(waiver: Waiver, facts: Facts, principal: Principal, endpoint: Endpoint, on: date) -> bool:
    """Whether a waiver holds for this request towards this endpoint on this day."""
    return (
        endpoint.provider in waiver.providers
        and on <= waiver.until
        and waiver.matches(facts, principal, endpoint, on)
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason: the rule or built-in reason, a clause that says why, and what would mend it."""

    rule: str
    message: str
    hint: str


def _model_refusals(provider: Provider, endpoint: Endpoint) -> Iterator[Refusal]:
    if provider.models is not None and endpoint.model not in provider.models:
        known = ", ".join(sorted(provider.models))
        yield Refusal(UNKNOWN_MODEL, "policy doesn't know this model there", f"use {known}")


def class_refusals(policy: Policy, facts: Facts, provider: Provider) -> Iterator[Refusal]:
    """Data classes against the provider's clearance: what no rule and no waiver can lift."""
    clearance, classes = provider.clearance, policy.classes
    found = [(name, policy.entity(name)) for name in sorted(facts.entities)]
    heavy = [(n, e) for n, e in found if e.rank > clearance and e.residual > clearance]
    if heavy:
        names = ", ".join(f"{name} ({classes[entity.rank]})" for name, entity in heavy)
        needed = max(entity.residual for _, entity in heavy)
        message = f"{names} is above its clearance, even hidden"
        yield Refusal(CLEARANCE, message, _cleared_for(policy, needed))
    opaque = {kind: policy.class_of_opaque(kind) for kind in sorted(facts.opaque)}
    unread = [kind for kind, rank in opaque.items() if rank > clearance]
    if unread:
        needed = max(opaque.values())
        kinds = ", ".join(unread)
        message = f"content that can't be read ({kinds}) counts as {classes[needed]}"
        yield Refusal(UNCLASSIFIED, message, f"send text, or {_cleared_for(policy, needed)}")
    declared = policy.declared(facts)
    if declared is not None and declared > clearance:
        message = f"the request is declared to be {classes[declared]}"
        yield Refusal(DECLARED_CLASS, message, _cleared_for(policy, declared))


def _cleared_for(policy: Policy, rank: int) -> str:
    names = sorted(p.name for p in policy.providers.values() if p.clearance >= rank)
    if names:
        return f"use a model of {' or '.join(names)}"
    return f"no provider is cleared for {policy.classes[rank]}: leave it out"


def _blocked_entities(treatment: dict[str, Action]) -> Iterator[Refusal]:
    for name, action in treatment.items():
        if action.kind is ActionKind.BLOCK:
            yield Refusal(
                f"{ENTITY_BLOCK}:{name}",
                f"{name} is refused wherever it would have to be hidden",
                "take the value out of the request",
            )


def _rule_refusal(rule: Block | Require) -> Refusal:
    why = f" ({rule.why})" if rule.why else ""
    waiver = f"get an approved waiver of {rule.id}"
    if isinstance(rule, Block):
        return Refusal(rule.id, (rule.message or "it is blocked").rstrip(".") + why, waiver)
    where = f"use a model of {' or '.join(sorted(rule.met_by))}, or " if rule.met_by else ""
    return Refusal(rule.id, f"{rule.demand} is required{why}", where + waiver)


def _refused(endpoint: Endpoint, refusals: Sequence[Refusal]) -> Verdict:
    reasons = "; ".join(f"{r.message} [{r.rule}]" for r in refusals)
    return Verdict(
        endpoint,
        allowed=False,
        rules=tuple(r.rule for r in refusals),
        message=f"{endpoint.provider} may not receive this request: {reasons}.",
        hint="; ".join(dict.fromkeys(r.hint for r in refusals)),
    )
