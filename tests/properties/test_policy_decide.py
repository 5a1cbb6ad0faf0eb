"""Properties of decisions over generated policies: DESIGN section 8's semantics and its theorem."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proxy.exchange import ActionKind, Facts, Verdict
from proxy.ladder import ALLOW, join, weaker_or_equal
from proxy.policy.compiled import Policy, action_of
from proxy.policy.decide import decide
from proxy.policy.model_actions import ActionForm
from tests.properties.policy_reference import reference
from tests.properties.policy_space import (
    ACTIONS,
    DAYS,
    RESTRICTIONS,
    Data,
    Request,
    at_least,
    parsed,
    parsed_pair,
    policies,
    requests,
    restricted_pairs,
)

thorough = settings(max_examples=200, deadline=None)
brief = settings(max_examples=60, deadline=None)
batches = st.lists(requests, min_size=4, max_size=12)


def facts_of(policy: Policy, request: Request) -> Facts:
    entities = frozenset(f.entity for f in policy.accept(request.findings))
    return Facts(entities, request.opaque, request.labels)


def verdict(policy: Policy, request: Request) -> Verdict:
    return decide(
        policy, facts_of(policy, request), request.principal, request.endpoint, request.on
    )


def compiled(action: Any) -> Any:
    return action_of(action if isinstance(action, str) else ActionForm.model_validate(action))


def shows_no_more(tight: Verdict, loose: Verdict, entities: frozenset[str]) -> bool:
    """Whether `tight` admits nothing that `loose` refused and shows nothing that it hid."""
    if not tight.allowed:
        return True
    return loose.allowed and all(
        weaker_or_equal(loose.treatment.get(e, ALLOW), tight.treatment.get(e, ALLOW))
        for e in entities
    )


@given(policies(), batches)
@thorough
def test_agrees_with_the_naive_reference(data: Data, batch: list[Request]) -> None:
    policy = parsed(data)
    for request in batch:
        allowed, treatment, refused = reference(data, request)
        got = verdict(policy, request)
        assert got.allowed == allowed
        assert got.treatment == {e: compiled(a) for e, a in treatment.items()}
        if not allowed:
            assert set(got.rules) == refused


@pytest.mark.parametrize("restriction", RESTRICTIONS, ids=lambda r: r.__name__)
def test_no_restriction_shows_or_admits_more(restriction: Callable[..., None]) -> None:
    @given(restricted_pairs(restriction), batches)
    @brief
    def holds(pair: tuple[Data, Data], batch: list[Request]) -> None:
        before, after = parsed_pair(pair)
        for request in batch:
            entities = facts_of(before, request).entities | facts_of(after, request).entities
            assert shows_no_more(verdict(after, request), verdict(before, request), entities)

    holds()


@given(policies(), batches, st.randoms(use_true_random=False))
@brief
def test_the_order_of_the_file_changes_nothing(data: Data, batch: list[Request], rnd: Any) -> None:
    shuffled = copy.deepcopy(data)
    rnd.shuffle(shuffled["rules"])
    rnd.shuffle(shuffled["escalate"])
    for key in ("entities", "providers"):
        items = list(shuffled[key].items())
        rnd.shuffle(items)
        shuffled[key] = dict(items)
    one, other = parsed(data), parsed(shuffled)
    assert one.digest == other.digest
    for request in batch:
        assert verdict(one, request) == verdict(other, request)


@given(policies(), batches)
@brief
def test_without_a_permit_nothing_is_admitted(data: Data, batch: list[Request]) -> None:
    data["rules"] = [rule for rule in data["rules"] if "permit" not in rule]
    policy = parsed(data)
    for request in batch:
        got = verdict(policy, request)
        assert not got.allowed
        assert {"default-deny", "unknown-provider"} & set(got.rules)


@given(policies(), batches)
@brief
def test_never_exceeds_clearance(data: Data, batch: list[Request]) -> None:
    """Whatever the rules: what arrives in clear or in residue is within the clearance."""
    policy = parsed(data)
    for request in batch:
        got = verdict(policy, request)
        if not got.allowed:
            continue
        clearance = policy.providers[request.endpoint.provider].clearance
        assert not request.opaque or policy.unclassified <= clearance
        for name in facts_of(policy, request).entities:
            entity = policy.entity(name)
            arrives = entity.residual if name in got.treatment else entity.rank
            assert arrives <= clearance


@given(policies(), requests, requests)
@brief
def test_finding_more_never_shows_or_admits_more(data: Data, some: Request, more: Request) -> None:
    policy = parsed(data)
    both = replace(some, findings=some.findings + more.findings, opaque=some.opaque | more.opaque)
    entities = facts_of(policy, some).entities
    assert shows_no_more(verdict(policy, both), verdict(policy, some), entities)


@given(policies(), requests)
@brief
def test_declaring_a_label_never_loosens(data: Data, request: Request) -> None:
    policy = parsed(data)
    silent = replace(request, labels={})
    entities = facts_of(policy, request).entities
    assert shows_no_more(verdict(policy, request), verdict(policy, silent), entities)


@given(policies(), batches)
@thorough
def test_a_waiver_lifts_exactly_what_it_names(data: Data, batch: list[Request]) -> None:
    """With and without its waiver, a decision differs at most in the waived rule's own effect."""
    waivers = [rule for rule in data["rules"] if "waive" in rule]
    assume(waivers)
    waiver = waivers[0]
    waived = waiver["waive"]["rule"]
    without, lifted = copy.deepcopy(data), copy.deepcopy(data)
    without["rules"].remove(waiver)
    lifted["rules"] = [
        r for r in lifted["rules"] if r["id"] != waived and r.get("waive", {}).get("rule") != waived
    ]
    policy, strict, loose = parsed(data), parsed(without), parsed(lifted)
    for request in batch:
        got = verdict(policy, request)
        expected = {_outcome(verdict(strict, request)), _outcome(verdict(loose, request))}
        assert _outcome(got) in expected
        outside = (
            request.endpoint.provider not in waiver["waive"]["to"]["provider"]
            or request.on.isoformat() > waiver["until"]
            or request.principal.team != waiver["scope"]["team"]
        )
        if outside:
            assert _outcome(got) == _outcome(verdict(strict, request))


def _outcome(got: Verdict) -> Any:
    return got.allowed, frozenset(got.treatment.items()), got.rules if not got.allowed else ()


@given(policies(), batches)
@brief
def test_nothing_is_waived_after_the_last_day(data: Data, batch: list[Request]) -> None:
    without = copy.deepcopy(data)
    without["rules"] = [rule for rule in data["rules"] if "waive" not in rule]
    for request in batch:
        late = replace(request, on=DAYS[-1].replace(month=12))
        assert verdict(parsed(data), late) == verdict(parsed(without), late)


@given(st.sampled_from(ACTIONS), st.sampled_from(ACTIONS), st.sampled_from(ACTIONS))
@brief
def test_join_is_the_least_upper_bound(a: Any, b: Any, c: Any) -> None:
    x, y, z = compiled(a), compiled(b), compiled(c)
    assert weaker_or_equal(x, y) == at_least(b, a)
    assert weaker_or_equal(x, join(x, y))
    if weaker_or_equal(x, z) and weaker_or_equal(y, z):
        assert weaker_or_equal(join(x, y), z)
    assert join(x, y) == join(y, x)
    assert join(join(x, y), z) == join(x, join(y, z))
    assert join(x, compiled("block")).kind is ActionKind.BLOCK
