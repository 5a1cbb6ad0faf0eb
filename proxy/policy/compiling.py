"""From a checked form to the policy that decides: names become ranks, rules are sorted by verb."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from proxy.exchange import ANY, Terms
from proxy.policy.attributes import in_words, meets
from proxy.policy.compiled import (
    CLASS_LABEL,
    Entity,
    Escalation,
    Policy,
    Provider,
    WholeShadow,
    action_of,
)
from proxy.policy.lookup import Lookup
from proxy.policy.model import EntityForm, Hide, PolicyForm, ProviderForm
from proxy.policy.model import Escalation as EscalationForm
from proxy.policy.model_rules import WHOM, OpaqueTest, Scope, TimeWindow, Waive
from proxy.policy.model_rules import Permit as PermitForm
from proxy.policy.model_rules import Rule as RuleForm
from proxy.policy.rules import (
    Answering,
    Block,
    Kept,
    LabelTest,
    Output,
    Permit,
    Require,
    Restriction,
    Treat,
    Waiver,
    Window,
    Withhold,
)
from proxy.policy.vocabulary import WEEKDAYS, minutes

_RESIDUAL_LOWEST = ("placeholder", "redact")


def compiled(form: PolicyForm, digest: str) -> Policy:
    """The policy that a checked form describes, and beside it the one that its shadows ask for."""
    live = tuple(rule for rule in form.rules if not rule.shadow)
    policy = Compiler(form, digest).policy(live)
    shadowed = frozenset(rule.id for rule in form.rules if rule.shadow or rule.rollout)
    if not shadowed:
        return policy
    candidate = Compiler(form, digest).policy(in_force(form).rules)
    return replace(policy, shadowed=shadowed, candidate=candidate)


def in_force(form: PolicyForm) -> PolicyForm:
    """The policy with every rule in force for all, be it in shadow or rolled out to some."""
    every = (rule.model_copy(update={"shadow": False, "rollout": None}) for rule in form.rules)
    return form.model_copy(update={"rules": tuple(every)})


class Compiler:
    """Compiles one form, whole or one part of it at a time."""

    def __init__(self, form: PolicyForm, digest: str) -> None:
        self._form = form
        self._digest = digest
        self._rank = {name: index for index, name in enumerate(form.classes)}
        self._hide = form.default.hide
        self._providers = {
            name: _provider(name, provider, self._rank) for name, provider in form.providers.items()
        }

    def policy(self, forms: tuple[RuleForm, ...]) -> Policy:
        """The policy with these rules."""
        form, rank = self._form, self._rank
        rules = sorted(forms, key=lambda rule: rule.id)
        every = list(map(self.rule, rules))
        permits = tuple(rule for rule in every if isinstance(rule, Permit))
        restrictions = tuple(rule for rule in every if isinstance(rule, Restriction))
        waivers = tuple(rule for rule in every if isinstance(rule, Waiver))
        shadow = form.shadow
        return Policy(
            name=form.policy,
            digest=self._digest,
            classes=form.classes,
            unclassified=rank[form.default.unclassified],
            opaque={kind: rank[name] for kind, name in form.default.opaque.items()},
            default_entity=self.entity(form.default.entity),
            entities=MappingProxyType(
                {name: self.entity(entity) for name, entity in form.entities.items()}
            ),
            escalations=tuple(map(self.escalation, form.escalate)),
            labels=frozenset({CLASS_LABEL, *form.labels}),
            providers=MappingProxyType(self._providers),
            permits=permits,
            restrictions=restrictions,
            waivers=waivers,
            answering=tuple(rule for rule in every if isinstance(rule, Answering)),
            lookups={
                name: Lookup(name, permits, restrictions, waivers) for name in self._providers
            },
            terms=Terms(
                min_scores={name: e.min_score for name, e in form.entities.items() if e.min_score},
                hosts=frozenset(form.restore.hosts),
                tools=MappingProxyType(form.restore.tools),
                audit=form.audit.keep if form.audit else None,
            ),
            shadow=WholeShadow(shadow.until, shadow.approved_by) if shadow else None,
            counted=frozenset(_counted(form, forms)),
            by_language=frozenset(name for name, e in form.entities.items() if e.languages),
            by_source=frozenset(name for name, e in form.entities.items() if _has_actions(e)),
        )

    def rule(self, rule: RuleForm) -> Permit | Restriction | Waiver | Answering:
        """One rule."""
        if rule.permit:
            return self._permit(rule, rule.permit)
        if rule.waive:
            return self._waiver(rule, rule.waive)
        return self._restriction(rule) or self._answering(rule)

    def entity(self, form: EntityForm) -> Entity:
        """One entity's entry."""
        return _entity(form, self._rank, self._hide)

    def escalation(self, form: EscalationForm) -> Escalation:
        """One escalation."""
        members = frozenset({*(form.all_of or ()), *(form.at_least or ())})
        return Escalation(members, self._rank[form.class_], form.at_least or {})

    def provider(self, name: str, form: ProviderForm) -> Provider:
        """One provider."""
        return _provider(name, form, self._rank)

    def _permit(self, rule: RuleForm, permit: PermitForm) -> Permit:
        said = self._conditions(rule)
        if permit.models:
            models = frozenset(permit.models)
            said["models"] = models if said["models"] is None else models & said["models"]
        opened = permit.providers
        return Permit(**said, providers=frozenset(self._providers if opened == (ANY,) else opened))

    def _restriction(self, rule: RuleForm) -> Restriction | None:
        if rule.block:
            return Block(**self._conditions(rule), message=rule.block.message)
        if rule.treat:
            actions = {name: action_of(form) for name, form in rule.treat.items()}
            return Treat(**self._conditions(rule), actions=MappingProxyType(actions))
        if rule.require:
            test = rule.require.provider
            met_by = frozenset(p.name for p in self._providers.values() if meets(p, test))
            return Require(**self._conditions(rule), met_by=met_by, demand=in_words(test))
        return None

    def _waiver(self, rule: RuleForm, waive: Waive) -> Waiver:
        return Waiver(
            **self._conditions(rule),
            rule=waive.rule,
            providers=frozenset(waive.to.provider),
            until=rule.until or date.min,
            approved_by=rule.approved_by,
        )

    def _answering(self, rule: RuleForm) -> Answering:
        if rule.output:
            return Output(**self._conditions(rule), actions=MappingProxyType(rule.output))
        if rule.withhold:
            return Withhold(**self._conditions(rule), entities=frozenset(rule.withhold))
        return Kept(**self._conditions(rule), keep=rule.keep or "full")

    def _conditions(self, rule: RuleForm) -> dict[str, Any]:
        """What every verb has: id, reason, scope and when."""
        when = rule.when
        tests = when.entities if when else None
        opaque = when.opaque if when else None
        kinds = opaque if isinstance(opaque, OpaqueTest) else OpaqueTest.model_construct()
        labels = (when.labels if when else None) or {}
        return {
            "id": rule.id,
            "why": rule.why,
            **for_whom(rule.scope),
            "percent": rule.rollout.percent_of_teams if rule.rollout else 100,
            "any_of": _set(tests.any_of if tests else None),
            "all_of": frozenset((tests.all_of if tests else None) or ()),
            "none_of": frozenset((tests.none_of if tests else None) or ()),
            "at_least": tuple(sorted(((tests.at_least if tests else None) or {}).items())),
            "opaque": opaque if isinstance(opaque, bool) else None,
            "opaque_any": _set(kinds.any_of),
            "opaque_none": frozenset(kinds.none_of or ()),
            "labels": tuple(self._label(name, values) for name, values in sorted(labels.items())),
        }

    def _label(self, name: str, wanted: tuple[str, ...]) -> LabelTest:
        values = frozenset(wanted)
        if name == CLASS_LABEL:
            return LabelTest(name, values, frozenset(self._form.classes), assumed=False)
        label = self._form.labels[name]
        assumed = label.values if label.assumed is None else label.assumed
        return LabelTest(
            name, values, frozenset(label.values), assumed=not values.isdisjoint(assumed)
        )


