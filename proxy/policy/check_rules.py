"""What each rule must mean beside the rest of its policy; every breach is a problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from proxy.exchange import ANY, ActionKind
from proxy.hints import did_you_mean
from proxy.ladder import spell, weaker_or_equal
from proxy.policy.checking import APPROVERS, Checking
from proxy.policy.compiled import CLASS_LABEL, action_of
from proxy.policy.decide import BUILT_IN
from proxy.policy.model_actions import ActionForm, ActionName
from proxy.policy.model_rules import WHOM, EntitiesTest, OpaqueTest, Rule, TimeWindow, Waive
from proxy.policy.vocabulary import minutes
from proxy.yaml_file import Loc, Problem

VERBS = ("permit", "require", "block", "treat", "waive", "output", "withhold", "keep")
_OPENING = ("permit", "waive")


def rules(asked: Checking) -> Iterator[Problem]:
    """The problems of every rule."""
    counts = Counter(rule.id for rule in asked.form.rules)
    for index, rule in enumerate(asked.form.rules):
        loc: Loc = ("rules", index)
        if counts[rule.id] > 1:
            yield asked.problem((*loc, "id"), f"two rules are called {rule.id!r}", "rename one")
        if rule.id in BUILT_IN:
            message = f"{rule.id!r} is the name of a built-in reason"
            yield asked.problem((*loc, "id"), message, "choose another id")
        verbs = [verb for verb in VERBS if getattr(rule, verb) is not None]
        if len(verbs) == 1:
            yield from _when(asked, loc, rule, verbs[0])
            yield from _verb(asked, loc, rule)
        else:
            hint = "write a rule for each" if verbs else f"one of {', '.join(VERBS)}"
            has = f"has {len(verbs)} verbs, {' and '.join(verbs)}" if verbs else "has no verb"
            yield asked.problem(loc, f"rule {rule.id!r} {has}", hint)
        if rule.scope and rule.scope.time:
            yield from _time(asked, (*loc, "scope", "time"), rule.scope.time)
        if rule.shadow and rule.rollout:
            hint = "leave shadow out: rollout shadows the rule for the other teams"
            yield asked.problem((*loc, "rollout"), "a rule in shadow counts for nobody", hint)


def _verb(asked: Checking, loc: Loc, rule: Rule) -> Iterator[Problem]:
    if rule.waive:
        yield from _waive(asked, loc, rule, rule.waive)
        return
    for key in ("until", "approved_by"):
        if getattr(rule, key):
            yield asked.problem((*loc, key), f"only a waiver has {key!r}", "take it out", key=True)
    if rule.permit:
        yield from _permit(asked, (*loc, "permit", "providers"), rule.permit.providers)
    if rule.require:
        names = rule.require.provider.names or ()
        yield from asked.providers((*loc, "require", "provider", "names"), names)
    if rule.treat:
        yield from _treat(asked, (*loc, "treat"), rule.treat)
    if rule.output:
        named = [name for name in rule.output if name != ANY]
        yield from asked.listed((*loc, "output"), named, key=True)
    if rule.withhold and rule.withhold != (ANY,):
        yield from asked.listed((*loc, "withhold"), rule.withhold)


def _permit(asked: Checking, loc: Loc, names: tuple[str, ...]) -> Iterator[Problem]:
    if ANY not in names:
        yield from asked.providers(loc, names)
    elif len(names) > 1:
        yield asked.problem(loc, "'any' is every provider already", "write `providers: any`")


def _when(asked: Checking, loc: Loc, rule: Rule, verb: str) -> Iterator[Problem]:
    if rule.when is None:
        return
    place = (*loc, "when")
    if rule.when.entities is not None:
        yield from _entities(asked, (*place, "entities"), rule.when.entities, verb)
    opaque = rule.when.opaque
    if isinstance(opaque, OpaqueTest):
        for key, absence in (("any_of", False), ("none_of", True)):
            names = getattr(opaque, key)
            if names is None:
                continue
            yield from asked.kinds((*place, "opaque", key), names)
            if absence != (verb in _OPENING):
                yield asked.problem((*place, "opaque", key), *_polarity(verb), "when", key=True)
    elif opaque is not None and opaque == (verb in _OPENING):
        yield asked.problem((*place, "opaque"), *_polarity(verb), "when")
    for name, values in (rule.when.labels or {}).items():
        yield from _label(asked, (*place, "labels", name), name, values, verb)


def _entities(asked: Checking, loc: Loc, tests: EntitiesTest, verb: str) -> Iterator[Problem]:
    for key in ("any_of", "all_of", "none_of", "at_least"):
        names = getattr(tests, key)
        if names is None:
            continue
        yield from asked.listed((*loc, key), names, key=key == "at_least")
        if (verb in _OPENING) != (key == "none_of"):
            yield asked.problem((*loc, key), *_polarity(verb), "when", key=True)


def _label(
    asked: Checking, loc: Loc, name: str, values: Collection[str], verb: str
) -> Iterator[Problem]:
    if name == CLASS_LABEL:
        known: Collection[str] = asked.form.classes
        if verb in _OPENING:
            hint = "a declared class only tightens"
            yield asked.problem(loc, f"a {verb} can't depend on the label class", hint, key=True)
    elif name in asked.form.labels:
        known = frozenset(asked.form.labels[name].values)
    else:
        hint = did_you_mean(name, asked.form.labels) or "list it there, with its values"
        yield asked.problem(loc, f"{name!r} isn't under `labels`", hint, "unknown", key=True)
        return
    for index, value in enumerate(values):
        if value not in known:
            hint = did_you_mean(value, known)
            message = f"{value!r} isn't one of its values"
            yield asked.problem((*loc, index), message, hint, "unknown")


def _time(asked: Checking, loc: Loc, time: TimeWindow) -> Iterator[Problem]:
    if minutes(time.from_) >= minutes(time.to):
        hint = "for a night write two rules, one that ends at 24:00"
        yield asked.problem((*loc, "to"), "the hours end before they begin", hint)


def _treat(
    asked: Checking, loc: Loc, treat: Mapping[str, ActionName | ActionForm]
) -> Iterator[Problem]:
    for name, form in treat.items():
        yield from asked.listed(loc, (name,), key=True)
        if name not in asked.form.entities:
            continue
        own, action = action_of(asked.form.entities[name].action), action_of(form)
        if action.kind is ActionKind.ALLOW:
            yield asked.problem((*loc, name), "treat can't show what is found", code="treat")
        elif not weaker_or_equal(own, action):
            message = f"{spell(action)} isn't as strong as {name}'s own action, {spell(own)}"
            yield asked.problem((*loc, name), message, "treat only strengthens", "treat")


def _waive(asked: Checking, loc: Loc, rule: Rule, waive: Waive) -> Iterator[Problem]:
    place = (*loc, "waive")
    waived = asked.rules.get(waive.rule)
    if waived is None:
        hint = did_you_mean(waive.rule, asked.rules)
        yield asked.problem((*place, "rule"), f"no rule {waive.rule!r}", hint, "unknown")
    elif getattr(waived, waive.lifts) is None:
        message = f"rule {waived.id!r} has no {waive.lifts!r} to lift"
        there = [verb for verb in VERBS if getattr(waived, verb) is not None]
        yield asked.problem((*place, "lifts"), message, f"it has {' and '.join(there)}")
    yield from asked.providers((*place, "to", "provider"), waive.to.provider)
    if rule.scope is None or not any(getattr(rule.scope, key) for key in WHOM):
        yield asked.problem(loc, "a waiver needs a scope", "name a team or an app")
    if rule.until is None:
        yield asked.problem(loc, "a waiver needs 'until'", "its last day, as in 2027-01-31")
    if asked.approvers(rule.approved_by) < APPROVERS:
        where = (*loc, "approved_by") if rule.approved_by else loc
        message = "a waiver needs two different approvers in 'approved_by'"
        yield asked.problem(where, message, "name two people")


def _polarity(verb: str) -> tuple[str, str]:
    if verb in _OPENING:
        return f"a {verb} can only test that something is absent", "use none_of or `opaque: false`"
    return (
        f"a {verb} can only test that something is present",
        "use any_of, all_of or `opaque: true`",
    )
