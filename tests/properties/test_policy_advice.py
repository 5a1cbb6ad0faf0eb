"""What explain and lint say about a policy is true of what decide does, for random policies."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.exchange import Facts
from proxy.policy.compiled import Policy
from proxy.policy.decide import BUILT_IN, ENTITY_BLOCK, decide
from proxy.policy.explain import explain, render_explanation
from proxy.policy.lint import lint
from tests.properties.policy_reference import matching
from tests.properties.policy_space import DAYS, Data, Request, parsed, policies, requests

batches = st.lists(requests, min_size=1, max_size=8)
brief = settings(max_examples=60, deadline=None)


def facts_of(request: Request) -> Facts:
    return Facts(frozenset(f.entity for f in request.findings), request.opaque, request.labels)


@given(policies(), batches)
@brief
def test_an_explanation_tells_what_decided(data: Data, batch: list[Request]) -> None:
    policy = parsed(data)
    for request in batch:
        facts, who, where, on = facts_of(request), request.principal, request.endpoint, request.on
        explanation = explain(policy, facts, who, [where], on)
        (endpoint,) = explanation.endpoints
        verdict = endpoint.verdict
        assert verdict == decide(policy, facts, who, where, on)
        assert {note.rule for note in endpoint.rules} == {rule["id"] for rule in data["rules"]}
        assert all(note.note for note in endpoint.rules)
        _each_reason_holds(policy, data, request)
        assert render_explanation(explanation)
        applied = {verb: set[str]() for verb in ("permit", "require", "block", "treat", "waive")}
        for note in endpoint.rules:
            if note.applies:
                applied[note.verb].add(note.rule)
        if verdict.allowed:
            assert set(verdict.rules) <= set().union(*applied.values())
            assert applied["permit"] <= set(verdict.rules)
            assert not applied["require"] | applied["block"]
        elif where.provider in policy.providers:
            named = {r for r in verdict.rules if r.partition(":")[0] not in BUILT_IN}
            assert named == applied["require"] | applied["block"]
            assert ("default-deny" in verdict.rules) == (not applied["permit"])
            assert all(
                r.startswith((ENTITY_BLOCK, "d", "c", "u")) or r in named for r in verdict.rules
            )


def _each_reason_holds(policy: Policy, data: Data, request: Request) -> None:
    """A rule has as many reasons not to match as it has conditions that fail one by one."""
    facts, where = facts_of(request), request.endpoint
    explained = explain(policy, facts, request.principal, [where], request.on).endpoints[0]
    notes = {note.rule: note for note in explained.rules}
    for rule in data["rules"]:
        bare = {key: value for key, value in rule.items() if key not in ("scope", "when")}
        failing = 0
        tests = [(key, name) for key in ("scope", "when") for name in rule.get(key, {})]
        for key, name in tests:
            alone = bare | {key: {name: rule[key][name]}}
            failing += not matching(data | {"rules": [alone]}, request, set(facts.entities))
        if failing:
            assert not notes[rule["id"]].applies
            assert notes[rule["id"]].note.count(";") + 1 >= failing


@given(policies(), batches)
@settings(max_examples=150, deadline=None)
def test_what_lint_calls_superfluous_is(
    tmp_path_factory: pytest.TempPathFactory, data: Data, batch: list[Request]
) -> None:
    """A rule that lint says changes nothing can go, and every outcome stays as it was."""
    path = tmp_path_factory.getbasetemp() / "generated.yaml"
    path.write_text(json.dumps(data, indent=1))
    lines = path.read_text().splitlines()
    codes = ("rule-idle", "rule-shadowed")
    idle = [p for p in lint(path, None, DAYS[0]) if p.code in codes]
    for problem in idle:
        name = lines[problem.line - 1].split('"')[3]
        without = copy.deepcopy(data)
        without["rules"] = [
            r for r in data["rules"] if name not in (r["id"], r.get("waive", {}).get("rule"))
        ]
        before, after = parsed(data), parsed(without)
        for request in batch:
            who, where, on = request.principal, request.endpoint, request.on
            old = decide(before, facts_of(request), who, where, on)
            new = decide(after, facts_of(request), who, where, on)
            assert (old.allowed, old.treatment) == (new.allowed, new.treatment)
