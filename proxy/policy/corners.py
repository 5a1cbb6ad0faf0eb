"""The corners of a policy at a provider: the smallest contents for which anything happens there.

Invariant: whatever makes `decide` hide or refuse something in some contents, one of these corners
lies within them and makes it do the same. Each clause of DESIGN section 8 has its corners here: an
entity's own entry, escalations, what can't be read, the declared class, each restriction unless
all waivers of it are shut, and what shuts every permit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from proxy.exchange import OPAQUE_KINDS
from proxy.policy.axes import OTHER_VALUE
from proxy.policy.lookup import binds
from proxy.policy.rules import Answering, Permit, Restriction, Treat, Waiver
from proxy.policy.side import Side, concerns
from proxy.policy.space import Corner

#: Stands for every entity without an entry.
OTHER_ENTITY = "ANY_OTHER_ENTITY"
#: Stands for every kind of unreadable content that no policy names.
OTHER_KIND = "any-other-kind"
KINDS = (*OPAQUE_KINDS, OTHER_KIND)


def corners(side: Side, provider: str) -> Iterator[Corner]:
    """Every corner of a policy at a provider; some of them more than once."""
    policy = side.policy
    yield Corner()
    for name in (*policy.entities, OTHER_ENTITY):
        yield entity(name)
        # Findings of some recognizer or language may demand more.
        for source in policy.entity(name).actions:
            yield found_by(name, source)
    yield from map(unreadable, KINDS)
    for name in (*policy.classes, OTHER_VALUE):
        yield Corner(data_class=name)
    for escalation in policy.escalations:
        complete = Corner(escalation.members, counts=counted(escalation.at_least))
        yield complete
        for name in escalation.members:
            yield from (complete | found_by(name, s) for s in policy.entity(name).actions)
    yield from _ways_to_shut(side, [p for p in policy.permits if concerns(p, provider)])
    for rule in policy.restrictions:
        yield from of_restriction(side, rule, provider)


def of_restriction(side: Side, rule: Restriction, provider: str) -> Iterator[Corner]:
    """The corners at which a restriction stands at a provider, the policy's waivers being shut."""
    if binds(rule, provider):
        waivers = [w for w in side.policy.waivers if w.rule == rule.id and concerns(w, provider)]
        shut = list(_ways_to_shut(side, waivers))
        yield from (trigger | way for trigger in triggers(rule) for way in shut)


def entity(name: str) -> Corner:
    """One entity, found once."""
    return Corner(frozenset({name}))


def found_by(name: str, source: str) -> Corner:
    """One entity, found by a recognizer or in a language."""
    return Corner(frozenset({name}), sources=frozenset({(name, source)}))


def unreadable(kind: str) -> Corner:
    """Content of one kind that can't be read."""
    return Corner(opaque=frozenset({kind}))


def counted(least: Mapping[str, int]) -> frozenset[tuple[str, int]]:
    """As many different values of entities, as a corner holds them."""
    return frozenset((name, count) for name, count in least.items() if count > 1)


def _ways_to_shut(side: Side, opening: Sequence[Permit | Waiver]) -> Iterator[Corner]:
    """Contents under which all of those permits, or waivers, that are for somebody don't hold.

    One that tests for no absence can't be shut by contents. Nothing to shut needs none.
    """
    bits = side.bit_of
    for cell in side.space.cells(sum(bits[id(rule)] for rule in opening)):
        ways = {Corner()}
        for rule in opening:
            if cell.holds & bits[id(rule)]:
                one_more = _refusals(rule)
                ways = {
                    way | more
                    for way in ways
                    for more in ([Corner()] if any(m <= way for m in one_more) else one_more)
                }
        yield from ways


def _refusals(rule: Permit | Waiver) -> list[Corner]:
    """The smallest contents in whose presence a permit or waiver doesn't hold."""
    kinds = KINDS if rule.opaque is False else sorted(rule.opaque_none)
    return [*map(entity, sorted(rule.none_of)), *map(unreadable, kinds)]


def triggers(rule: Restriction | Answering) -> Iterator[Corner]:
    """The smallest contents for which a rule that narrows holds and does something."""
    least = dict(rule.at_least)
    base = Corner(frozenset(rule.all_of | least.keys()), counts=counted(least))
    choices = [
        [entity(name) for name in sorted(rule.any_of or ())],
        [entity(name) for name in rule.actions] if isinstance(rule, Treat) else [],
        [unreadable(kind) for kind in sorted(rule.opaque_any or (KINDS if rule.opaque else ()))],
    ]
    for parts in itertools.product(*(choice or [Corner()] for choice in choices)):
        corner = base
        for part in parts:
            corner |= part
        yield corner
