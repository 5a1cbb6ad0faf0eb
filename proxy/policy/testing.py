"""Tests of a policy, written beside it: cases (one decision each) and invariants.

An invariant is checked for every caller that the policy tells apart, every model that it names
(and one that it doesn't) and every provider concerned. Trying each entity alone is enough, with no
label declared: finding or declaring more never shows or admits more (decide.py, tested as a
property), so where the entity alone isn't shown or sent, it isn't in any company.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proxy.exchange import Endpoint, Facts, Principal, Verdict
from proxy.ladder import spell
from proxy.policy.compiled import Policy, action_of
from proxy.policy.compiling import meets
from proxy.policy.decide import decide
from proxy.policy.load import load
from proxy.policy.model import AnyAction, ProviderTest
from proxy.policy.vocabulary import EntityName, Strict, Word, Words
from proxy.yaml_file import ConfigError, Document, Loc, Problem, did_you_mean, read_text

ANY_ENTITY = "any"

#: What no policy can name: another team or model, and an entity that it has never heard of.
OTHER = ""
OTHER_ENTITY = "any other entity"


class Caller(Strict):
    """Who asks; what isn't given is nobody in particular."""

    tenant: Word = OTHER
    team: Word = OTHER
    user: Word = OTHER
    app: Word = OTHER


class Given(Strict):
    """The facts of one decision; `on` is by default the day of the test."""

    entities: tuple[EntityName, ...] = ()
    opaque: tuple[Word, ...] = ()
    labels: dict[Word, Word] = Field(default_factory=dict)
    principal: Caller = Caller()
    provider: Word
    model: Word = OTHER
    on: date | None = None


class Expect(Strict):
    """The whole treatment of an allowed request (what it leaves out is shown), or who refuses."""

    treatment: dict[EntityName, AnyAction] | None = None
    refused_by: Words | None = None

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if (self.treatment is None) == (self.refused_by is None):
            raise ValueError("give either treatment or refused_by")
        return self


class Case(Strict):
    """One decision and what it must be."""

    name: Word
    given: Given
    expect: Expect


class Invariant(Strict):
    """What must never happen, whoever asks.

    `entities` are names or `any`, which is every entity of the policy and one that it doesn't
    know; `opaque` is content that can't be read. `shown` means sent as it is, `sent` means sent
    even when hidden.
    """

    name: Word
    entities: Words | None = None
    but: Annotated[tuple[EntityName, ...], Field(min_length=1)] | None = None
    opaque: bool = False
    to: ProviderTest | None = None
    never: Literal["shown", "sent"]


