"""The rest of the format, strewn over the random policies of policy_space.py: every key there is.

Restrictions of it are at the end, for the theorem. Nothing here looks at proxy.policy.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

from hypothesis import strategies as st

from tests.properties.policy_space import (
    ACTIONS,
    CLASSES,
    DAYS,
    ENTITIES,
    Data,
    Request,
    at_least,
    policies,
    provider_tests,
    rank,
    requests,
    some_entities,
)

LABELS = {"purpose": ["ads", "test", "care"], "subjects": ["eu", "us"]}
RECOGNIZER = "R"
OUTPUTS = ["leave", "mask", "block"]
RESTORES = ["always", "known_hosts", "never"]
KEEPS = ["metadata", "masked", "full"]
OPENING = ("permit", "waive")
_HOURS = ["00:00", "06:00", "12:00", "18:00", "24:00"]
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def seldom(draw: st.DrawFn, one_in: int = 4) -> bool:
    return draw(st.integers(1, one_in)) == 1


@st.composite
def windows(draw: st.DrawFn) -> Data:
    start = draw(st.integers(0, 3))
    window: Data = {"from": _HOURS[start], "to": _HOURS[draw(st.integers(start + 1, 4))]}
    if draw(st.booleans()):
        window["days"] = draw(st.lists(st.sampled_from(_DAYS), min_size=1, unique=True))
    return window


def scope_of(draw: st.DrawFn, rule: Data) -> None:
    """Perhaps narrow a rule's scope by what policy_space.py leaves out."""
    scopes: list[tuple[str, Any]] = [
        ("tenant", "t"),
        ("app", ["a", "c"]),
        ("key", "k1"),
        ("user", ["u1", "u2"]),
        ("model", "m1"),
        ("dialect", "d1"),
    ]
    for key, value in scopes:
        if seldom(draw, 8):
            rule.setdefault("scope", {}).setdefault(key, value)
    if seldom(draw, 8):
        rule.setdefault("scope", {})["time"] = draw(windows())


def when_of(draw: st.DrawFn, rule: Data) -> None:
    """Perhaps let a rule wait for more, as its verb allows it."""
    opening = any(verb in rule for verb in OPENING)
    if seldom(draw, 8):
        kinds = draw(st.lists(st.sampled_from(["image", "audio"]), min_size=1, unique=True))
        rule.setdefault("when", {})["opaque"] = {"none_of" if opening else "any_of": kinds}
    if not opening and seldom(draw, 6):
        counted = {draw(st.sampled_from(ENTITIES)): draw(st.integers(1, 4))}
        rule.setdefault("when", {}).setdefault("entities", {})["at_least"] = counted
    if seldom(draw, 6):
        label = draw(st.sampled_from(sorted(LABELS)))
        values = draw(st.lists(st.sampled_from(LABELS[label]), min_size=1, unique=True))
        rule.setdefault("when", {})["labels"] = {label: values}


def stage_of(draw: st.DrawFn, rule: Data) -> None:
    if seldom(draw, 8):
        rule["shadow"] = True
    elif seldom(draw, 8):
        rule["rollout"] = {"percent_of_teams": draw(st.sampled_from([1, 50, 99]))}


@st.composite
def overrides(draw: st.DrawFn, own: Any) -> Data:
    said: Data = {}
    if draw(st.booleans()):
        said["min_score"] = draw(st.sampled_from([0.1, 0.6, 0.9]))
    if not said or draw(st.booleans()):
        said["action"] = draw(st.sampled_from([a for a in ACTIONS if at_least(a, own)]))
    return said


@st.composite
def answer_rules(draw: st.DrawFn, name: str) -> Data:
    verb = draw(st.sampled_from(["output", "withhold", "keep"]))
    rule: Data = {"id": name}
    if verb == "output":
        named = st.sampled_from([*ENTITIES, "any"])
        rule[verb] = draw(st.dictionaries(named, st.sampled_from(OUTPUTS), min_size=1))
    elif verb == "withhold":
        rule[verb] = draw(st.just("any") | some_entities)
    else:
        rule[verb] = draw(st.sampled_from(KEEPS))
    scope_of(draw, rule)
    when_of(draw, rule)
    return rule


