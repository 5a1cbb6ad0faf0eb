"""`prove` and `diff` over the whole format, against hundreds of requests drawn for each policy.

Complete: whatever a drawn request shows, they find. Sound: what they report happens when decided on
the whole policy. test_policy_space.py asks every request there is, of a smaller format.
`PRIVET_SOAK=100` asks about a hundred times as many policies (`make soak`).
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.exchange import Verdict
from proxy.policy.answers import Altered
from proxy.policy.cases import Invariant
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.policy.diff import Flow, compare
from proxy.policy.faint import as_found
from proxy.policy.prove import prove
from proxy.yaml_file import ConfigError
from tests.properties.policy_brute import Drawing, breaks, like
from tests.properties.policy_space import (
    DAYS,
    ENTITIES,
    PROVIDERS,
    RESTRICTIONS,
    Data,
    parsed,
    some_entities,
)
from tests.properties.policy_whole import (
    WHOLE_RESTRICTIONS,
    restricted_wholes,
    whole_policies,
    windows,
)
from tests.properties.test_policy_space import opens
from tests.properties.test_policy_whole import answers_no_more, facts_of, verdict

thorough = settings(max_examples=30 * int(os.environ.get("PRIVET_SOAK", "1")), deadline=None)
DRAWN = 200  # requests for each policy
seeds = st.integers(0, 2**32)


@st.composite
def scopes(draw: st.DrawFn) -> Data:
    keys: list[tuple[str, Any]] = [
        ("team", ["red", "green"]),
        ("tenant", "t"),
        ("app", "a"),
        ("user", "u1"),
        ("key", ["k1"]),
        ("model", "m1"),
        ("dialect", "d1"),
        ("time", draw(windows())),
    ]
    return dict(draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2)))


@st.composite
def claims(draw: st.DrawFn) -> Data:
    days = st.sampled_from(DAYS).map(lambda day: day.isoformat())
    label = draw(
        st.sampled_from([("purpose", "ads"), ("purpose", "unheard-of"), ("class", "internal")])
    )
    optional: Data = {
        "opaque": st.just(True) | st.just(["image"]),
        "with": some_entities,
        "at_least": st.dictionaries(st.sampled_from(ENTITIES), st.integers(1, 4), min_size=1),
        "labels": st.just(dict([label])),
        "to": st.sampled_from([{"on_prem": False}, {"names": ["near"]}, {"region": ["eu"]}]),
        "for": scopes(),
        "not_for": scopes(),
        "from": days,
        "through": days,
    }
    claim: Data = {"name": "generated", "never": draw(st.sampled_from(["shown", "sent"]))}
    claim["entities"] = draw(st.sampled_from([*([name] for name in ENTITIES), ["any"]]))
    for key in draw(st.lists(st.sampled_from(sorted(optional)), max_size=3, unique=True)):
        claim[key] = draw(optional[key])
    return claim


@given(whole_policies(), claims(), seeds)
@thorough
def test_prove_agrees_with_brute_force(data: Data, claim: Data, seed: int) -> None:
    policy, drawing = parsed(data), Drawing(seed, data, claim)
    names = [name for name in PROVIDERS if like(data["providers"][name], name, claim)]
    found = prove(policy, Invariant.model_validate_json(json.dumps(claim)), DAYS[0]).counterexample
    for provider in names:
        for request in filter(None, (drawing.about(claim, provider) for _ in range(DRAWN))):
            counted = set(facts_of(policy, request).entities)
            broken = breaks(claim, request, counted, verdict(policy, request))
            assert found is not None or not broken, request
    if found is None:
        return
    where, told = found.cell.where, found.verdict
    assert told.endpoint.provider in names
    facts = where.facts(found.corner.facts)
    assert decide(policy, facts, where.principal, told.endpoint, where.on) == told
    assert told.allowed
    assert claim["never"] == "sent" or found.subject not in told.treatment
    assert claim.get("labels", {}).items() <= facts.labels.items()
    assert set(claim.get("with", ())) <= facts.entities


pairs = st.one_of(
    st.tuples(whole_policies(), whole_policies()),
    st.sampled_from([*RESTRICTIONS, *WHOLE_RESTRICTIONS]).flatmap(restricted_wholes),
    st.sampled_from([*RESTRICTIONS, *WHOLE_RESTRICTIONS])
    .flatmap(restricted_wholes)
    .map(lambda pair: (pair[1], pair[0])),
)


@given(pairs, st.sampled_from(PROVIDERS), seeds)
@thorough
def test_diff_agrees_with_brute_force(pair: Any, provider: str, seed: int) -> None:
    try:
        old, new = parsed(pair[0]), parsed(pair[1])
    except ConfigError:  # a stronger action can make a treat too weak, which doesn't load
        return
    drawing, diff = Drawing(seed, *pair), compare(old, new, DAYS[0])
    at_provider = {flow.loosens for flow in diff.flows if flow.provider == provider}
    answers = {one.loosens for one in diff.answers if one.provider == provider}
    for _ in range(DRAWN):
        request = drawing.request(provider)
        before, after = verdict(old, request), verdict(new, request)
        found = facts_of(old, request).entities | facts_of(new, request).entities
        if opens(before, after, found):
            assert True in at_provider, request
        if opens(after, before, found):
            assert at_provider, request
        if gives(before, after, found):
            assert True in answers | at_provider, request
        if gives(after, before, found):
            assert answers | at_provider, request
    for flow in diff.flows:
        _flows(flow, old, new)
    for one in diff.answers:
        _happens(one, old, new)


def gives(before: Verdict, after: Verdict, found: frozenset[str]) -> bool:
    """Whether callers get more back after, or the log keeps more, where both send the request."""
    both = before.allowed and after.allowed
    return both and not answers_no_more(after.terms, before.terms, found)


def _flows(flow: Flow, old: Policy, new: Policy) -> None:
    """A flow is so when it is decided on the whole policies."""
    where, corner = flow.cell.where, flow.corner
    for policy, side, told in ((old, "old", flow.before), (new, "new", flow.after)):
        lost = frozenset(n for n in corner.entities if flow.unseen.get(n) == side)
        facts = where.facts(corner.without(lost).facts)
        if corner.data_class:
            facts = replace(facts, labels={**facts.labels, "class": corner.data_class})
        endpoint = where.endpoint(flow.provider)
        got = decide(policy, facts, where.principal, endpoint, where.on)
        assert (got.allowed, got.treatment) == (told.allowed, told.treatment)
    assert opens(flow.before, flow.after, corner.entities) == flow.loosens


def _happens(one: Altered, old: Policy, new: Policy) -> None:
    """What is said of answers is so when it is decided on the whole policies."""
    endpoint = one.where.endpoint(one.provider)
    before, after = (
        decide(
            policy,
            one.where.facts(as_found(side, one.corner, one.unseen).facts),
            one.where.principal,
            endpoint,
            one.where.on,
        )
        for side, policy in (("old", old), ("new", new))
    )
    assert before.allowed
    assert after.allowed
    # Scores from which something counts aren't among what answers_no_more looks at.
    if "score" not in one.after:
        pair = (before, after) if one.loosens else (after, before)
        assert gives(*pair, one.corner.entities)


@given(st.sampled_from([*RESTRICTIONS, *WHOLE_RESTRICTIONS]).flatmap(restricted_wholes))
@thorough
def test_no_restriction_is_listed_as_loosening(pair: tuple[Data, Data]) -> None:
    try:
        old, new = parsed(pair[0]), parsed(pair[1])
    except ConfigError:  # as above
        return
    assert not compare(old, new, DAYS[0]).loosens
    same = compare(old, old, DAYS[0])
    assert not same.flows
    assert not same.answers