class TestFile(Strict):
    """A `*.test.yaml` file; `policy` is the path of the policy from there."""

    __test__ = False

    policy: Word
    cases: tuple[Case, ...] = ()
    invariants: tuple[Invariant, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """One test's outcome; `problem` says what differs, and where the test stands."""

    name: str
    problem: Problem | None

    @property
    def passed(self) -> bool:
        """Whether the policy does what the test says."""
        return self.problem is None


def run(path: Path, on: date) -> list[Result]:
    """Run the tests of one file, in its order. Raises ConfigError if it or its policy is invalid.

    Args:
        on: the day of cases without one and the first day for which invariants must hold, UTC.
    """
    document = Document(read_text(path), str(path))
    form = document.read(TestFile)
    policy = load(path.parent / form.policy)
    if vacuous := list(_vacuous(document, form, policy)):
        raise ConfigError(vacuous)
    results = []
    for index, case in enumerate(form.cases):
        difference = _case(policy, case, on)
        results.append(_result(document, ("cases", index), case.name, difference))
    for index, invariant in enumerate(form.invariants):
        difference = next(_counterexamples(policy, invariant, on), "")
        results.append(_result(document, ("invariants", index), invariant.name, difference))
    return results


def _vacuous(document: Document, form: TestFile, policy: Policy) -> Iterator[Problem]:
    """Invariants that couldn't fail, because they are about nothing."""
    for index, invariant in enumerate(form.invariants):
        loc: Loc = ("invariants", index)
        for name in _names(policy, invariant):
            if name not in policy.entities and name != OTHER_ENTITY:
                hint = did_you_mean(name, policy.entities)
                message = f"{name!r} isn't an entity of the policy"
                yield document.problem((*loc, "entities"), message, hint, "vacuous")
        if not _facts(policy, invariant):
            hint = "give entities, or opaque: true"
            yield document.problem(loc, "this is about nothing", hint, "vacuous")
        if not _providers(policy, invariant):
            yield document.problem((*loc, "to"), "no provider is like this", code="vacuous")


def _result(document: Document, loc: Loc, name: str, difference: str) -> Result:
    problem = document.problem(loc, f"{name}: {difference}", code="test") if difference else None
    return Result(name, problem)


def _case(policy: Policy, case: Case, on: date) -> str:
    """How the decision differs from what is expected; empty if it doesn't."""
    given = case.given
    facts = Facts(frozenset(given.entities), frozenset(given.opaque), given.labels)
    verdict = decide(
        policy,
        facts,
        Principal(**given.principal.model_dump()),
        Endpoint(given.provider, given.model),
        given.on or on,
    )
    expected = _refused(case.expect.refused_by or ())
    if case.expect.treatment is not None:
        treatment = {name: action_of(form) for name, form in case.expect.treatment.items()}
        expected = _allowed(Verdict(verdict.endpoint, True, (), treatment))
    got = _allowed(verdict) if verdict.allowed else _refused(verdict.rules)
    decided = f", decided by {', '.join(verdict.rules)}" if verdict.allowed else ""
    return "" if got == expected else f"expected {expected}; got {got}{decided}"


def _refused(rules: tuple[str, ...]) -> str:
    return f"refused by {', '.join(sorted(rules))}"


def _allowed(verdict: Verdict) -> str:
    hidden = ", ".join(f"{name} by {spell(a)}" for name, a in sorted(verdict.treatment.items()))
    return f"allowed, hiding {hidden or 'nothing'}"


def _names(policy: Policy, invariant: Invariant) -> list[str]:
    names = list(invariant.entities or ())
    return [*sorted(policy.entities), OTHER_ENTITY] if names == [ANY_ENTITY] else names


def _facts(policy: Policy, invariant: Invariant) -> list[Facts]:
    names = _names(policy, invariant)
    facts = [Facts(frozenset({name})) for name in names if name not in (invariant.but or ())]
    opaque = Facts(opaque=frozenset({"anything"}))
    return [*facts, opaque] if invariant.opaque else facts


def _providers(policy: Policy, invariant: Invariant) -> list[str]:
    to = invariant.to
    return [p.name for p in policy.providers.values() if to is None or meets(p, to)]


def _counterexamples(policy: Policy, invariant: Invariant, on: date) -> Iterator[str]:
    """Every way in which the policy breaks an invariant, in words."""
    facts = _facts(policy, invariant)
    models = _models(policy)
    endpoints = [Endpoint(p, m) for p in _providers(policy, invariant) for m in models]
    for fact, principal, endpoint in itertools.product(facts, _principals(policy), endpoints):
        verdict = decide(policy, fact, principal, endpoint, on)
        hidden = invariant.never == "shown" and fact.entities <= verdict.treatment.keys()
        if verdict.allowed and not (hidden and fact.entities):
            what = ", ".join(fact.entities) or "content that can't be read"
            rules = ", ".join(verdict.rules)
            yield f"{what} is {invariant.never} to {_whom(endpoint, principal)}, by {rules}"


def _whom(endpoint: Endpoint, principal: Principal) -> str:
    caller = [
        f"{field} {value}" for field in Caller.model_fields if (value := getattr(principal, field))
    ]
    model = f" ({endpoint.model})" if endpoint.model else ""
    return f"{endpoint.provider}{model} for {', '.join(caller) or 'anyone'}"


def _models(policy: Policy) -> list[str]:
    named = {model for permit in policy.permits for model in permit.models or ()}
    return sorted(named | {OTHER})


def _principals(policy: Policy) -> Iterator[Principal]:
    """One caller for each way in which the policy's scopes can tell callers apart."""
    scoped: dict[str, set[str]] = {name: {OTHER} for name in Caller.model_fields}
    for rule in (*policy.permits, *policy.restrictions, *policy.waivers):
        for field, named in rule.scope:
            scoped[field] |= named
    for tenant, team, user, app in itertools.product(*map(sorted, scoped.values())):
        yield Principal(tenant=tenant, team=team, user=user, app=app)
