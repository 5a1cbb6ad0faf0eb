"""What a policy says key by key: each key that it could leave out, and what it would be without.

Only the last steps are keys here (`scope.team`, not `scope`): whatever changes nothing as a whole
changes nothing in part. What is only for people to read isn't one: `why` and `message`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard, TypeVar

from proxy.policy.model_actions import ActionForm
from proxy.policy.model_rules import WHOM, Rule
from proxy.policy.vocabulary import Strict
from proxy.yaml_file import Loc

S = TypeVar("S", bound=Strict)

_FOR_PEOPLE = ("why", "message")
#: What makes a waiver one, so that it can't do without.
_OF_WAIVERS = ("until", "approved_by")
#: Verbs that are one key, without which a rule would have none.
_VERBS = ("withhold", "keep")


def keys_of(said: S) -> Iterator[tuple[Loc, S]]:
    """Each key that a part of a policy could do without, and that part without it."""
    for name in sorted(said.model_fields_set):
        field, value = type(said).model_fields[name], getattr(said, name)
        key = field.alias or name
        if name in _FOR_PEOPLE:
            continue
        if _has_keys(value):
            for loc, rest in keys_of(value):
                yield (key, *loc), said.model_copy(update={name: rest})
        elif isinstance(value, Mapping) and value:
            for entry, others in _entries(value):
                yield (key, *entry), said.model_copy(update={name: others})
        elif not field.is_required():
            default = field.get_default(call_default_factory=True)
            yield (key,), said.model_copy(update={name: default})


def keys_of_rule(rule: Rule) -> Iterator[tuple[Loc, Rule]]:
    """Each key that a rule could do without while it stays a rule, and the rule without it."""
    whom = [key for key in WHOM if rule.scope and getattr(rule.scope, key)]
    for loc, without in keys_of(rule):
        last_of_verb = without.treat == {} or without.output == {} or loc[0] in _VERBS
        last_of_demand = loc[0] == "require" and not _asks(without)
        of_waiver = loc[0] in _OF_WAIVERS or (
            rule.waive and loc[0] == "scope" and [*loc[1:]] == whom
        )
        if not (last_of_verb or last_of_demand or of_waiver):
            yield loc, without
    if rule.rollout:
        yield ("rollout",), rule.model_copy(update={"rollout": None})


def _entries(value: Mapping[str, Any]) -> Iterator[tuple[Loc, dict[str, Any]]]:
    for entry, part in value.items():
        if _has_keys(part):
            for loc, rest in keys_of(part):
                yield (entry, *loc), {**value, entry: rest}
        else:
            yield (entry,), {key: part for key, part in value.items() if key != entry}


def _has_keys(value: Any) -> TypeGuard[Strict]:
    """Whether there are keys in it, an action's parameter aside, which is a part of the action."""
    return isinstance(value, Strict) and not isinstance(value, ActionForm)


def _asks(rule: Rule) -> bool:
    """Whether a `require` still asks for anything."""
    test = rule.require.provider if rule.require else None
    said = test.model_dump(exclude_none=True) if test else {}
    return any(part != {} for part in said.values())
