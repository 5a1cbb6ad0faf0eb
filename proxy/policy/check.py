"""What a policy's values must mean together; every breach is a problem with its place.

Rules are looked at in check_rules.py, all else here. Invariant: a policy that passes can be
compiled, names nothing that doesn't exist, and obeys DESIGN section 8's conditions for its theorem
(`when` of a permit or waiver only tests absence, of the other verbs only presence; a residual is at
most its class; `treat` and overrides only strengthen).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from proxy.exchange import ANY, ActionKind
from proxy.hints import did_you_mean
from proxy.ladder import spell, weaker_or_equal
from proxy.policy.check_rules import rules
from proxy.policy.checking import APPROVERS, Checking
from proxy.policy.compiled import CLASS_LABEL, action_of
from proxy.policy.model import EntityForm, PolicyForm
from proxy.yaml_file import MAX_PROBLEMS, Document, Loc, Problem


def check(document: Document, form: PolicyForm, produced: Collection[str] | None) -> list[Problem]:
    """The problems of a policy, a hundred at most.

    Args:
        document: where `form` was read from, for the places of problems.
        produced: every entity that the enabled recognizers can yield, or None when that isn't
            known, which leaves out the check for entities that a rule waits for in vain.
    """
    asked = Checking(document, form, produced, {rule.id: rule for rule in form.rules})
    every = (_classes, _entities, _labels, _providers, rules, _whole_shadow)
    found = itertools.chain.from_iterable(problems(asked) for problems in every)
    return list(itertools.islice(found, MAX_PROBLEMS))


def _classes(asked: Checking) -> Iterator[Problem]:
    form = asked.form
    for index, name in enumerate(form.classes):
        if name in form.classes[:index]:
            yield asked.problem(("classes", index), f"class {name!r} stands twice", "keep one")
    yield from asked.class_(("default", "unclassified"), form.default.unclassified)
    for kind, name in form.default.opaque.items():
        yield from asked.class_(("default", "opaque", kind), name)
        yield from asked.kinds(("default", "opaque"), (kind,), key=True)
    for index, escalation in enumerate(form.escalate):
        loc: Loc = ("escalate", index)
        yield from asked.class_((*loc, "class"), escalation.class_)
        yield from asked.listed((*loc, "all_of"), escalation.all_of or ())
        yield from asked.listed((*loc, "at_least"), escalation.at_least or (), key=True)


def _entities(asked: Checking) -> Iterator[Problem]:
    default = asked.form.default.entity
    yield from _entity(asked, ("default", "entity"), default)
    for key in ("languages", "recognizers"):
        if getattr(default, key):
            place = ("default", "entity", key)
            message, hint = f"only an entity of its own has {key}", "give it an entry in `entities`"
            yield asked.problem(place, message, hint, key=True)
    for name, entity in asked.form.entities.items():
        yield from _entity(asked, ("entities", name), entity)


def _entity(asked: Checking, loc: Loc, entity: EntityForm) -> Iterator[Problem]:
    yield from asked.class_((*loc, "class"), entity.class_)
    own = action_of(entity.action)
    for key in ("languages", "recognizers"):
        for source, override in getattr(entity, key).items():
            if override.action is None:
                continue
            action = action_of(override.action)
            if not weaker_or_equal(own, action):
                message = f"{spell(action)} isn't as strong as the entity's own, {spell(own)}"
                hint = "an override only strengthens"
                yield asked.problem((*loc, key, source, "action"), message, hint, "override")
    if entity.residual is None:
        return
    place = (*loc, "residual")
    yield from asked.class_(place, entity.residual)
    classes = asked.form.classes
    if entity.class_ not in classes or entity.residual not in classes:
        return
    rank, residual = classes.index(entity.class_), classes.index(entity.residual)
    if residual > rank:
        hint = f"at most {entity.class_}"
        yield asked.problem(place, "hidden, it can't weigh more than its class", hint)
    if residual < rank and own.kind is ActionKind.ALLOW:
        hint = "choose an action that hides it, or drop residual"
        yield asked.problem(place, "'allow' hides nothing, so it can't weigh less", hint)


def _labels(asked: Checking) -> Iterator[Problem]:
    for name, label in asked.form.labels.items():
        if name == CLASS_LABEL:
            message = f"the label {name!r} is built in: its values are the classes"
            yield asked.problem(("labels", name), message, "leave it out", key=True)
        values = frozenset(label.values)
        for index, value in enumerate(label.assumed or ()):
            if value not in values:
                place = ("labels", name, "assumed", index)
                hint = did_you_mean(value, label.values)
                yield asked.problem(place, f"{value!r} isn't one of its values", hint, "unknown")


def _providers(asked: Checking) -> Iterator[Problem]:
    for name, provider in asked.form.providers.items():
        yield from asked.class_(("providers", name, "clearance"), provider.clearance)
        if name == ANY:
            message = "'any' means every provider"
            yield asked.problem(("providers", name), message, "choose another name", key=True)


def _whole_shadow(asked: Checking) -> Iterator[Problem]:
    shadow = asked.form.shadow
    if shadow is not None and asked.approvers(shadow.approved_by) < APPROVERS:
        place = ("shadow", "approved_by")
        message = "a shadowed policy needs two different approvers"
        yield asked.problem(place, message, "name two people")
