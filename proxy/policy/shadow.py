"""Shadows: decisions that are counted and not carried out. Pure.

A candidate (a policy, or the live one with its shadowed rules in force) only ever tells how it
would have decided. A policy that is shadowed as a whole is the one state in which nothing is hidden
and nothing refused, but secrets: a key that left can't be taken back.
"""

from __future__ import annotations

from typing import Any

from proxy.exchange import Facts, Terms, Verdict
from proxy.ladder import spell
from proxy.policy.compiled import Policy
from proxy.policy.decide import SHADOWED_SECRET, WHOLE_SHADOW

#: What is refused even while nothing is enforced.
SECRETS = frozenset({"API_KEY", "JWT", "PASSWORD", "PRIVATE_KEY"})


def difference(live: Verdict, other: Verdict) -> str:
    """In a word, how `other`, about the same endpoint, decides otherwise than what is in force."""
    if live.allowed != other.allowed:
        return "admits" if other.allowed else "refuses"
    if live.allowed and live.treatment != other.treatment:
        return "hides"
    return "answers" if live.terms != other.terms else ""


def described(policy: Policy, live: Verdict, other: Verdict) -> dict[str, Any] | None:
    """The difference as it is recorded, None if there is none; names rules and entities only."""
    differs = difference(live, other)
    if not differs:
        return None
    said: dict[str, Any] = {
        "policy": policy.name,
        "digest": policy.digest,
        "provider": other.endpoint.provider,
        "model": other.endpoint.model,
        "differs": differs,
        "rules": list(other.rules),
    }
    if differs == "hides":
        said["treatment"] = {entity: spell(action) for entity, action in other.treatment.items()}
    if differs == "answers":
        said["terms"] = list(other.terms.rules)
    return said


def unenforced(verdict: Verdict, facts: Facts) -> Verdict:
    """What is carried out of a verdict while its policy is shadowed as a whole."""
    secrets = sorted(SECRETS & facts.entities)
    if secrets:
        return Verdict(
            verdict.endpoint,
            allowed=False,
            rules=(SHADOWED_SECRET,),
            message=f"{', '.join(secrets)} may go nowhere, even while the policy isn't enforced.",
            hint="Take it out of the text and replace it by a name.",
        )
    terms = Terms(keep=verdict.terms.keep, audit=verdict.terms.audit)
    return Verdict(verdict.endpoint, allowed=True, rules=(WHOLE_SHADOW,), terms=terms)
