"""`prove` and `diff` against brute force: every request over small policies, one by one.

Complete: whatever brute force finds, they find. Sound: what they report happens when decided on
the whole policy. `make soak` asks for thousands of policies.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.exchange import Endpoint, Facts, Finding, Principal, Verdict
from proxy.ladder import ALLOW, weaker_or_equal
from proxy.policy.cases import Invariant
from proxy.policy.compiled import Policy
from proxy.policy.corners import OTHER_ENTITY
from proxy.policy.decide import decide
from proxy.policy.diff import compare
from proxy.policy.prove import prove
from proxy.yaml_file import ConfigError
from tests.properties.policy_space import (
    DAYS,
    ENTITIES,
    PROVIDERS,
    RESTRICTIONS,
    TEAMS,
    UNLISTED,
    Data,
    parsed,
    policies,
    restricted_pairs,
)

EXAMPLES = 12 * int(os.environ.get("PRIVET_SOAK", "1"))
thorough = settings(max_examples=EXAMPLES, deadline=None)

ALL_DAYS = [*DAYS, DAYS[-1] + timedelta(days=1)]
LABELS: list[Data] = [{}, {"purpose": "ads"}, {"class": "confidential"}, {"class": "unheard-of"}]
OPAQUE = [frozenset[str](), frozenset({"image"})]
CALLERS = [Principal(tenant="t", team=team, app="a") for team in (*TEAMS, "green")]

Setting = tuple[frozenset[str], Data, Principal, str, Any]
settings_of_requests: list[Setting] = list(
    itertools.product(OPAQUE, LABELS, CALLERS, ["m1", "m2"], ALL_DAYS)
)


def subsets(names: list[str]) -> Iterator[frozenset[str]]:
    for count in range(len(names) + 1):
        yield from map(frozenset, itertools.combinations(names, count))


def verdict(
    policy: Policy, found: frozenset[str], scores: Data, provider: str, setting: Setting
) -> Verdict:
    """One decision on the whole policy, from findings with their scores."""
    opaque, labels, principal, model, day = setting
    findings = policy.accept(Finding(name, 0, 1, scores.get(name, 1.0), "x") for name in found)
    facts = Facts(frozenset(f.entity for f in findings), opaque, labels)
    return decide(policy, facts, principal, Endpoint(provider, model), day)


invariants = st.fixed_dictionaries(
    {
        "name": st.just("generated"),
        "never": st.sampled_from(["shown", "sent"]),
        "entities": st.sampled_from([[name] for name in ENTITIES] + [["any"]]),
    },
    optional={
        "with": st.lists(st.sampled_from(ENTITIES), min_size=1, max_size=2, unique=True),
        "labels": st.just({"purpose": "ads"}),
        "to": st.sampled_from([{"on_prem": False}, {"names": ["near"]}, {"region": ["eu"]}]),
        "for": st.sampled_from([{"team": ["red"]}, {"team": ["green", "blue"]}]),
        "not_for": st.sampled_from([{"team": ["red"]}, {"team": ["green"]}]),
        "through": st.sampled_from(DAYS).map(lambda day: day.isoformat()),
    },
)


def breaks(policy: Policy, said: Data, provider: str) -> bool:
    """Brute force: whether any request breaks an invariant at one provider."""
    names = [*ENTITIES, UNLISTED]
    about = names if said["entities"] == ["any"] else said["entities"]
    callers = [
        one
        for one in CALLERS
        if one.team in said.get("for", {"team": [one.team]})["team"]
        and one.team not in said.get("not_for", {"team": []})["team"]
    ]
    for found in subsets(names):
        if not set(said.get("with", ())) <= found:
            continue
        subjects = [name for name in about if name in found]
        for setting in settings_of_requests if subjects else ():
            _, labels, principal, _, day = setting
            if principal not in callers or day.isoformat() > said.get("through", "9999"):
                continue
            if not said.get("labels", {}).items() <= labels.items():
                continue
            got = verdict(policy, found, {}, provider, setting)
            if got.allowed and (
                said["never"] == "sent" or any(name not in got.treatment for name in subjects)
            ):
                return True
    return False


def is_like(name: str, provider: Data, said: Data) -> bool:
    """Whether a provider is one that an invariant is about."""
    to = said.get("to", {})
    return (
        name in to.get("names", PROVIDERS)
        and provider["on_prem"] == to.get("on_prem", provider["on_prem"])
        and provider["region"] in to.get("region", ["eu", "us"])
    )


@given(policies(), invariants)
@thorough
def test_prove_agrees_with_brute_force(data: Data, said: Data) -> None:
    policy = parsed(data)
    concerned = [name for name in PROVIDERS if is_like(name, data["providers"][name], said)]
    form = Invariant.model_validate_json(json.dumps(said))
    found = prove(policy, form, DAYS[0]).counterexample
    assert (found is not None) == any(breaks(policy, said, name) for name in concerned)
    if found is not None:
        endpoint = found.verdict.endpoint
        assert endpoint.provider in concerned
        assert OTHER_ENTITY not in policy.entities
        where = found.cell.where
        facts = where.facts(found.corner.facts)
        again = decide(policy, facts, where.principal, endpoint, where.on)
        assert again == found.verdict
        assert again.allowed
        assert said["never"] == "sent" or found.subject not in again.treatment


def opens(before: Verdict, after: Verdict, found: frozenset[str]) -> bool:
    """Whether `after` admits or shows more: written apart from diff.py."""
    if not after.allowed:
        return False
    return not before.allowed or any(
        not weaker_or_equal(before.treatment.get(n, ALLOW), after.treatment.get(n, ALLOW))
        for n in found
    )


def opened(old: Policy, new: Policy, scores: Data, provider: str) -> bool:
    """Brute force: whether any request is shown or sent more under `new`."""
    return any(
        opens(
            verdict(old, found, scores, provider, setting),
            verdict(new, found, scores, provider, setting),
            found,
        )
        for found in subsets(ENTITIES)
        for setting in settings_of_requests
    )


pairs = st.one_of(
    st.tuples(policies(), policies()),
    st.sampled_from(RESTRICTIONS).flatmap(restricted_pairs),
    st.sampled_from(RESTRICTIONS).flatmap(restricted_pairs).map(lambda pair: (pair[1], pair[0])),
)
some_scores = st.fixed_dictionaries({n: st.sampled_from([0.2, 0.5, 0.8, 1.0]) for n in ENTITIES})


@given(pairs, some_scores, st.sampled_from(PROVIDERS))
@thorough
def test_diff_agrees_with_brute_force(pair: Any, scores: Data, provider: str) -> None:
    try:
        old, new = parsed(pair[0]), parsed(pair[1])
    except ConfigError:  # a stronger action can make a treat too weak, which doesn't load
        return
    diff = compare(old, new, DAYS[0])
    at_provider = {flow.loosens for flow in diff.flows if flow.provider == provider}
    if opened(old, new, scores, provider):
        assert True in at_provider
    if opened(new, old, scores, provider):
        assert at_provider, "what closes is listed, as such or within what opens"
    for flow in diff.flows:
        where, corner = flow.cell.where, flow.corner
        for policy, side, told in ((old, "old", flow.before), (new, "new", flow.after)):
            found = frozenset(n for n in corner.entities if flow.unseen.get(n) != side)
            facts = where.facts(replace(corner.facts, entities=found))
            if corner.data_class:
                facts = replace(facts, labels={**facts.labels, "class": corner.data_class})
            endpoint = where.endpoint(flow.provider)
            got = decide(policy, facts, where.principal, endpoint, where.on)
            assert (got.allowed, got.treatment) == (told.allowed, told.treatment)
            # Of permits one for everybody stands for all.
            assert set(told.rules) <= set(got.rules)
            assert got.allowed or got.rules == told.rules
        assert opens(flow.before, flow.after, corner.entities) == flow.loosens


@given(st.sampled_from(RESTRICTIONS).flatmap(restricted_pairs))
@thorough
def test_no_restriction_is_listed_as_loosening(pair: tuple[Data, Data]) -> None:
    try:
        old, new = parsed(pair[0]), parsed(pair[1])
    except ConfigError:  # as above
        return
    assert not compare(old, new, DAYS[0]).loosenings
    assert not compare(old, old, DAYS[0]).flows
