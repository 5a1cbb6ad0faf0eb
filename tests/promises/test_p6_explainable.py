"""P6 Explainable: a decision follows from findings, caller, endpoint, policy and date alone.

Replaced: `decide` in the running proxy, by one that goes by how often it was asked (then a record
contradicts what its own facts decide).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from proxy import pipeline
from proxy.commands import scaffold
from proxy.exchange import Endpoint, Facts, Principal, Verdict
from proxy.policy.decide import decide
from proxy.policy.explain import explain
from proxy.policy.load import parse
from tests.house import House
from tests.simulator import Simulator

DAY = date(2026, 11, 23)
TEAM = Principal("default", "support", "desk")


async def contradicted(privet: House, simulator: Simulator) -> list[bool]:
    """Ask the same twice and decide again from each sealed record: does that say otherwise?"""
    for _ in range(2):
        simulator.says("Hi")
        await privet.client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[{"role": "user", "content": "Jane Hollander, card 4111 1111 1111 1111"}],
        )
    records = [record.opened for record in await privet.records()]
    intents: list[Any] = [one.body for one in records if one.kind.name == "INTENT"]
    assert len(intents) == 2
    return [recorded(intent) != decided_again(intent, privet) for intent in intents]


def recorded(intent: Any) -> tuple[list[str], dict[str, str]]:
    """By which rules, and what was done with what: as the log has it."""
    return intent["rules"], intent["treatment"]


def decided_again(intent: Any, privet: House) -> tuple[list[str], dict[str, str]]:
    """The same, from what the record says that the decision was made from."""
    policy = privet.services.policies.current
    assert intent["policy"]["digest"] == policy.digest
    facts = Facts(frozenset(intent["found"]), frozenset(intent["opaque"]))
    who = Principal(**{name: intent["principal"][name] for name in ("tenant", "team", "app")})
    verdict = decide(policy, facts, who, Endpoint(**intent["endpoint"]), DAY)
    treatment = {entity: action.kind.name.lower() for entity, action in verdict.treatment.items()}
    return list(verdict.rules), treatment


async def test_the_record_holds_all_that_the_decision_was_made_from(
    privet: House, simulator: Simulator
) -> None:
    assert await contradicted(privet, simulator) == [False, False]


async def test_a_proxy_whose_decisions_look_elsewhere_contradicts_its_records(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()

    def looks_elsewhere(*facts: Any) -> Verdict:
        """Every second time, cards aren't worth hiding."""
        verdict = decide(*facts)
        if next(ticks) % 2:
            return verdict
        shown = {name: done for name, done in verdict.treatment.items() if name != "CREDIT_CARD"}
        return dataclasses.replace(verdict, treatment=shown)

    monkeypatch.setattr(pipeline, "decide", looks_elsewhere)
    assert await contradicted(privet, simulator) == [True, False]


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
