"""What a policy's values must mean together; every breach is a problem with its place.

Invariant: a policy that passes here can be compiled, names nothing that doesn't exist, and obeys
DESIGN section 8's conditions for its theorem (`when` of a permit or waiver only tests absence, of
the other verbs only presence; a residual is at most its class; `treat` only strengthens).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from proxy.exchange import ActionKind
from proxy.ladder import spell, weaker_or_equal
from proxy.policy.compiled import action_of
from proxy.policy.decide import BUILT_IN
from proxy.policy.model import ActionForm, ActionName, EntityForm, PolicyForm, Rule, Waive
from proxy.yaml_file import Document, Loc, Problem, did_you_mean

ANY_PROVIDER = "any"
VERBS = ("permit", "require", "block", "treat", "waive")
_APPROVERS = 2


def check(document: Document, form: PolicyForm, produced: Collection[str] | None) -> list[Problem]:
    """All problems of a policy.

    Args:
        document: where `form` was read from, for the places of problems.
        produced: every entity that the enabled recognizers can yield, or None when that isn't
            known, which leaves out the check for entities that a rule waits for in vain.
    """
    checker = _Checker(document, form, produced)
    return [*checker.classes(), *checker.entities(), *checker.providers(), *checker.rules()]


class _Checker:
    def __init__(
        self, document: Document, form: PolicyForm, produced: Collection[str] | None
    ) -> None:
        self.document = document
        self.form = form
        self.produced = produced
        self.by_id = {rule.id: rule for rule in form.rules}

    def classes(self) -> Iterator[Problem]:
        for index, name in enumerate(self.form.classes):
            if name in self.form.classes[:index]:
                yield self._problem(("classes", index), f"class {name!r} stands twice")
        yield from self._class(("default", "unclassified"), self.form.default.unclassified)
        for index, escalation in enumerate(self.form.escalate):
            yield from self._class(("escalate", index, "class"), escalation.class_)
            yield from self._listed(("escalate", index, "all_of"), escalation.all_of)

    def entities(self) -> Iterator[Problem]:
        yield from self._entity(("default", "entity"), self.form.default.entity)
        for name, entity in self.form.entities.items():
            yield from self._entity(("entities", name), entity)

    def providers(self) -> Iterator[Problem]:
        for name, provider in self.form.providers.items():
            yield from self._class(("providers", name, "clearance"), provider.clearance)
            if name == ANY_PROVIDER:
                yield self._problem(("providers", name), "'any' means every provider", key=True)

    def rules(self) -> Iterator[Problem]:
        counts = Counter(rule.id for rule in self.form.rules)
        for index, rule in enumerate(self.form.rules):
            loc: Loc = ("rules", index)
            if counts[rule.id] > 1:
                yield self._problem((*loc, "id"), f"two rules are called {rule.id!r}")
            if rule.id in BUILT_IN:
                yield self._problem((*loc, "id"), f"{rule.id!r} is the name of a built-in reason")
            verbs = [verb for verb in VERBS if getattr(rule, verb) is not None]
            if len(verbs) == 1:
                yield from self._when(loc, rule, verbs[0])
                yield from self._verb(loc, rule)
            else:
                hint = f"one of {', '.join(VERBS)}"
                yield self._problem(loc, f"rule {rule.id!r} needs exactly one verb", hint)

    def _verb(self, loc: Loc, rule: Rule) -> Iterator[Problem]:
        if rule.waive:
            yield from self._waive(loc, rule, rule.waive)
            return
        for key in ("until", "approved_by"):
            if getattr(rule, key):
                yield self._problem((*loc, key), f"only a waiver has {key!r}", key=True)
        if rule.permit and rule.permit.providers != (ANY_PROVIDER,):
            yield from self._known_providers((*loc, "permit", "providers"), rule.permit.providers)
        if rule.require:
            names = rule.require.provider.names or ()
            yield from self._known_providers((*loc, "require", "provider", "names"), names)
        if rule.treat:
            yield from self._treat((*loc, "treat"), rule.treat)

    def _entity(self, loc: Loc, entity: EntityForm) -> Iterator[Problem]:
        yield from self._class((*loc, "class"), entity.class_)
        if entity.residual is None:
            return
        place = (*loc, "residual")
        yield from self._class(place, entity.residual)
        classes = self.form.classes
        if entity.class_ not in classes or entity.residual not in classes:
            return
        rank, residual = classes.index(entity.class_), classes.index(entity.residual)
        if residual > rank:
            hint = f"at most {entity.class_}"
            yield self._problem(place, "hidden, it can't weigh more than its class", hint)
        if residual < rank and action_of(entity.action).kind is ActionKind.ALLOW:
            hint = "choose an action that hides it, or drop residual"
            yield self._problem(place, "'allow' hides nothing, so it can't weigh less", hint)

    def _when(self, loc: Loc, rule: Rule, verb: str) -> Iterator[Problem]:
        if rule.when is None:
            return
        opening = verb in ("permit", "waive")
        code = "when"
        if (tests := rule.when.entities) is not None:
            for key in ("any_of", "all_of", "none_of"):
                place = (*loc, "when", "entities", key)
                names = getattr(tests, key)
                if names is None:
                    continue
                yield from self._listed(place, names)
                if opening != (key == "none_of"):
                    yield self._problem(place, *_polarity(verb, opening), code, key=True)
        if rule.when.opaque is not None and rule.when.opaque == opening:
            yield self._problem((*loc, "when", "opaque"), *_polarity(verb, opening), code)
        if rule.when.labels is not None and opening:
            hint = "what callers declare may only tighten"
            place = (*loc, "when", "labels")
            yield self._problem(place, f"a {verb} can't depend on labels", hint, code, key=True)

    def _treat(self, loc: Loc, treat: Mapping[str, ActionName | ActionForm]) -> Iterator[Problem]:
        for name, form in treat.items():
            yield from self._listed(loc, (name,), key=True)
            if name not in self.form.entities:
                continue
            own, action = action_of(self.form.entities[name].action), action_of(form)
            if action.kind is ActionKind.ALLOW:
                yield self._problem((*loc, name), "treat can't show what is found", code="treat")
            elif not weaker_or_equal(own, action):
                message = f"{spell(action)} isn't as strong as {name}'s own action, {spell(own)}"
                yield self._problem((*loc, name), message, "treat only strengthens", "treat")

    def _waive(self, loc: Loc, rule: Rule, waive: Waive) -> Iterator[Problem]:
        place = (*loc, "waive")
        waived = self.by_id.get(waive.rule)
        if waived is None:
            hint = did_you_mean(waive.rule, self.by_id)
            yield self._problem((*place, "rule"), f"no rule {waive.rule!r}", hint, "unknown")
        elif getattr(waived, waive.lifts) is None:
            message = f"rule {waived.id!r} has no {waive.lifts!r} to lift"
            yield self._problem((*place, "lifts"), message)
        yield from self._known_providers((*place, "to", "provider"), waive.to.provider)
        if rule.scope is None:
            yield self._problem(loc, "a waiver needs a scope", "name a team or an app")
        if rule.until is None:
            yield self._problem(loc, "a waiver needs 'until'", "its last day, as in 2027-01-31")
        if len({name.strip().casefold() for name in rule.approved_by}) < _APPROVERS:
            where = (*loc, "approved_by") if rule.approved_by else loc
            yield self._problem(where, "a waiver needs two different approvers in 'approved_by'")

    def _class(self, loc: Loc, name: str) -> Iterator[Problem]:
        if name not in self.form.classes:
            hint = did_you_mean(name, self.form.classes)
            yield self._problem(loc, f"no class {name!r}", hint, "unknown")

    def _known_providers(self, loc: Loc, names: Collection[str]) -> Iterator[Problem]:
        for index, name in enumerate(names):
            if name not in self.form.providers:
                hint = did_you_mean(name, self.form.providers)
                yield self._problem((*loc, index), f"no provider {name!r}", hint, "unknown")

    def _listed(self, loc: Loc, names: Collection[str], *, key: bool = False) -> Iterator[Problem]:
        """Entities that a decision depends on must have an entry, and a recognizer."""
        for index, name in enumerate(names):
            place = (*loc, name if key else index)
            if name not in self.form.entities:
                hint = did_you_mean(name, self.form.entities)
                message = f"{name!r} isn't under `entities`"
                yield self._problem(place, message, hint, "unknown", key=key)
            elif self.produced is not None and name not in self.produced:
                hint = "enable one, or take it out of the rule"
                message = f"no enabled recognizer produces {name!r}"
                yield self._problem(place, message, hint, "unproduced", key=key)

    def _problem(
        self, loc: Loc, message: str, hint: str = "", code: str = "policy", *, key: bool = False
    ) -> Problem:
        return self.document.problem(loc, message, hint, code, key=key)


def _polarity(verb: str, opening: bool) -> tuple[str, str]:
    if opening:
        return f"a {verb} can only test that something is absent", "use none_of or `opaque: false`"
    return (
        f"a {verb} can only test that something is present",
        "use any_of, all_of or `opaque: true`",
    )
