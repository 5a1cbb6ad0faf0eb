"""Decisions over policies that use the whole format: the reference, the theorem, defaults."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proxy.exchange import Facts, Keep, OutputAction, Terms, ToolRestore, Verdict
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.yaml_file import ConfigError
from tests.properties.policy_reference import reference, terms
from tests.properties.policy_space import ENTITIES, UNLISTED, Data, Request, parsed, parsed_pair
from tests.properties.policy_whole import (
    OPENING,
    WHOLE_RESTRICTIONS,
    restricted_wholes,
    whole_policies,
    whole_requests,
)
from tests.properties.test_policy_decide import compiled, shows_no_more

thorough = settings(max_examples=80, deadline=None)
brief = settings(max_examples=25, deadline=None)
batches = st.lists(whole_requests(), min_size=4, max_size=10)


def facts_of(policy: Policy, request: Request) -> Facts:
    accepted = policy.accept(request.findings, request.language)
    return Facts(
        entities=frozenset(f.entity for f in accepted),
        opaque=request.opaque,
        labels=request.labels,
        attested=request.attested,
        counts=dict(request.counts),
        sources=frozenset(
            source
            for f in accepted
            for source in ((f.entity, f.recognizer), (f.entity, request.language))
        ),
        dialect=request.dialect,
        at=request.at,
    )


def verdict(policy: Policy, request: Request) -> Verdict:
    facts = facts_of(policy, request)
    return decide(policy, facts, request.principal, request.endpoint, request.on)


@given(whole_policies(), batches)
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
            continue
        outputs, withheld, keep = terms(data, request, set(facts_of(policy, request).entities))
        assert {entity: got.terms.output(entity) for entity in outputs} == outputs
        assert (got.terms.withheld, got.terms.kept("full")) == (withheld, keep or "full")


def answers_no_more(
    tight: Terms, loose: Terms, found: Collection[str] = (*ENTITIES, UNLISTED)
) -> bool:
    """Whether the caller gets no more of what was found, and no more is kept."""
    strict, keeps = get_args(OutputAction).index, get_args(Keep)
    return (
        all(_withheld(e, tight) or not _withheld(e, loose) for e in found)
        and tight.hosts <= loose.hosts
        and all(
            get_args(ToolRestore).index(tight.tool(t)) >= get_args(ToolRestore).index(loose.tool(t))
            for t in ("t1", "t2")
        )
        and all(keeps.index(tight.kept(k)) <= keeps.index(loose.kept(k)) for k in keeps)
        and all(
            strict(tight.output(entity)) >= strict(loose.output(entity))
            for entity in (*ENTITIES, UNLISTED)
        )
    )


def _withheld(entity: str, agreed: Terms) -> bool:
    return entity in agreed.withheld or "any" in agreed.withheld


@pytest.mark.parametrize("restriction", WHOLE_RESTRICTIONS, ids=lambda r: r.__name__)
def test_no_restriction_shows_or_admits_more(restriction: Callable[..., None]) -> None:
    @given(restricted_wholes(restriction), batches)
    @brief
    def holds(pair: tuple[Data, Data], batch: list[Request]) -> None:
        before, after = parsed_pair(pair)
        for request in batch:
            entities = facts_of(before, request).entities | facts_of(after, request).entities
            tight, loose = verdict(after, request), verdict(before, request)
            assert shows_no_more(tight, loose, entities)
            assert not tight.allowed or answers_no_more(tight.terms, loose.terms)

    holds()


@given(whole_policies(), batches, st.randoms(use_true_random=False))
@brief
def test_the_order_of_the_file_changes_nothing(data: Data, batch: list[Request], rnd: Any) -> None:
    shuffled = copy.deepcopy(data)
    rnd.shuffle(shuffled["rules"])
    one, other = parsed(data), parsed(shuffled)
    assert one.digest == other.digest
    for request in batch:
        assert verdict(one, request) == verdict(other, request)


@given(whole_policies(), whole_requests(), whole_requests())
@brief
def test_finding_more_never_shows_or_admits_more(data: Data, some: Request, more: Request) -> None:
    """More findings, more different values, more that can't be read, and of labels less known."""
    policy = parsed(data)
    most = {**dict(some.counts)}
    for entity, count in more.counts:
        most[entity] = max(count, most.get(entity, 1))
    both = replace(
        some,
        findings=some.findings + more.findings,
        opaque=some.opaque | more.opaque,
        counts=tuple(most.items()),
        attested=some.attested & more.attested,
    )
    entities = facts_of(policy, some).entities
    assert shows_no_more(verdict(policy, both), verdict(policy, some), entities)


@given(whole_policies(), whole_requests())
@brief
def test_what_is_declared_and_not_attested_never_loosens(data: Data, request: Request) -> None:
    policy = parsed(data)
    declared = replace(request, attested=frozenset())
    silent = replace(request, labels={}, attested=frozenset())
    entities = facts_of(policy, request).entities
    assert shows_no_more(verdict(policy, declared), verdict(policy, silent), entities)


@given(whole_policies(), batches)
@brief
def test_without_a_permit_nothing_is_admitted(data: Data, batch: list[Request]) -> None:
    for rule in data["rules"]:
        if "permit" in rule:
            rule.pop("rollout", None)
            rule["shadow"] = True
    policy = parsed(data)
    assert not any(verdict(policy, request).allowed for request in batch)


@given(whole_policies(), batches)
@brief
def test_a_shadow_changes_nothing(data: Data, batch: list[Request]) -> None:
    """Shadowed rules taken out: the same decisions. In force: those of the candidate."""
    without, in_force = copy.deepcopy(data), copy.deepcopy(data)
    names = [rule["id"] for rule in data["rules"] if rule.get("shadow")]
    without["rules"] = [r for r in data["rules"] if r["id"] not in names]
    for rule in in_force["rules"]:
        rule.pop("shadow", None)
        rule.pop("rollout", None)
    policy, bare = parsed(data), _unless_refused(without)
    assume(bare)
    for request in batch:
        assert verdict(policy, request) == verdict(bare, request)
        candidate = policy.candidate or policy
        expected = verdict(parsed(in_force), request)
        assert verdict(candidate, request) == expected


def _unless_refused(data: Data) -> Any:
    try:
        return parsed(data)
    except ConfigError:
        return None  # a waiver of a rule that is gone


def test_every_verb_is_generated() -> None:
    """The space is worth what it holds: over some policies every verb and stage turns up."""
    seen: set[str] = set()

    @given(whole_policies())
    @settings(max_examples=60, deadline=None, database=None)
    def look(data: Data) -> None:
        seen.update(key for rule in data["rules"] for key in rule)
        seen.update(key for rule in data["rules"] for key in rule.get("scope", {}))

    look()
    verbs = {*OPENING, "require", "block", "treat", "output", "withhold", "keep"}
    assert verbs | {"shadow", "rollout", "time", "key", "model", "dialect"} <= seen
