"""P6 Explainable: a decision follows from findings, caller, endpoint, policy and date alone.

Replaced: the purity of `decide`, by one that looks at a clock (then the same facts decide twice).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from proxy import scaffold
from proxy.exchange import Endpoint, Facts, Principal, Verdict
from proxy.policy.decide import decide
from proxy.policy.explain import explain
from proxy.policy.load import parse
from tests.house import House
from tests.simulator import Simulator

DAY = date(2026, 11, 23)
TEAM = Principal("default", "support", "desk")


async def test_the_record_holds_all_that_the_decision_was_made_from(
    privet: House, simulator: Simulator
) -> None:
    """Decide again from the sealed record: the same treatment, by the same rule."""
    simulator.says("Hi")
    await privet.client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "Jane Hollander, card 4111 1111 1111 1111"}],
    )
    body: Any = privet.records()[-2].opened.body
    policy = privet.services.policies.current
    assert body["policy"]["digest"] == policy.digest
    facts = Facts(frozenset(body["found"]), frozenset(body["opaque"]))
    principal = Principal(**{name: body["principal"][name] for name in ("tenant", "team", "app")})
    verdict = decide(policy, facts, principal, Endpoint(**body["endpoint"]), DAY)
    assert list(verdict.rules) == body["rules"]
    assert {entity: action.kind.name.lower() for entity, action in verdict.treatment.items()} == (
        body["treatment"]
    )


def same_answer_always(decides: Callable[..., Verdict]) -> bool:
    policy = parse(scaffold.starter_policy(), "starter.yaml")
    facts = Facts(frozenset({"PERSON", "API_KEY", "URL"}))
    endpoint = Endpoint("openai", "gpt-4o")
    first = decides(policy, facts, TEAM, endpoint, DAY)
    return all(decides(policy, facts, TEAM, endpoint, DAY) == first for _ in range(50))


def test_the_same_facts_decide_the_same() -> None:
    assert same_answer_always(decide)


def test_a_decision_that_looks_elsewhere_is_seen() -> None:
    ticks = itertools.count()

    def looks_elsewhere(*facts: Any) -> Verdict:
        verdict = decide(*facts)
        return dataclasses.replace(verdict, message=f"{verdict.message} {next(ticks)}")

    assert not same_answer_always(looks_elsewhere)


def test_an_explanation_tells_the_decisions_own_story() -> None:
    policy = parse(scaffold.starter_policy(), "starter.yaml")
    facts = Facts(frozenset({"PERSON", "API_KEY"}))
    endpoint = Endpoint("openai", "gpt-4o")
    told = explain(policy, facts, TEAM, [endpoint], datetime.now(UTC).date())
    (note,) = told.endpoints
    assert note.verdict == decide(policy, facts, TEAM, endpoint, datetime.now(UTC).date())
    assert {rule.rule for rule in note.rules if rule.applies} >= {"no-secrets"}
