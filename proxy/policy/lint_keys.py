"""Lint's notes on single keys that change no decision: what is said and could as well not be.

Each key is left out in turn (keys.py), and both policies are asked (idle.py). A rule that changes
nothing as a whole is told as one; its keys aren't then.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from proxy.exchange import Terms
from proxy.policy.attributes import meets
from proxy.policy.compiled import Escalation, Policy
from proxy.policy.compiling import Compiler, in_force
from proxy.policy.corners import OTHER_ENTITY, counted, found_by
from proxy.policy.idle import Idle, Swap
from proxy.policy.keys import keys_of, keys_of_rule
from proxy.policy.model import PolicyForm, ProviderForm
from proxy.policy.rules import Require, Rule
from proxy.policy.space import Corner
from proxy.yaml_file import Document, Loc, Problem

#: Keys that say for whom a rule counts yet: once it is in force they aren't there.
_STAGES = ("shadow", "rollout")
_LISTED = 5  # as many names as a note lists


@dataclass(frozen=True, slots=True)
class _Variant:
    """A key of a rule, or of what rules look at, and the rules that there were without it."""

    loc: Loc
    of: str
    swaps: tuple[Swap[Rule], ...]
    at: tuple[str, ...] = ()


class Keys:
    """Finds keys without effect, from the day `on` (UTC) on.

    Where rules are in shadow, a key counts for something too if it does once they are in force:
    what they would decide is counted and recorded.
    """

    def __init__(self, document: Document, form: PolicyForm, policy: Policy, on: date) -> None:
        self._document, self._form, self._policy, self._on = document, form, policy, on
        self._compiler = Compiler(form, policy.digest)
        rules = (*policy.permits, *policy.restrictions, *policy.waivers, *policy.answering)
        self._rules: dict[str, Rule] = {rule.id: rule for rule in rules}
        self._unasked = _attributes_of(form) - _asked(form)
        tested = {name for r in form.rules if r.when for name in r.when.labels or ()}
        self._untested = [name for name in form.labels if name not in tested]
        self._variants = [*self._of_rules(), *self._of_labels(), *self._of_providers()]
        swaps = [swap for variant in self._variants for swap in variant.swaps]
        self._idle = Idle(policy, on, [put for _, put in swaps if put is not None])
        self._in_force: Keys | None = None
        if policy.candidate is not None:
            self._in_force = Keys(document, in_force(form), policy.candidate, on)

    def rules(self, known: Collection[str] = ()) -> list[Rule]:
        """Rules without which every decision is the same, but for those `known` to be so (ids)."""
        idle = list(self._idle.rules(known))
        if self._in_force is not None:
            there = {rule.id for rule in self._in_force.rules(known)}
            idle = [rule for rule in idle if rule.id in there]
        return idle

    def escalations(self) -> Iterator[int]:
        """Escalations (by position) without effect."""
        there = set(self._in_force.escalations()) if self._in_force else None
        for index in range(len(self._form.escalate)):
            if self._escalating(index, ()) and (there is None or index in there):
                yield index

    def providers(self) -> Iterator[str]:
        """Providers to which nothing is ever sent."""
        there = set(self._in_force.providers()) if self._in_force else None
        for name in self._form.providers:
            if self._idle.refuses(name) and (there is None or name in there):
                yield name

    def attributes(self) -> Iterator[tuple[str, str]]:
        """Attributes, and labels, for which no rule asks: each as ``providers`` or ``labels``."""
        yield from (("providers", key) for key in sorted(self._unasked))
        yield from (("labels", name) for name in self._untested)

    def notes(self, told: Collection[str]) -> Iterator[Problem]:
        """A note for each part that has keys without effect, but for rules `told` already (ids)."""
        known = set(self.attributes())
        parts: dict[tuple[str, Loc], list[Loc]] = {}
        entries: list[str] = []
        for of, loc in self.without_effect(told):
            if loc == ("entities", of):
                entries.append(of)
            elif ("providers", loc[-1]) not in known and ("labels", of) not in known:
                parts.setdefault((of, loc[:2]), []).append(loc)
        if entries:
            message = f"{some_of(entries)} could as well take default.entity: no decision changes"
            place = ("entities", entries[0])
            yield self._document.problem(place, message, "", "key-idle", key=True)
        for (of, _), locs in parts.items():
            keys = [".".join(map(str, loc[2:])) or str(loc[-1]) for loc in locs]
            verb = "changes" if len(keys) == 1 else "each change"
            message = f"{of}: {', '.join(keys)} {verb} no decision"
            yield self._document.problem(locs[0], message, "", "key-idle", key=True)

    def without_effect(self, told: Collection[str] = ()) -> Iterator[tuple[str, Loc]]:
        """Each key without effect, and what it is a key of; but for rules `told` already (ids)."""
        if self._in_force is None:
            yield from self._found(told)
            return
        once = self._in_force.without_effect(told)
        there = {loc: of for of, loc in once if loc[-1] not in _STAGES}
        for of, loc in self._found(told):
            if loc in there or loc[-1] in _STAGES:
                yield of, loc
        for loc, of in there.items():
            if of not in self._rules and loc[0] == "rules":
                yield of, loc  # of a rule that is in shadow for everyone

    def _found(self, told: Collection[str]) -> Iterator[tuple[str, Loc]]:
        for variant in self._variants:
            if variant.of not in told and self._idle.swapped(variant.swaps, variant.at):
                yield variant.of, variant.loc
        yield from self._entities()
        yield from self._escalations()
        yield from self._models()
        yield from self._opaque()
        yield from self._terms()
        yield from self._empty()
        shadow = self._form.shadow
        if shadow is not None and shadow.until < self._on:
            yield "the policy", ("shadow",)

    def _of_rules(self) -> Iterator[_Variant]:
        for index, rule in enumerate(self._form.rules):
            if rule.shadow:
                live = self._compiler.rule(rule.model_copy(update={"shadow": False}))
                yield _Variant(("rules", index, "shadow"), rule.id, ((None, live),))
                continue
            for loc, without in keys_of_rule(rule):
                other = self._compiler.rule(without)
                yield _Variant(("rules", index, *loc), rule.id, ((self._rules[rule.id], other),))

    def _of_labels(self) -> Iterator[_Variant]:
        for name, label in self._form.labels.items():
            if label.assumed is None:
                continue
            labels = {**self._form.labels, name: label.model_copy(update={"assumed": None})}
            compiler = Compiler(self._form.model_copy(update={"labels": labels}), "")
            swaps = tuple(
                (self._rules[rule.id], compiler.rule(rule))
                for rule in self._form.rules
                if not rule.shadow and rule.when and name in (rule.when.labels or {})
            )
            yield _Variant(("labels", name, "assumed"), name, swaps)

    def _of_providers(self) -> Iterator[_Variant]:
        """Attributes: of those that no `require` asks for none has an effect."""
        tests = [
            (rule.require.provider, self._rules[rule.id])
            for rule in self._form.rules
            if rule.require and not rule.shadow
        ]
        for name, form in self._form.providers.items():
            for loc, without in _attributes(form):
                other = self._compiler.provider(name, without)
                swaps = tuple(
                    (rule, replace(rule, met_by=rule.met_by ^ {name}))
                    for test, rule in tests
                    if isinstance(rule, Require) and meets(other, test) != (name in rule.met_by)
                )
                yield _Variant(("providers", name, *loc), name, swaps, (name,))

    def _models(self) -> Iterator[tuple[str, Loc]]:
        for name, form in self._form.providers.items():
            if form.models is not None:
                other = replace(self._policy.providers[name], models=None)
                providers = {**self._policy.providers, name: other}
                if self._idle.uncatalogued(name, lambda p: replace(p, providers=providers)):  # noqa: B023
                    yield name, ("providers", name, "models")

    def _entities(self) -> Iterator[tuple[str, Loc]]:
        default = self._form.default.entity
        entries = [(("entities", name), name, entry) for name, entry in self._form.entities.items()]
        for place, name, entry in (*entries, (("default", "entity"), OTHER_ENTITY, default)):
            for loc, without in keys_of(entry):
                if self._idle.entity(name, self._compiler.entity(without)):
                    yield "default.entity" if name == OTHER_ENTITY else name, (*place, *loc)
        named = set(_named(self._form))
        for name in self._form.entities:
            if name not in named and self._idle.entity(name, self._policy.default_entity):
                yield name, ("entities", name)

    def _escalations(self) -> Iterator[tuple[str, Loc]]:
        for index, form in enumerate(self._form.escalate):
            mine, place = self._policy.escalations[index], ("escalate", index)
            if self._escalating(index, ()):
                continue  # which is told of it as a whole
            for loc, without in keys_of(form):
                other = self._compiler.escalation(without)
                if other.members and (other == mine or self._escalating(index, (other,))):
                    yield "escalation", (*place, *loc)

    def _escalating(self, index: int, instead: tuple[Escalation, ...]) -> bool:
        """Whether every decision is the same with another escalation, or none, in one's place."""
        mine = self._policy.escalations
        others = (*mine[:index], *instead, *mine[index + 1 :])
        members = frozenset.intersection(*(e.members for e in (mine[index], *instead)))
        more = [corner for other in instead for corner in self._complete(other)]
        known = self._idle.naming(members)

        def there(provider: str) -> Iterable[Corner]:
            below = self._policy.providers[provider].clearance < mine[index].rank
            return itertools.chain(known(provider), more) if below else ()

        return self._idle.altered(lambda policy: replace(policy, escalations=others), there)

    def _complete(self, escalation: Escalation) -> Iterator[Corner]:
        complete = Corner(escalation.members, counts=counted(escalation.at_least))
        yield complete
        for name in escalation.members:
            for source in self._policy.entity(name).actions:
                yield complete | found_by(name, source)

    def _opaque(self) -> Iterator[tuple[str, Loc]]:
        for kind in self._form.default.opaque:
            rest = {k: rank for k, rank in self._policy.opaque.items() if k != kind}
            unread = self._idle.unread(kind)
            if self._idle.altered(lambda policy: replace(policy, opaque=rest), unread):  # noqa: B023
                yield "default.opaque", ("default", "opaque", kind)

    def _terms(self) -> Iterator[tuple[str, Loc]]:
        """What holds for every answer and record."""
        terms, restore = self._policy.terms, self._form.restore
        for tool in restore.tools:
            rest = {name: mode for name, mode in restore.tools.items() if name != tool}
            if self._same_answers(replace(terms, tools=rest)):
                yield "restore.tools", ("restore", "tools", tool)
        hosts = "hosts" in restore.model_fields_set
        if hosts and self._same_answers(replace(terms, hosts=frozenset())):
            yield "restore", ("restore", "hosts")
        if self._form.audit is not None and self._same_answers(replace(terms, audit=None)):
            yield "audit", ("audit", "keep")

    def _empty(self) -> Iterator[tuple[str, Loc]]:
        form = self._form
        for key in ("entities", "labels", "escalate"):
            if key in form.model_fields_set and not getattr(form, key):
                yield "the policy", (key,)
        if "opaque" in form.default.model_fields_set and not form.default.opaque:
            yield "default", ("default", "opaque")
        if "tools" in form.restore.model_fields_set and not form.restore.tools:
            yield "restore", ("restore", "tools")

    def _same_answers(self, terms: Terms) -> bool:
        return self._idle.answered(lambda policy: replace(policy, terms=terms))