@st.composite
def whole_policies(draw: st.DrawFn) -> Data:
    data = draw(policies())
    data["labels"] = {name: _label(draw, values) for name, values in LABELS.items()}
    _opaque(draw, data)
    for entity in data["entities"].values():
        _override(draw, entity)
    if seldom(draw, 2):
        add_counting_escalation(draw, data)
    for provider in data["providers"].values():
        _attributes(draw, provider)
    for rule in data["rules"]:
        _strew(draw, rule)
    for index in range(draw(st.integers(0, 2))):
        data["rules"].append(draw(answer_rules(f"a{index}")))
    if seldom(draw):
        data["audit"] = {"keep": draw(st.sampled_from(KEEPS))}
    if seldom(draw):
        data["restore"] = {
            "hosts": draw(st.lists(st.sampled_from(["h1", "h2"]), unique=True)),
            "tools": draw(
                st.dictionaries(st.sampled_from(["t1", "any"]), st.sampled_from(RESTORES))
            ),
        }
    _shadow(draw, data)
    return data


def _shadow(draw: st.DrawFn, data: Data) -> None:
    if seldom(draw, 8):
        until = draw(st.sampled_from(DAYS)).isoformat()
        data["shadow"] = {"until": until, "approved_by": ["one", "two"]}


def _opaque(draw: st.DrawFn, data: Data) -> None:
    for kind in ("image", "audio"):
        if seldom(draw):
            data["default"].setdefault("opaque", {})[kind] = draw(st.sampled_from(CLASSES))


def _override(draw: st.DrawFn, entity: Data) -> None:
    for key, name in (("recognizers", RECOGNIZER), ("languages", "de")):
        if seldom(draw):
            entity[key] = {name: draw(overrides(entity["action"]))}


def _label(draw: st.DrawFn, values: list[str]) -> Data:
    label: Data = {"values": values}
    if draw(st.integers(0, 3)):
        label["assumed"] = draw(st.lists(st.sampled_from(values), unique=True))
    return label


def _attributes(draw: st.DrawFn, provider: Data) -> None:
    if seldom(draw, 6):
        provider["models"] = ["m1"]
    if draw(st.booleans()):
        day = draw(st.sampled_from(["2026-01-01", "2026-10-01"]))
        provider["attested"] = {"day": day, "by": draw(st.sampled_from(["x", "y"]))}


def _strew(draw: st.DrawFn, rule: Data) -> None:
    scope_of(draw, rule)
    when_of(draw, rule)
    stage_of(draw, rule)
    if "require" in rule and seldom(draw):
        tests = [{"since": "2026-06-01"}, {"by": "x"}, {"since": "2026-06-01", "by": "x"}]
        rule["require"]["provider"]["attested"] = draw(st.sampled_from(tests))
    if "require" in rule and seldom(draw, 2):
        asked = rule["require"]["provider"]
        for key, test in draw(provider_tests()).items():
            asked[key] = {**test, **asked.get(key, {})} if key == "certs" else test


@st.composite
def whole_requests(draw: st.DrawFn) -> Request:
    request = draw(requests)
    labels = dict(request.labels)
    for name, values in LABELS.items():
        if seldom(draw, 3):
            labels[name] = draw(st.sampled_from([*values, "unheard-of"]))
    names = st.sampled_from(ENTITIES)
    found = [
        replace(f, recognizer=draw(st.sampled_from(["generated", RECOGNIZER])))
        for f in request.findings
    ]
    return replace(
        request,
        findings=tuple(found),
        labels=labels,
        opaque=frozenset(draw(st.lists(st.sampled_from(["image", "audio", "file"]), max_size=2)))
        if seldom(draw, 3)
        else frozenset(),
        attested=frozenset(name for name in labels if name in LABELS and draw(st.booleans())),
        counts=tuple(draw(st.dictionaries(names, st.integers(1, 5), max_size=3)).items()),
        language=draw(st.sampled_from(["en", "de"])),
        dialect=draw(st.sampled_from(["d1", "d2"])),
        at=draw(st.none() | st.sampled_from([time(5, 59), time(6), time(12, 30), time(23, 59)])),
        principal=replace(
            request.principal,
            tenant=draw(st.sampled_from(["t", "u"])),
            app=draw(st.sampled_from(["a", "b"])),
            key_id=draw(st.sampled_from(["k1", "k2"])),
            user=draw(st.sampled_from(["u1", ""])),
        ),
    )


def _rules(data: Data, *verbs: str) -> list[Data]:
    return [rule for rule in data["rules"] if any(verb in rule for verb in verbs)]


def _one(draw: st.DrawFn, rules: list[Data]) -> Data | None:
    return draw(st.sampled_from(rules)) if rules else None


