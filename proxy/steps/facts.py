"""From what was found in a request, and who sends it, to the facts that policy decides from.

Only what the policy asks for is looked at: a policy without counts never counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from proxy.exchange import Coverage, Exchange, Facts, Finding, Principal, TextPart
from proxy.policy.compiled import Policy
from proxy.spelling import canonical

#: The findings of each part of a request.
Findings = Sequence[Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Occasion:
    """A request as policy sees it, but for what was found in it.

    `labels` are those that the caller declares; `now` is UTC; `coverage` is that of each part.
    """

    exchange: Exchange
    principal: Principal
    labels: Mapping[str, str]
    now: datetime
    coverage: Sequence[Coverage]


def accept(
    policy: Policy, coverage: Sequence[Coverage], found: Findings
) -> list[tuple[Finding, ...]]:
    """The findings of each part that count under a policy; `coverage`: of each part."""
    if not policy.by_language:
        return [policy.accept(of_part) for of_part in found]
    return [
        policy.accept(of_part, _language(policy, part.language, of_part))
        for part, of_part in zip(coverage, found, strict=True)
    ]


def gather(policy: Policy, occasion: Occasion, accepted: Findings) -> Facts:
    """The facts of a request; `accepted`: the findings that count under this policy.

    What an allow list shows weighs nothing.
    """
    exchange, principal = occasion.exchange, occasion.principal
    accepted = [[one for one in part if not one.shown] for part in accepted]
    return Facts(
        entities=frozenset(finding.entity for part in accepted for finding in part),
        opaque=frozenset(part.kind for part in exchange.opaque) | uncovered(occasion.coverage),
        labels=occasion.labels,
        attested=principal.asserts & occasion.labels.keys(),
        counts=_counts(policy.counted, exchange.parts, accepted) if policy.counted else {},
        sources=_sources(policy, occasion.coverage, accepted) if policy.by_source else frozenset(),
        dialect=exchange.dialect,
        at=occasion.now.time(),
    )


def _counts(
    counted: frozenset[str], parts: Sequence[TextPart], accepted: Findings
) -> dict[str, int]:
    values: dict[str, set[str]] = {}
    for part, findings in zip(parts, accepted, strict=True):
        for one in findings:
            if one.entity in counted:
                value = canonical(part.text[one.start : one.end])
                values.setdefault(one.entity, set()).add(value)
    return {entity: len(different) for entity, different in values.items() if len(different) > 1}


def uncovered(coverage: Iterable[Coverage]) -> frozenset[str]:
    """The kind of what can't be read, if names weren't looked for in some part."""
    return frozenset() if all(part.names for part in coverage) else frozenset({"uncovered"})


def _sources(
    policy: Policy, coverage: Sequence[Coverage], accepted: Findings
) -> frozenset[tuple[str, str]]:
    sources = set()
    for part, findings in zip(coverage, accepted, strict=True):
        concerned = [one for one in findings if one.entity in policy.by_source]
        language = _language(policy, part.language, concerned)
        for one in concerned:
            sources |= {(one.entity, one.recognizer), (one.entity, language)}
    return frozenset(sources)


def _language(policy: Policy, language: str, findings: Iterable[Finding]) -> str:
    """The language of a part, if anything found in it depends on that."""
    if any(one.entity in policy.by_language for one in findings):
        return language
    return ""
