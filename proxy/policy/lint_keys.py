"""Lint's notes on single keys that change no decision: what is said and could as well not be.

Each key is left out in turn (keys.py), and both policies are asked (idle.py). A rule that changes
nothing as a whole is told as one; its keys aren't then.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from proxy.exchange import ANY
from proxy.policy.compiled import Entity, Escalation, Policy
from proxy.policy.compiling import Compiler, meets
from proxy.policy.corners import OTHER_ENTITY, counted, found_by
from proxy.policy.idle import Idle, Swap
from proxy.policy.keys import keys_of, keys_of_rule
from proxy.policy.model import PolicyForm, ProviderForm
from proxy.policy.rules import Require, Rule
from proxy.policy.space import Corner
from proxy.yaml_file import Document, Loc, Problem


@dataclass(frozen=True, slots=True)
class _Variant:
    """A key of a rule, or of what rules look at, and the rules that there were without it."""

    loc: Loc
    of: str
    swaps: tuple[Swap[Rule], ...]
    at: tuple[str, ...] = ()


class Keys:
    """Finds keys without effect, from the day `on` (UTC) on."""

    def __init__(self, document: Document, form: PolicyForm, policy: Policy, on: date) -> None:
        self._document, self._form, self._policy, self._on = document, form, policy, on
        self._compiler = Compiler(form, policy.digest)
        rules = (*policy.permits, *policy.restrictions, *policy.waivers, *policy.answering)
        self._rules: dict[str, Rule] = {rule.id: rule for rule in rules}
        self._variants = [*self._of_rules(), *self._of_labels(), *self._of_providers()]
        swaps = [swap for variant in self._variants for swap in variant.swaps]
        self.idle = Idle(policy, on, [put for _, put in swaps if put is not None])

    def notes(self, told: Collection[str]) -> Iterator[Problem]:
        """A note for each part that has keys without effect, but for rules `told` already (ids)."""
        parts: dict[tuple[str, Loc], list[Loc]] = {}
        for of, loc in self.without_effect(told):
            parts.setdefault((of, loc[:2]), []).append(loc)
        for (of, _), locs in parts.items():
            keys = [".".join(map(str, loc[2:] or loc[1:])) for loc in locs]
            verb = "changes" if len(keys) == 1 else "each change"
            message = f"{of}: {', '.join(keys)} {verb} no decision"
            yield self._document.problem(locs[0], message, "", "key-idle", key=True)

    def without_effect(self, told: Collection[str]) -> Iterator[tuple[str, Loc]]:
        """Each key without effect, and what it is a key of."""
        for variant in self._variants:
            if variant.of not in told and self.idle.swapped(variant.swaps, variant.at):
                yield variant.of, variant.loc
        yield from self._entities()
        yield from self._escalations()
        yield from self._models()
        yield from self._opaque()
        yield from self._besides()

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
            if swaps:  # that no rule tests a label is told besides
                yield _Variant(("labels", name, "assumed"), name, swaps)

    def _of_providers(self) -> Iterator[_Variant]:
        """Attributes that some `require` asks for."""
        tests = [
            (rule.require.provider, self._rules[rule.id])
            for rule in self._form.rules
            if rule.require and not rule.shadow
        ]
        asked = {key for test, _ in tests for key in test.model_fields_set}
        for name, form in self._form.providers.items():
            for loc, without in _attributes(form):
                if loc[0] not in asked:  # which is told of all providers at once
                    continue
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
                if self.idle.uncatalogued(name, lambda p: replace(p, providers=providers)):  # noqa: B023
                    yield name, ("providers", name, "models")

    def _entities(self) -> Iterator[tuple[str, Loc]]:
        default = self._form.default.entity
        entries = [(("entities", name), name, entry) for name, entry in self._form.entities.items()]
        for place, name, entry in (*entries, (("default", "entity"), OTHER_ENTITY, default)):
            mine = self._policy.entity(name)
            for loc, without in keys_of(entry):
                if self._without(name, mine, self._compiler.entity(without)):
                    yield "default.entity" if name == OTHER_ENTITY else name, (*place, *loc)

    def _without(self, name: str, mine: Entity, other: Entity) -> bool:
        """Whether an entity might as well be `other`, which lacks one key."""
        if not _finds_alike(mine, other):
            return self.idle.unnoticed(name)
        return (mine.actions, mine.hide, mine.residual) == (
            other.actions,
            other.hide,
            other.residual,
        ) or self.idle.entity(name, other)

    def _escalations(self) -> Iterator[tuple[str, Loc]]:
        for index, form in enumerate(self._form.escalate):
            mine, place = self._policy.escalations[index], ("escalate", index)
            if self._escalating(index, ()):
                continue  # which is told of it as a whole
            for loc, without in keys_of(form):
                other = self._compiler.escalation(without)
                if other.members and (other == mine or self._escalating(index, (other,))):
                    yield "escalation", (*place, *loc)

    def escalations(self) -> Iterator[Problem]:
        """A warning for each escalation without effect."""
        for index in range(len(self._form.escalate)):
            if self._escalating(index, ()):
                message = "it changes no decision: whatever it hides is hidden without it"
                place = ("escalate", index)
                yield self._document.problem(place, message, "remove it", "escalation-idle")

    def _escalating(self, index: int, instead: tuple[Escalation, ...]) -> bool:
        """Whether every decision is the same with another escalation, or none, in one's place."""
        mine = self._policy.escalations
        others = (*mine[:index], *instead, *mine[index + 1 :])
        members = frozenset.intersection(*(e.members for e in (mine[index], *instead)))
        more = [corner for other in instead for corner in self._complete(other)]
        known = self.idle.naming(members)

        def there(provider: str) -> Iterable[Corner]:
            below = self._policy.providers[provider].clearance < mine[index].rank
            return itertools.chain(known(provider), more) if below else ()

        return self.idle.altered(lambda policy: replace(policy, escalations=others), there)

    def _complete(self, escalation: Escalation) -> Iterator[Corner]:
        complete = Corner(escalation.members, counts=counted(escalation.at_least))
        yield complete
        for name in escalation.members:
            for source in self._policy.entity(name).actions:
                yield complete | found_by(name, source)

    def _opaque(self) -> Iterator[tuple[str, Loc]]:
        for kind in self._form.default.opaque:
            rest = {k: rank for k, rank in self._policy.opaque.items() if k != kind}
            unread = self.idle.unread(kind)
            if self.idle.altered(lambda policy: replace(policy, opaque=rest), unread):  # noqa: B023
                yield "default.opaque", ("default", "opaque", kind)

    def _besides(self) -> Iterator[tuple[str, Loc]]:
        restore, shadow = self._form.restore, self._form.shadow
        for tool, mode in restore.tools.items():
            rest = {name: other for name, other in restore.tools.items() if name != tool}
            if rest.get(ANY, "known_hosts") == mode:
                yield "restore.tools", ("restore", "tools", tool)
        if "hosts" in restore.model_fields_set and not restore.hosts:
            yield "restore", ("restore", "hosts")
        if shadow is not None and shadow.until < self._on:
            yield "the policy", ("shadow",)


def _attributes(form: ProviderForm) -> Iterator[tuple[Loc, ProviderForm]]:
    """The keys of a provider that a `require` may ask for, and the provider without them."""
    for loc, without in keys_of(form):
        if loc[0] != "models":
            yield loc, without
    if form.attested is not None:
        yield ("attested",), form.model_copy(update={"attested": None})


def _finds_alike(mine: Entity, other: Entity) -> bool:
    """Whether both count the same findings as found."""
    sources = ["", *mine.scores, *other.scores]
    return all(
        mine.needed(*pair) == other.needed(*pair) for pair in itertools.product(sources, sources)
    )
