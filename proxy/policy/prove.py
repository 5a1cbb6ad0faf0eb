"""Whether a claim holds for every request there can be; if not, the plainest one that breaks it.

Each entity is tried with the fewest facts that the invariant is about, at each provider, in every
cell (space.py). Finding or declaring more never shows or admits more, so what isn't shown or sent
then never is; and requests of one cell get the same verdict. `Proof` says what was tried.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from proxy.exchange import Verdict
from proxy.policy.cases import ANY_ENTITY, Claim
from proxy.policy.compiled import Policy, Rule
from proxy.policy.load import meets
from proxy.policy.space import CALLER, OTHER_ENTITY, OTHER_KIND, Cell, Corner, Side, Space, rules_of
from proxy.yaml_file import did_you_mean

#: As many atoms of an axis are spelt out before they are only counted.
_SPELT_OUT = 4


@dataclass(frozen=True, slots=True)
class Partition:
    """What a proof divides all requests into.

    Attributes:
        subjects, providers: what the claim is about.
        cells: how many combinations of them with callers, models and days were tried.
        axes: what the policy tells apart, e.g. ``team``, and its atoms in words.
    """

    subjects: int
    providers: int
    cells: int
    axes: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        told_apart = [
            f"{name} ({'; '.join(atoms) if len(atoms) <= _SPELT_OUT else len(atoms)})"
            for name, atoms in self.axes.items()
            if len(atoms) > 1
        ]
        return (
            f"{self.subjects} kinds of facts at {self.providers} providers in {self.cells} cells; "
            f"told apart: {', '.join(told_apart) or 'no callers, models or days'}"
        )


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A request that breaks an claim."""

    subject: str
    corner: Corner
    cell: Cell
    verdict: Verdict
    never: str

    def __str__(self) -> str:
        endpoint = self.verdict.endpoint
        what = self.subject or "content that can't be read"
        beside = sorted(self.corner.entities - {self.subject})
        together = f" beside {', '.join(beside)}" if beside else ""
        rules = ", ".join(self.verdict.rules)
        return (
            f"{what}{together} is {self.never} to {endpoint.provider} for {self.cell}, by {rules}"
        )

    def as_case(self, name: str) -> str:
        """It as a case for a test file: red until the policy is mended."""
        corner, cell = self.corner, self.cell
        given: dict[str, Any] = {}
        if corner.entities:
            given["entities"] = sorted(corner.entities)
        if corner.opaque:
            given["opaque"] = sorted(corner.opaque)
        if corner.labels:
            given["labels"] = dict(sorted(corner.labels))
        caller = {key: value for key in CALLER if (value := getattr(cell.principal, key))}
        if caller:
            given["principal"] = caller
        given["provider"] = self.verdict.endpoint.provider
        if cell.model:
            given["model"] = cell.model
        given["on"] = cell.day
        shown = self.never == "shown" and corner.entities
        expect: dict[str, Any] = {"hides": [self.subject]} if shown else {"refused": True}
        case = [{"name": name, "given": given, "expect": expect}]
        text = yaml.safe_dump(case, sort_keys=False, width=100, default_flow_style=None)
        return "".join(f"  {line}\n" for line in text.splitlines())


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it: without a counterexample the invariant holds."""

    partition: Partition
    counterexample: Counterexample | None


def subjects(policy: Policy, claim: Claim) -> list[str]:
    """The entities that a claim is about."""
    names = list(claim.entities or ())
    if names == [ANY_ENTITY]:
        names = [*sorted(policy.entities), OTHER_ENTITY]
    return [name for name in names if name not in (claim.but or ())]


def corners(policy: Policy, claim: Claim) -> list[tuple[str, Corner]]:
    """What is tried: each subject, and the fewest facts with it that the invariant is about."""
    base = Corner(frozenset(claim.with_ or ()), labels=frozenset((claim.labels or {}).items()))
    found = [(name, base | Corner(frozenset({name}))) for name in subjects(policy, claim)]
    if claim.opaque:
        found.append(("", base | Corner(opaque=frozenset({OTHER_KIND}))))
    return found


def providers(policy: Policy, claim: Claim) -> list[str]:
    """The providers that a claim is about."""
    to = claim.to
    return [p.name for p in policy.providers.values() if to is None or meets(p, to)]


def prove(policy: Policy, claim: Claim, on: date) -> Proof:
    """Try every cell.

    Args:
        on: the first day for which the invariant must hold, unless it says so itself; UTC.
    """
    found = corners(policy, claim)
    names = providers(policy, claim)
    # The invariant's own limits are rules too: they tell callers apart.
    about = Rule("for", scope=_scope(claim.for_))
    spared = Rule("not-for", scope=_scope(claim.not_for)) if claim.not_for else None
    rules = (*rules_of(policy), about, *([spared] if spared else []))
    space = Space(rules, claim.from_ or on)
    side = Side(policy, space)
    about_bit = 1 << len(rules_of(policy))
    spared_bit = about_bit << 1 if spared else 0
    tried, broken = 0, list[Counterexample]()
    for (subject, corner), provider in itertools.product(found, names):
        relevant = side.relevant(corner, provider)
        for cell in space.cells(relevant | about_bit | spared_bit):
            if not cell.holds & about_bit or cell.holds & spared_bit or _after(cell, claim):
                continue
            tried += 1
            verdict = side.verdict(corner, provider, cell, relevant)
            hidden = claim.never == "shown" and subject in verdict.treatment
            if verdict.allowed and not hidden:
                broken.append(Counterexample(subject, corner, cell, verdict, claim.never))
    partition = Partition(len(found), len(names), tried, space.in_words())
    plainest = min(broken, key=lambda one: (one.cell.named, one.cell.day), default=None)
    return Proof(partition, plainest)


def vacuous(policy: Policy, claim: Claim) -> Iterator[tuple[str, str, str]]:
    """Why an invariant couldn't fail: it is about nothing. Each as key, message and hint."""
    named = {*subjects(policy, claim), *(claim.with_ or ())} - {OTHER_ENTITY}
    for name in sorted(named - policy.entities.keys()):
        hint = did_you_mean(name, policy.entities)
        yield "entities", f"{name!r} isn't an entity of the policy", hint
    if not corners(policy, claim):
        yield "entities", "this is about nothing", "give entities, or opaque: true"
    if not providers(policy, claim):
        yield "to", "no provider is like this", "see `providers` in the policy"
    if claim.through and claim.from_ and claim.through < claim.from_:
        yield "through", "it ends before it begins", ""


def _scope(scope: Any) -> tuple[tuple[str, frozenset[str]], ...]:
    said = scope.model_dump(exclude_none=True) if scope else {}
    return tuple((name, frozenset(values)) for name, values in said.items())


def _after(cell: Cell, claim: Claim) -> bool:
    return claim.through is not None and cell.day > claim.through
