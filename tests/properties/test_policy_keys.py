"""Every key that a policy could do without changes some decision, or lint reports it.

For random policies of the whole format each key is taken out of the plain data in turn; that nothing
changes is asked of `diff`, which test_policy_whole_space.py compares with brute force.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings

from proxy.policy.diff import compare
from proxy.policy.lint_keys import Keys
from proxy.policy.load import compile_policy
from proxy.policy.model import PolicyForm
from proxy.yaml_file import ConfigError, Document
from tests.properties.policy_space import DAYS, Data, parsed
from tests.properties.policy_whole import whole_policies

thorough = settings(max_examples=6 * int(os.environ.get("PRIVET_SOAK", "1")), deadline=None)
#: What is for people to read, and what lint says of all providers at once, and of labels.
_BESIDES = ("why", "message", "region", "retention", "trains", "certs", "attested", "values")


def leaves(node: Any, loc: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each key stands that has no keys in its value."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*loc, key)) if value and _nests(value) else [(*loc, key)]
    elif isinstance(node, list):  # an empty one of rules or escalations says nothing anyway
        for index, value in enumerate(node):
            yield from leaves(value, (*loc, index))


def _nests(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict) for item in value)
    return isinstance(value, dict) and not {"mask", "generalise", "percent_of_teams"} & value.keys()


def without(data: Data, loc: tuple[Any, ...]) -> Data | None:
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


def reported(data: Data) -> set[tuple[Any, ...]]:
    form = PolicyForm.model_validate_json(json.dumps(data))
    keys = Keys(Document(json.dumps(data), "generated.yaml"), form, compile_policy(form), DAYS[0])
    return {loc for _, loc in keys.without_effect(())}


@given(whole_policies())
@thorough
def test_each_key_changes_a_decision_or_is_told(data: Data) -> None:
    policy, told = parsed(data), reported(data)
    for loc in leaves(data):
        rest = without(data, loc) if len(loc) > 1 else None
        if rest is None or (set(loc) & set(_BESIDES) and loc[0] == "providers"):
            continue
        other = parsed(rest)
        found = compare(policy, other, DAYS[0])
        shadows = loc[0] == "rules" and data["rules"][loc[1]].get("shadow")
        if found.flows or found.answers:
            assert loc not in told, loc
        elif loc[-1] not in _BESIDES and not shadows and not _recorded(data, loc):
            assert loc in told, loc


def _recorded(data: Data, loc: tuple[Any, ...]) -> bool:
    """Whether it is about answers and records, and lint doesn't ask if there ever are any; or
    about a label that only shadows test, if any rule does, which is told as a whole.
    """
    if loc[0] == "labels":
        live = [rule for rule in data["rules"] if not rule.get("shadow")]
        return not any(loc[1] in rule.get("when", {}).get("labels", {}) for rule in live)
    return loc[0] in ("audit", "restore") or (
        loc[-1] == "min_score"
        and any({"output", "keep", "withhold"} & rule.keys() for rule in data["rules"])
    )
