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
from proxy.hints import did_you_mean
from proxy.policy.attributes import meets
from proxy.policy.axes import CALLER, OTHER_VALUE, Where
from proxy.policy.cases import ANY_ENTITY, Claim
from proxy.policy.compiled import Policy
from proxy.policy.compiling import for_whom
from proxy.policy.corners import KINDS, OTHER_ENTITY, counted, entity, unreadable
from proxy.policy.rules import LabelTest, Permit, Rule
from proxy.policy.side import Side, rules_of
from proxy.policy.space import Cell, Corner, Space

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
    """A request that breaks a claim."""

    subject: str
    corner: Corner
    cell: Cell
    verdict: Verdict
    never: str

    def __str__(self) -> str:
        endpoint = self.verdict.endpoint
        beside = sorted(self.corner.entities - {self.subject})
        together = f" beside {', '.join(beside)}" if beside else ""
        what = f"{self.subject}{together} is {self.never}"
        return f"{what} to {endpoint.provider} for {self.cell}, by {', '.join(self.verdict.rules)}"

    def as_case(self, name: str) -> str:
        """It as a case for a test file: red until the policy is mended."""
        where = self.cell.where
        given = {**_found(self.corner, where), **_asked(where)}
        given["provider"] = self.verdict.endpoint.provider
        given["on"] = where.on
        expect: dict[str, Any] = {"refused": True}
        if self.never == "shown" and self.subject in self.corner.entities:
            expect = {"hides": [self.subject]}
        case = [{"name": name, "given": given, "expect": expect}]
        text = yaml.safe_dump(case, sort_keys=False, width=100, default_flow_style=None)
        return "".join(f"  {line}\n" for line in text.splitlines())


def _found(corner: Corner, where: Where) -> dict[str, Any]:
    """What a case's `given` says of contents and labels."""
    found_by: dict[str, list[str]] = {}
    for name, source in sorted(corner.sources):
        found_by.setdefault(name, []).append(source)
    said: dict[str, Any] = {
        "entities": sorted(corner.entities),
        "counts": dict(sorted(corner.counts)),
        "found_by": found_by,
        "opaque": sorted(corner.opaque),
        "labels": dict(where.labels),
        "attested": sorted(where.attested),
    }
    return {key: value for key, value in said.items() if value}


def _asked(where: Where) -> dict[str, Any]:
    """What a case's `given` says of the caller and of how it asks."""
    caller = {axis: where.values[axis] for axis in CALLER if axis in where.values}
    said: dict[str, Any] = {"principal": caller} if caller else {}
    said |= {axis: where.values[axis] for axis in ("model", "dialect") if axis in where.values}
    return said | ({"at": f"{where.at:%H:%M}"} if where.at else {})


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


def contents(policy: Policy, claim: Claim) -> list[tuple[str, Corner]]:
    """What is tried: each subject, and the fewest contents with it that the claim is about."""
    least = claim.at_least or {}
    base = Corner(frozenset({*(claim.with_ or ()), *least}), counts=counted(least))
    found = [(name, base | entity(name)) for name in subjects(policy, claim)]
    if claim.opaque is not None:
        kinds = KINDS if claim.opaque is True else claim.opaque
        found += [(f"unread {kind}", base | unreadable(kind)) for kind in kinds]
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
    found = contents(policy, claim)
    names = providers(policy, claim)
    # The claim's own limits are rules too: they tell requests apart.
    limits: list[Rule] = [Rule("about", **for_whom(claim.for_), labels=_labels(policy, claim))]
    if claim.not_for is not None:
        # An hour that isn't known is within no window of a permit: it spares nothing.
        limits.append(Permit("spared", **for_whom(claim.not_for)))
    own = rules_of(policy)
    about, spared = 1 << len(own), (1 << len(own) + 1 if claim.not_for else 0)
    space = Space((*own, *limits), claim.from_ or on)
    side = Side(policy, space)
    tried, broken = 0, list[Counterexample]()
    for (subject, corner), provider in itertools.product(found, names):
        relevant = side.relevant(corner, provider)
        decided = set[int | None]()
        for cell in space.cells(relevant | about | spared):
            if not cell.holds & about or cell.holds & spared or _late(cell, claim):
                continue
            tried += 1
            effect = side.effect(cell.holds, relevant)
            if effect in decided:
                continue
            decided.add(effect)
            verdict = side.verdict(corner, provider, cell.where, relevant)
            hidden = claim.never == "shown" and subject in verdict.treatment
            if verdict.allowed and not hidden:
                broken.append(Counterexample(subject, corner, cell, verdict, claim.never))
    partition = Partition(len(found), len(names), tried, space.in_words())
    plainest = min(broken, key=lambda one: (one.cell.named, one.cell.where.on), default=None)
    return Proof(partition, plainest)


def _late(cell: Cell, claim: Claim) -> bool:
    return claim.through is not None and cell.where.on > claim.through


def vacuous(policy: Policy, claim: Claim) -> Iterator[tuple[str, str, str]]:
    """Why an invariant couldn't fail: it is about nothing. Each as key, message and hint."""
    named = {*subjects(policy, claim), *(claim.with_ or ()), *(claim.at_least or ())}
    for name in sorted(named - policy.entities.keys() - {OTHER_ENTITY}):
        hint = did_you_mean(name, policy.entities)
        yield "entities", f"{name!r} isn't an entity of the policy", hint
    if not contents(policy, claim):
        yield "entities", "this is about nothing", "give entities, or opaque: true"
    if not providers(policy, claim):
        yield "to", "no provider is like this", "see `providers` in the policy"
    if claim.through and claim.from_ and claim.through < claim.from_:
        yield "through", "it ends before it begins", ""


def _labels(policy: Policy, claim: Claim) -> tuple[LabelTest, ...]:
    """The labels that a claim is about, as tests that no other value passes."""
    tests = []
    for name, value in (claim.labels or {}).items():
        known = {test.name: test.listed for rule in rules_of(policy) for test in rule.labels}
        listed = frozenset({value, OTHER_VALUE, *policy.classes}) | known.get(name, frozenset())
        tests.append(LabelTest(name, frozenset({value}), listed, assumed=False))
    return tuple(tests)
