"""The order of actions and their join (DESIGN section 7, "Actions").

    allow < generalise, mask < hash < pseudonymise < placeholder < redact < block

Generalise and mask don't compare with each other; neither do generalisations of different kinds
of value (a year, an age band). What doesn't compare joins to `hash`. Within one action parameters
are ordered: year < decade, keep 4 < keep 2.

Invariant: `join` is the least upper bound of `weaker_or_equal`, so it is commutative, associative
and idempotent, and the order in which demands arrive never matters.
"""

from __future__ import annotations

from proxy.exchange import Action, ActionKind

ALLOW = Action(ActionKind.ALLOW)
HASH = Action(ActionKind.HASH)
PLACEHOLDER = Action(ActionKind.PLACEHOLDER)

#: Each row holds generalisations of one kind of value, from finest to coarsest.
GENERALISATIONS = (("year", "decade"), ("band",), ("/24",))


def weaker_or_equal(a: Action, b: Action) -> bool:
    """Whether `a` hides no more than `b` does."""
    if a.kind is b.kind:
        return _parameter_weaker_or_equal(a, b)
    if {a.kind, b.kind} == {ActionKind.GENERALISE, ActionKind.MASK}:
        return False
    return a.kind < b.kind


def join(a: Action, b: Action) -> Action:
    """The weakest action that is as strong as both."""
    if weaker_or_equal(a, b):
        return b
    if weaker_or_equal(b, a):
        return a
    return HASH


def spell(action: Action) -> str:
    """The action as people read it, e.g. ``placeholder`` or ``mask, keep last 4``."""
    name = action.kind.name.lower()
    match action.kind:
        case ActionKind.GENERALISE:
            return f"{name} to {action.to}"
        case ActionKind.MASK:
            return f"{name}, keep last {action.keep_last}"
    return name


def _parameter_weaker_or_equal(a: Action, b: Action) -> bool:
    match a.kind:
        case ActionKind.GENERALISE:
            return any(
                a.to in row and b.to in row and row.index(a.to) <= row.index(b.to)
                for row in GENERALISATIONS
            )
        case ActionKind.MASK:
            return a.keep_last >= b.keep_last
    return True
