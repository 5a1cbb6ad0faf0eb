"""From a policy file to a compiled `Policy`: read, check, compile.

Invariants: what comes out passed every check; nothing comes out otherwise (P3). The digest is of
what the policy says: comments, order and how a value is written don't change it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from proxy.policy.check import ANY_PROVIDER, check
from proxy.policy.compiled import (
    Block,
    Entity,
    Escalation,
    Permit,
    Policy,
    Provider,
    Require,
    Restriction,
    Treat,
    Waiver,
    action_of,
)
from proxy.policy.model import EntityForm, Hide, PolicyForm, ProviderTest, Waive
from proxy.policy.model import Permit as PermitForm
from proxy.policy.model import Rule as RuleForm
from proxy.yaml_file import ConfigError, Document, read_text

_RESIDUAL_LOWEST = ("placeholder", "redact")


def load(path: Path, produced: Collection[str] | None = None) -> Policy:
    """The policy in the file at `path`. Raises ConfigError, see `read_checked`."""
    return parse(read_text(path), str(path), produced)


def parse(text: str, file: str, produced: Collection[str] | None = None) -> Policy:
    """The policy that `text` describes. Raises ConfigError, see `read_checked`."""
    return compile_policy(read_checked(text, file, produced)[1])


def read_checked(
    text: str, file: str, produced: Collection[str] | None = None
) -> tuple[Document, PolicyForm]:
    """A policy as it is written, fit to compile, and where everything in it stands.

    Args:
        file: the name that problems carry.
        produced: the entities that enabled recognizers can yield, None when unknown.

    Raises:
        ConfigError: with every problem at its line and column.
    """
    document = Document(text, file)
    form = document.read(PolicyForm)
    if problems := check(document, form, produced):
        raise ConfigError(problems)
    return document, form


def compile_policy(form: PolicyForm) -> Policy:
    """The policy that a checked form describes."""
    rank = {name: index for index, name in enumerate(form.classes)}
    providers = {
        name: Provider(
            name,
            clearance=rank[provider.clearance],
            region=provider.region,
            on_prem=provider.on_prem,
            retention=provider.retention,
            trains=provider.trains,
            certs=frozenset(provider.certs),
        )
        for name, provider in form.providers.items()
    }
    rules = sorted(form.rules, key=lambda rule: rule.id)
    restrictions = (_restriction(rule, providers) for rule in rules)
    return Policy(
        name=form.policy,
        digest=digest(form),
        classes=form.classes,
        unclassified=rank[form.default.unclassified],
        default_entity=_entity(form.default.entity, rank, form.default.hide),
        entities=MappingProxyType(
            {name: _entity(e, rank, form.default.hide) for name, e in form.entities.items()}
        ),
        escalations=tuple(Escalation(frozenset(e.all_of), rank[e.class_]) for e in form.escalate),
        providers=MappingProxyType(providers),
        permits=tuple(_permit(rule, rule.permit, providers) for rule in rules if rule.permit),
        restrictions=tuple(rule for rule in restrictions if rule),
        waivers=tuple(_waiver(rule, rule.waive) for rule in rules if rule.waive),
    )


def digest(form: PolicyForm) -> str:
    """SHA-256 (hex) over the canonical JSON of a policy, defaults filled in.

    Only the order of `classes` means anything, so every other list is sorted.
    """
    said = form.model_dump(mode="json", by_alias=True, exclude={"classes"})
    canonical = json.dumps([form.classes, _sorted(said)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(child) for key, child in value.items()}
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=lambda child: json.dumps(child, sort_keys=True))
    return value


def _entity(form: EntityForm, rank: Mapping[str, int], hide: Hide) -> Entity:
    own = rank[form.class_]
    default = 0 if form.action in _RESIDUAL_LOWEST else own
    return Entity(
        rank=own,
        residual=default if form.residual is None else rank[form.residual],
        action=action_of(form.action),
        hide=form.hide or hide,
        min_score=form.min_score,
    )


def _permit(rule: RuleForm, permit: PermitForm, providers: Mapping[str, Provider]) -> Permit:
    opened = permit.providers
    return Permit(
        **_conditions(rule),
        providers=frozenset(providers if opened == (ANY_PROVIDER,) else opened),
        models=frozenset(permit.models) if permit.models else None,
    )


def _restriction(rule: RuleForm, providers: Mapping[str, Provider]) -> Restriction | None:
    if rule.block:
        return Block(**_conditions(rule), message=rule.block.message)
    if rule.treat:
        actions = {name: action_of(form) for name, form in rule.treat.items()}
        return Treat(**_conditions(rule), actions=MappingProxyType(actions))
    if rule.require:
        test = rule.require.provider
        met_by = frozenset(p.name for p in providers.values() if meets(p, test))
        return Require(**_conditions(rule), met_by=met_by, demand=_in_words(test))
    return None


def _waiver(rule: RuleForm, waive: Waive) -> Waiver:
    return Waiver(
        **_conditions(rule),
        rule=waive.rule,
        providers=frozenset(waive.to.provider),
        until=rule.until or date.min,
        approved_by=rule.approved_by,
    )


def _conditions(rule: RuleForm) -> dict[str, Any]:
    """What every verb has: id, reason, scope and when."""
    scope = rule.scope.model_dump(exclude_none=True) if rule.scope else {}
    when = rule.when
    tests = when.entities if when else None
    labels = (when.labels if when else None) or {}
    return {
        "id": rule.id,
        "why": rule.why,
        "scope": tuple((field, frozenset(values)) for field, values in scope.items()),
        "any_of": frozenset(tests.any_of) if tests and tests.any_of else None,
        "all_of": frozenset((tests.all_of if tests else None) or ()),
        "none_of": frozenset((tests.none_of if tests else None) or ()),
        "opaque": when.opaque if when else None,
        "labels": tuple((name, frozenset(values)) for name, values in labels.items()),
    }


def meets(provider: Provider, test: ProviderTest) -> bool:
    """Whether a provider is what `test` demands."""
    certs = test.certs
    return (
        (test.names is None or provider.name in test.names)
        and (test.region is None or provider.region in test.region)
        and (test.on_prem is None or provider.on_prem == test.on_prem)
        and (test.retention is None or provider.retention in test.retention)
        and (test.trains is None or provider.trains == test.trains)
        and (certs is None or certs.any_of is None or not provider.certs.isdisjoint(certs.any_of))
        and (certs is None or certs.all_of is None or provider.certs.issuperset(certs.all_of))
    )


def _in_words(test: ProviderTest) -> str:
    """A demand as a phrase: ``a provider with region eu, certs all of hipaa-baa``."""
    said: list[str] = []
    for key, value in test.model_dump(exclude_none=True, exclude={"certs"}).items():
        words = " or ".join(value) if isinstance(value, tuple) else ("no", "yes")[value]
        said.append(f"{key} {words}")
    if test.certs and test.certs.any_of:
        said.append(f"certs any of {', '.join(test.certs.any_of)}")
    if test.certs and test.certs.all_of:
        said.append(f"certs all of {', '.join(test.certs.all_of)}")
    return f"a provider with {', '.join(said)}"
