"""Beside step 6 of the journey: what shadows would have decided, recorded and counted.

Invariants: a shadow changes nothing that is carried out, unless the policy is shadowed as a whole;
a shadow that fails fails the request, for what isn't decided isn't on record.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from proxy.exchange import Endpoint, Verdict
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.policy.shadow import described, unenforced
from proxy.records.recorded import Request
from proxy.steps.facts import Findings, Occasion, accept, gather
from proxy.steps.journey import Services

log = structlog.get_logger(__name__)


async def shadowed(  # noqa: PLR0917 — what the steps so far have made
    request: Request,
    policy: Policy,
    occasion: Occasion,
    findings: Findings,
    verdicts: list[Verdict],
    services: Services,
) -> list[Verdict]:
    """The verdicts that are carried out; the request's records learn what others would have done.

    Args:
        policy: the one in force.
        findings: what counted as found under it.
        verdicts: what it decided, one for each endpoint.
    """
    others: list[tuple[Policy, Sequence[Verdict]]] = []
    live = verdicts
    endpoints = [verdict.endpoint for verdict in verdicts]
    enforced = policy.enforced(occasion.now.date())
    if not enforced:
        live = [unenforced(verdict, request.facts) for verdict in verdicts]
        others.append((policy, verdicts))
    if policy.candidate is not None:
        others.append((policy, _decided(policy.candidate, occasion, findings, endpoints)))
    if services.candidates is not None:
        candidate, parts = services.candidates.current, occasion.exchange.parts
        tenant, coverage = occasion.principal.tenant, occasion.coverage
        found = await services.detector.detect(tenant, parts, coverage)
        accepted = accept(candidate, coverage, found)
        others.append((candidate, _decided(candidate, occasion, accepted, endpoints)))
    shadows = []
    for other, would in others:
        for carried_out, instead in zip(live, would, strict=True):
            if said := described(other, carried_out, instead):
                shadows.append(said)
                services.counts["shadow", other.digest, said["differs"]] += 1
                log.info("shadow differs", exchange=occasion.exchange.id, **said)
    request.shadows, request.enforced = shadows, enforced
    return live


def _decided(
    policy: Policy, occasion: Occasion, findings: Findings, endpoints: Sequence[Endpoint]
) -> list[Verdict]:
    facts, on = gather(policy, occasion, findings), occasion.now.date()
    return [decide(policy, facts, occasion.principal, endpoint, on) for endpoint in endpoints]
