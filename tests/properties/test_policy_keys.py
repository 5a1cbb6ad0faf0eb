"""Every key that a policy could do without changes some decision, answer or record, or lint tells.

For random policies of the whole format each key that the schema knows is taken out of the plain
data in turn, at every depth; that nothing changes is asked of `diff`, which test_policy_whole_space.py
compares with brute force. Of rules in shadow it is asked what they would change once in force.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings

from proxy.policy.compiled import Policy
from proxy.policy.diff import compare
from proxy.policy.lint_keys import Keys
from proxy.policy.load import compile_policy
from proxy.policy.model import PolicyForm
from proxy.yaml_file import ConfigError, Document
from tests.properties.policy_space import DAYS, Data, parsed
from tests.properties.policy_whole import whole_policies

Loc = tuple[Any, ...]

thorough = settings(max_examples=6 * int(os.environ.get("PRIVET_SOAK", "1")), deadline=None)
#: What is for people to read.
_FOR_PEOPLE = ("why", "message")
#: What a policy, or the part that has it, can't be without.
_NEEDED = {
    *("policy", "classes", "default", "default.unclassified", "default.entity", "default.hide"),
    *("default.entity.class", "default.entity.action", "entities.*.class", "entities.*.action"),
    *("escalate.class", "shadow.until", "shadow.approved_by"),
    *("providers", "providers.*.region", "providers.*.on_prem", "providers.*.clearance"),
    *("providers.*.attested.day", "providers.*.attested.by"),
    *("rules", "rules.id", "rules.permit", "rules.permit.providers", "rules.require"),
    *("rules.require.provider", "rules.block", "rules.treat", "rules.waive", "rules.waive.rule"),
    *("rules.waive.lifts", "rules.waive.to", "rules.waive.to.provider", "rules.output"),
    *("rules.withhold", "rules.keep", "rules.until", "rules.approved_by"),
}
#: Always an error, which says where they belong.
_MISPLACED = ("default.entity.languages", "default.entity.recognizers")
#: A class whose keys are the parameters of an action, and so a part of it.
_PARAMETERS = "ActionForm"


def nodes(node: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Where each key stands, and each rule and escalation; an action's parameter is part of it."""
    if isinstance(node, dict) and not {"mask", "generalise"} & node.keys():
        for key, value in node.items():
            yield (*loc, key)
            yield from nodes(value, (*loc, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            if isinstance(value, dict):
                yield (*loc, index)
                yield from nodes(value, (*loc, index))


def without(data: Data, loc: Loc) -> Data | None:
    """The policy without a key, and without what would be empty then; None if it needs it."""
    rest = copy.deepcopy(data)
    path = [rest]
    for step in loc[:-1]:
        path.append(path[-1][step])
    del path[-1][loc[-1]]
    for step, holder, inner in zip(loc[-2::-1], path[-2::-1], path[:0:-1], strict=True):
        if inner == {} and isinstance(holder, dict):
            del holder[step]
    try:
        parsed(rest)
    except (ConfigError, ValueError):
        return None
    return rest


def changes(policy: Policy, other: Policy) -> bool:
    """Whether anything differs, now or once what is in shadow is in force."""
    pairs = [(policy, other)]
    if policy.candidate or other.candidate:
        pairs.append((policy.candidate or policy, other.candidate or other))
    found = [compare(*pair, DAYS[0]) for pair in pairs]
    return any(diff.flows or diff.answers or diff.besides for diff in found)


def reported(data: Data) -> set[Loc]:
    """What lint says has no effect."""
    form = PolicyForm.model_validate_json(json.dumps(data))
    keys = Keys(Document(json.dumps(data), "generated.yaml"), form, compile_policy(form), DAYS[0])
    index = {rule.id: index for index, rule in enumerate(form.rules)}
    return {
        *(loc for _, loc in keys.without_effect()),
        *(("rules", index[rule.id]) for rule in keys.rules()),
        *(("escalate", position) for position in keys.escalations()),
        *(("providers", name) for name in keys.providers()),
        *(("labels", name) for part, name in keys.attributes() if part == "labels"),
    }


@given(whole_policies())
@thorough
def test_each_key_changes_a_decision_or_is_told(data: Data) -> None:
    policy, told = parsed(data), reported(data)
    spared = set[Loc]()  # keys that could be left out, and change nothing
    for loc in sorted(nodes(data), key=len, reverse=True):
        rest = without(data, loc)
        if rest is None or loc[-1] in _FOR_PEOPLE:
            continue
        if changes(policy, parsed(rest)):
            assert loc not in told, loc
            continue
        inner = [other for other in spared if other[: len(loc)] == loc]
        assert inner or any(loc[:length] in told for length in range(len(loc) + 1)), loc
        spared.add(loc)


def test_every_key_of_the_schema_is_taken_out() -> None:
    """Whatever the schema knows stands in generated policies, and is taken out of some of them."""
    taken = set[str]()

    @given(whole_policies())
    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    def look(data: Data) -> None:
        for loc in nodes(data):
            name = named(loc, SCHEMA)
            key = isinstance(loc[-1], str) and loc[-1] not in _FOR_PEOPLE
            if key and name not in taken and without(data, loc) is not None:
                taken.add(name)

    look()
    known = {name for name in keys_in(SCHEMA) if not name.endswith(_FOR_PEOPLE)} - _NEEDED
    assert {name for name in known if not name.startswith(_MISPLACED)} ^ taken == set()


SCHEMA = PolicyForm.model_json_schema()


def keys_in(schema: Data, name: str = "") -> Iterator[str]:
    """Every key that a schema knows, by its path; ``*`` stands for a name of the author's choice."""
    for form in forms(schema):
        for key, inner in form.get("properties", {}).items():
            yield f"{name}{key}"
            yield from keys_in(inner, f"{name}{key}.")
        for inner in by_name(form):
            yield f"{name}*"
            yield from keys_in(inner, f"{name}*.")
        if "items" in form:
            yield from keys_in(form["items"], name)


def named(loc: Loc, schema: Data) -> str:
    """The key's path as `keys_in` has it."""
    said, here = list[str](), [schema]
    for step in loc:
        every = [form for schema in here for form in forms(schema)]
        if isinstance(step, int):
            here = [form["items"] for form in every if "items" in form]
            continue
        known = [form["properties"][step] for form in every if step in form.get("properties", {})]
        here = known or [inner for form in every for inner in by_name(form)]
        said.append(step if known else "*")
    return ".".join(said)


def by_name(form: Data) -> list[Data]:
    """What stands under names of the author's choice."""
    others = [form.get("additionalProperties"), *form.get("patternProperties", {}).values()]
    return [other for other in others if isinstance(other, dict)]


def forms(schema: Data) -> Iterator[Data]:
    """What a schema may be: itself, what it refers to, or each that it chooses from."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        if name != _PARAMETERS:
            yield from forms(SCHEMA["$defs"][name])
        return
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from forms(choice)
    yield schema