def _counted(form: PolicyForm, rules: tuple[RuleForm, ...]) -> Iterator[str]:
    for escalation in form.escalate:
        yield from escalation.at_least or ()
    for rule in rules:
        if rule.when and rule.when.entities:
            yield from rule.when.entities.at_least or ()


def _has_actions(entity: EntityForm) -> bool:
    overrides = (*entity.languages.values(), *entity.recognizers.values())
    return any(override.action is not None for override in overrides)


def for_whom(scope: Scope | None) -> dict[str, Any]:
    """A scope as the fields of a compiled rule."""
    said = scope.model_dump(exclude_none=True, exclude={"time"}) if scope else {}
    return {
        "scope": tuple(
            (WHOM[key], frozenset(values)) for key, values in said.items() if key in WHOM
        ),
        "models": _set(said.get("model")),
        "dialects": _set(said.get("dialect")),
        "window": _window(scope.time) if scope and scope.time else None,
    }


def _set(values: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _window(time: TimeWindow) -> Window:
    days = WEEKDAYS if time.days is None else time.days
    return Window(frozenset(map(WEEKDAYS.index, days)), minutes(time.from_), minutes(time.to))


def _provider(name: str, form: ProviderForm, rank: Mapping[str, int]) -> Provider:
    return Provider(
        name,
        clearance=rank[form.clearance],
        region=form.region,
        on_prem=form.on_prem,
        retention=form.retention,
        trains=form.trains,
        certs=frozenset(form.certs),
        models=_set(form.models),
        attested_on=form.attested.day if form.attested else None,
        attested_by=form.attested.by if form.attested else "",
    )


def _entity(form: EntityForm, rank: Mapping[str, int], hide: Hide) -> Entity:
    own = rank[form.class_]
    default = 0 if form.action in _RESIDUAL_LOWEST else own
    overrides = {**form.languages, **form.recognizers}
    return Entity(
        rank=own,
        residual=default if form.residual is None else rank[form.residual],
        action=action_of(form.action),
        hide=form.hide or hide,
        min_score=form.min_score,
        scores={k: o.min_score for k, o in overrides.items() if o.min_score is not None},
        actions={k: action_of(o.action) for k, o in overrides.items() if o.action is not None},
    )