def some_of(names: Sequence[str]) -> str:
    """A few of some names, and how many more there are."""
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _attributes(form: ProviderForm) -> Iterator[tuple[Loc, ProviderForm]]:
    """The keys of a provider that a `require` may ask for, and the provider without them."""
    for loc, without in keys_of(form):
        if loc[0] != "models":
            yield loc, without
    if form.attested is not None:
        yield ("attested",), form.model_copy(update={"attested": None})


def _attributes_of(form: PolicyForm) -> set[str]:
    """The attributes that providers have here, as far as only a `require` could ask for them."""
    said = {key for provider in form.providers.values() for key in provider.model_fields_set}
    return said & {"region", "retention", "trains", "certs", "attested"}


def _asked(form: PolicyForm) -> set[str]:
    """The attributes that some rule asks for."""
    tests = (rule.require.provider for rule in form.rules if rule.require)
    return {key for test in tests for key in test.model_fields_set}


def _named(form: PolicyForm) -> Iterator[str]:
    """Entities that must have an entry, since something names them."""
    for escalation in form.escalate:
        yield from (*(escalation.all_of or ()), *(escalation.at_least or ()))
    for rule in form.rules:
        tests = rule.when.entities if rule.when else None
        if tests:
            yield from (*(tests.any_of or ()), *(tests.all_of or ()))
            yield from (*(tests.none_of or ()), *(tests.at_least or ()))
        yield from (*(rule.treat or ()), *(rule.output or ()), *(rule.withhold or ()))
