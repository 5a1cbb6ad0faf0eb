"""What policy says about an answer and its record: part of what `decide` decides.

Rules about answers only ever narrow: of several that match, the strictest counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import get_args

from proxy.exchange import Endpoint, Facts, Keep, Principal, Terms
from proxy.policy.compiled import Policy
from proxy.policy.rules import Answering, Kept, Output, Withhold


def terms(
    policy: Policy, facts: Facts, principal: Principal, endpoint: Endpoint, on: date
) -> Terms:
    """The terms of an answer; arguments as for `decide`."""
    if not policy.answering:
        return policy.terms
    rules = [r for r in policy.answering if r.matches(facts, principal, endpoint, on)]
    return agreed(policy.terms, rules)


def agreed(of_all: Terms, rules: Sequence[Answering]) -> Terms:
    """The terms where just these rules about answers match; `of_all` are those of every answer."""
    keeps = [rule.keep for rule in rules if isinstance(rule, Kept)]
    return replace(
        of_all,
        outputs={rule.id: rule.actions for rule in rules if isinstance(rule, Output)},
        withheld=frozenset(e for r in rules if isinstance(r, Withhold) for e in r.entities),
        keep=min(keeps, key=get_args(Keep).index, default=None),
        rules=tuple(rule.id for rule in rules),
    )