def add_counting_escalation(draw: st.DrawFn, data: Data) -> None:
    counted = {draw(st.sampled_from(ENTITIES)): draw(st.integers(1, 4))}
    added: Data = {"at_least": counted, "class": draw(st.sampled_from(CLASSES))}
    if seldom(draw, 3):
        added["all_of"] = draw(some_entities)
    data["escalate"].append(added)


def lower_counts(_draw: st.DrawFn, data: Data) -> None:
    for escalation in data["escalate"]:
        for entity in escalation.get("at_least", ()):
            escalation["at_least"][entity] = 1


def raise_opaque(draw: st.DrawFn, data: Data) -> None:
    for kind, name in data["default"].get("opaque", {}).items():
        data["default"]["opaque"][kind] = draw(st.sampled_from(CLASSES[rank(name) :]))


def add_override(draw: st.DrawFn, data: Data) -> None:
    """Of an action, which only strengthens; a score of its own could also be a higher one."""
    entity = data["entities"][draw(st.sampled_from(ENTITIES))]
    strong = draw(st.sampled_from([a for a in ACTIONS if at_least(a, entity["action"])]))
    override = entity.setdefault("recognizers", {}).setdefault(RECOGNIZER, {})
    if at_least(strong, override.get("action", "allow")):
        override["action"] = strong


def lower_an_overrides_score(draw: st.DrawFn, data: Data) -> None:
    entity = data["entities"][draw(st.sampled_from(ENTITIES))]
    entity.setdefault("languages", {}).setdefault("de", {})["min_score"] = 0.0


def list_models(_draw: st.DrawFn, data: Data) -> None:
    for provider in data["providers"].values():
        provider["models"] = ["m1"]


def narrow_scope(draw: st.DrawFn, data: Data) -> None:
    if rule := _one(draw, _rules(data, *OPENING)):
        scope = rule.setdefault("scope", {})
        key, value = draw(st.sampled_from([("key", "k2"), ("model", "m1"), ("dialect", "d1")]))
        scope.setdefault(key, value)
        scope.setdefault("time", draw(windows()))


def narrow_when(draw: st.DrawFn, data: Data) -> None:
    if rule := _one(draw, _rules(data, *OPENING)):
        rule.setdefault("when", {}).setdefault("labels", {}).setdefault("purpose", ["care"])
        rule["when"].setdefault("opaque", {"none_of": ["image"]})


def assume_more(_draw: st.DrawFn, data: Data) -> None:
    for label in data["labels"].values():
        label.pop("assumed", None)


def put_in_force(_draw: st.DrawFn, data: Data) -> None:
    """Restrictions that were shadowed count for all; permits and waivers for nobody."""
    for rule in list(data["rules"]):
        if any(verb in rule for verb in OPENING):
            rule.pop("rollout", None)
            rule["shadow"] = True
        else:
            rule.pop("rollout", None)
            rule.pop("shadow", None)


def widen_rollout(_draw: st.DrawFn, data: Data) -> None:
    for rule in data["rules"]:
        if "rollout" in rule:
            opening = any(verb in rule for verb in OPENING)
            rule["rollout"]["percent_of_teams"] = 1 if opening else 99


def add_answer_rule(draw: st.DrawFn, data: Data) -> None:
    data["rules"].append(draw(answer_rules("added")))


def keep_less(_draw: st.DrawFn, data: Data) -> None:
    data["audit"] = {"keep": "metadata"}


def restore_less(draw: st.DrawFn, data: Data) -> None:
    restore = data.get("restore", {"hosts": [], "tools": {}})
    restore["hosts"] = restore["hosts"][1:]
    for tool, mode in restore["tools"].items():
        restore["tools"][tool] = draw(st.sampled_from(RESTORES[RESTORES.index(mode) :]))


WHOLE_RESTRICTIONS: list[Callable[[st.DrawFn, Data], None]] = [
    add_counting_escalation,
    lower_counts,
    raise_opaque,
    add_override,
    lower_an_overrides_score,
    list_models,
    narrow_scope,
    narrow_when,
    assume_more,
    put_in_force,
    widen_rollout,
    add_answer_rule,
    keep_less,
    restore_less,
]


@st.composite
def restricted_wholes(
    draw: st.DrawFn, restriction: Callable[[st.DrawFn, Data], None]
) -> tuple[Data, Data]:
    """A policy, and the same policy after one restriction."""
    before = draw(whole_policies())
    after = copy.deepcopy(before)
    restriction(draw, after)
    return before, after
