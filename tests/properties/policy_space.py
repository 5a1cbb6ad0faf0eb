"""Random policies (as the plain data that a file would hold), requests, and restrictions of them.

Small names and few of them, so that rules meet, overlap and contradict each other often.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from proxy.exchange import Endpoint, Finding, Principal
from proxy.policy.check import check
from proxy.policy.compiled import Policy
from proxy.policy.load import compile_policy
from proxy.policy.model import PolicyForm
from proxy.yaml_file import ConfigError, Document

Data = dict[str, Any]

CLASSES = ["public", "internal", "confidential", "restricted"]
ENTITIES = ["ALPHA", "BETA", "GAMMA", "DELTA"]
UNLISTED = "OMEGA"
PROVIDERS = ["near", "far", "away"]
TEAMS = ["red", "blue"]
HIDES = ["above_clearance", "off_premises", "always"]
DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(4)]
ACTIONS: list[Any] = [
    "allow",
    {"generalise": "year"},
    {"generalise": "decade"},
    {"generalise": "band"},
    {"mask": {"keep_last": 4}},
    {"mask": {"keep_last": 2}},
    "hash",
    "pseudonymise",
    "placeholder",
    "redact",
    "block",
]


def strength(action: Any) -> tuple[int, ...]:
    """A vector whose componentwise order is the ladder's order: written apart from ladder.py."""
    word = action if isinstance(action, str) else next(iter(action))
    above = {"hash": 1, "pseudonymise": 2, "placeholder": 3, "redact": 4, "block": 5}
    if word in above:
        return (9, 9, 9, above[word])
    if word == "mask":
        return (0, 0, 9 - action["mask"]["keep_last"], 0)
    if word == "generalise":
        return {"year": (1, 0, 0, 0), "decade": (2, 0, 0, 0), "band": (0, 1, 0, 0)}[
            action["generalise"]
        ]
    return (0, 0, 0, 0)


def at_least(a: Any, b: Any) -> bool:
    """Whether action `a` is as strong as `b`."""
    return all(x >= y for x, y in zip(strength(a), strength(b), strict=True))


def rank(name: str) -> int:
    return CLASSES.index(name)


def residual_of(entity: Data) -> str:
    """An entity's effective residual."""
    lowest = entity["action"] in ("placeholder", "redact")
    default: str = CLASSES[0] if lowest else entity["class"]
    return entity.get("residual", default)


def parsed(data: Data) -> Policy:
    """The compiled policy; like `parse`, but without a detour over YAML text, which is slow."""
    form = PolicyForm.model_validate_json(json.dumps(data))
    if problems := check(Document("{}", "generated.yaml"), form, None):
        raise ConfigError(problems)
    return compile_policy(form)


def parsed_pair(pair: tuple[Data, Data]) -> tuple[Policy, Policy]:
    """A policy before and after a restriction; one that the loader refuses loosens nothing."""
    before = parsed(pair[0])
    try:
        return before, parsed(pair[1])
    except ConfigError:  # e.g. an action that outgrew a rule's treat
        reject()


# Weighed so that about half of all requests are allowed: only those show how they are treated.
classes = st.sampled_from(CLASSES)
light_classes = st.sampled_from([*CLASSES, "public", "internal", "internal"])
some_entities = st.lists(st.sampled_from(ENTITIES), min_size=1, max_size=2, unique=True)
escalations = st.fixed_dictionaries(
    {"all_of": some_entities, "class": st.sampled_from([*CLASSES, "restricted", "restricted"])}
)
some_providers = st.lists(st.sampled_from(PROVIDERS), min_size=1, unique=True)


@st.composite
def entity_entries(draw: st.DrawFn, *, hide: bool = True) -> Data:
    action = draw(st.sampled_from([*ACTIONS[:-1], *ACTIONS]))
    entry: Data = {"class": draw(light_classes), "action": action}
    if draw(st.booleans()) and entry["action"] != "allow":
        entry["residual"] = draw(st.sampled_from(CLASSES[: rank(entry["class"]) + 1]))
    if hide and draw(st.booleans()):
        entry["hide"] = draw(st.sampled_from(HIDES))
    if draw(st.booleans()):
        entry["min_score"] = draw(st.sampled_from([0.3, 0.6, 0.9]))
    return entry


@st.composite
def conditions(draw: st.DrawFn, *, opening: bool) -> Data:
    """Scope and when, as the verb allows them."""
    said: Data = {}
    if draw(st.integers(0, 3)) == 0:
        said["scope"] = {"team": draw(st.sampled_from(TEAMS))}
    when: Data = {}
    if opening:
        if draw(st.integers(0, 3)) == 0:
            when["entities"] = {"none_of": draw(some_entities)}
        if draw(st.integers(0, 4)) == 0:
            when["opaque"] = False
    else:
        if draw(st.integers(0, 3)):
            when["entities"] = {draw(st.sampled_from(["any_of", "all_of"])): draw(some_entities)}
        if draw(st.integers(0, 4)) == 0:
            when["opaque"] = True
        if draw(st.integers(0, 4)) == 0:
            when["labels"] = {"purpose": draw(st.sampled_from(["ads", ["ads", "test"]]))}
    return said | ({"when": when} if when else {})


@st.composite
def provider_tests(draw: st.DrawFn) -> Data:
    tests: list[Data] = [
        {"region": ["eu"]},
        {"on_prem": True},
        {"trains": False},
        {"certs": {"all_of": ["a"]}},
        {"certs": {"any_of": ["a", "b"]}},
        {"names": draw(some_providers)},
        {"region": ["eu", "us"], "retention": "none"},
    ]
    return draw(st.sampled_from(tests))


@st.composite
def treatments(draw: st.DrawFn, entities: Data) -> Data:
    chosen: Data = {}
    for name in draw(some_entities):
        own = entities[name]["action"]
        strong = [a for a in ACTIONS if a != "allow" and at_least(a, own)]
        chosen[name] = draw(st.sampled_from(strong))
    return chosen


@st.composite
def restrictive_verbs(draw: st.DrawFn, entities: Data) -> Data:
    verb = draw(st.sampled_from(["require", "block", "treat"]))
    if verb == "require":
        return {"require": {"provider": draw(provider_tests())}}
    if verb == "treat":
        return {"treat": draw(treatments(entities))}
    return {"block": {"message": "no"}}


@st.composite
def policies(draw: st.DrawFn) -> Data:
    entities = {name: draw(entity_entries()) for name in ENTITIES}
    rules: list[Data] = []
    for index in range(draw(st.sampled_from([0, 1, 1, 2, 2, 2]))):
        permit: Data = {"providers": draw(st.just("any") | some_providers)}
        if draw(st.integers(0, 3)) == 0:
            permit["models"] = ["m1"]
        rules.append({"id": f"p{index}", "permit": permit} | draw(conditions(opening=True)))
    for index in range(draw(st.integers(0, 3))):
        verb = draw(restrictive_verbs(entities))
        rules.append({"id": f"r{index}"} | verb | draw(conditions(opening=False)))
    restrictive = [rule for rule in rules if rule["id"].startswith("r")]
    for index in range(draw(st.integers(0, 2)) if restrictive else 0):
        rule = draw(st.sampled_from(restrictive))
        lifts = next(verb for verb in ("require", "block", "treat") if verb in rule)
        waive = {
            "rule": rule["id"],
            "lifts": lifts,
            "to": {"provider": draw(st.just(PROVIDERS) | some_providers)},
        }
        scope = {"scope": {"team": draw(st.sampled_from(TEAMS))}}
        until = draw(st.sampled_from(DAYS)).isoformat()
        waiver: Data = {"id": f"w{index}", "waive": waive, "until": until}
        waiver["approved_by"] = ["one", "two"]
        rules.append(waiver | draw(conditions(opening=True)) | scope)
    return {
        "policy": "generated",
        "classes": CLASSES,
        "default": {
            "unclassified": draw(light_classes),
            "entity": draw(entity_entries()),
            "hide": draw(st.sampled_from(HIDES)),
        },
        "entities": entities,
        "escalate": draw(st.lists(escalations, max_size=2)),
        "labels": {"purpose": {"values": ["ads", "test", "care"], "assumed": []}},
        "providers": {
            name: {
                "region": draw(st.sampled_from(["eu", "us"])),
                "on_prem": draw(st.booleans()),
                "retention": draw(st.sampled_from(["none", "30d"])),
                "trains": draw(st.booleans()),
                "certs": draw(st.lists(st.sampled_from("ab"), unique=True)),
                "clearance": draw(st.sampled_from([*CLASSES, "confidential", "restricted"])),
            }
            for name in PROVIDERS
        },
        "rules": draw(st.permutations(rules)),
    }


@dataclass(frozen=True)
class Request:
    """All that a decision depends on besides the policy."""

    findings: tuple[Finding, ...]
    opaque: frozenset[str]
    labels: Data
    principal: Principal
    endpoint: Endpoint
    on: date
    attested: frozenset[str] = frozenset()
    counts: tuple[tuple[str, int], ...] = ()
    language: str = ""
    dialect: str = ""
    at: time | None = None


requests = st.builds(
    Request,
    findings=st.lists(
        st.builds(
            Finding,
            entity=st.sampled_from([*ENTITIES, UNLISTED]),
            start=st.just(0),
            end=st.just(1),
            score=st.sampled_from([0.2, 0.5, 0.8, 1.0, 1.0]),
            recognizer=st.just("generated"),
        ),
        max_size=5,
    ).map(tuple),
    opaque=st.sampled_from([frozenset[str]()] * 3 + [frozenset({"image"})]),
    labels=st.sampled_from(
        [{}] * 6
        + [{"purpose": purpose} for purpose in ("ads", "test", "care")]
        + [{"class": name} for name in ("internal", "restricted", "unheard-of")]
    ),
    principal=st.builds(
        Principal,
        tenant=st.just("t"),
        team=st.sampled_from(["red", *TEAMS, "green"]),
        app=st.just("a"),
    ),
    endpoint=st.builds(
        Endpoint, st.sampled_from([*PROVIDERS * 3, "unknown"]), st.sampled_from(["m1", "m2"])
    ),
    on=st.sampled_from([*DAYS, DAYS[-1] + timedelta(days=1)]),
)


@st.composite
def _raised(draw: st.DrawFn, name: str) -> str:
    return draw(st.sampled_from(CLASSES[rank(name) :]))


def _some_rule(draw: st.DrawFn, data: Data, verb: str) -> Data | None:
    rules = [rule for rule in data["rules"] if verb in rule]
    return draw(st.sampled_from(rules)) if rules else None


def _any_entity(draw: st.DrawFn, data: Data) -> Data:
    entries = [*data["entities"].values(), data["default"]["entity"]]
    return draw(st.sampled_from(entries))


def add_restriction(draw: st.DrawFn, data: Data) -> None:
    rule = {"id": "added"} | draw(restrictive_verbs(data["entities"]))
    data["rules"].append(rule | draw(conditions(opening=False)))


def add_escalation(draw: st.DrawFn, data: Data) -> None:
    data["escalate"].append({"all_of": draw(some_entities), "class": draw(classes)})


def raise_class(draw: st.DrawFn, data: Data) -> None:
    entry = _any_entity(draw, data)
    entry["class"] = draw(_raised(entry["class"]))


def raise_residual(draw: st.DrawFn, data: Data) -> None:
    entry = _any_entity(draw, data)
    span = CLASSES[rank(residual_of(entry)) : rank(entry["class"]) + 1]
    entry["residual"] = draw(st.sampled_from(span))


def raise_unclassified(draw: st.DrawFn, data: Data) -> None:
    data["default"]["unclassified"] = draw(_raised(data["default"]["unclassified"]))


def raise_escalation(draw: st.DrawFn, data: Data) -> None:
    for escalation in data["escalate"]:
        escalation["class"] = draw(_raised(escalation["class"]))


def strengthen_action(draw: st.DrawFn, data: Data) -> None:
    entry = _any_entity(draw, data)
    before = residual_of(entry)
    stronger = [a for a in ACTIONS if at_least(a, entry["action"])]
    entry["action"] = draw(st.sampled_from(stronger))
    if rank(residual_of(entry)) < rank(before):
        entry["residual"] = before


def strengthen_hide(draw: st.DrawFn, data: Data) -> None:
    entry = draw(st.sampled_from([*data["entities"].values(), data["default"]]))
    before = entry.get("hide", data["default"]["hide"])
    entry["hide"] = draw(st.sampled_from(HIDES[HIDES.index(before) :]))


def lower_clearance(draw: st.DrawFn, data: Data) -> None:
    provider = draw(st.sampled_from(list(data["providers"].values())))
    provider["clearance"] = draw(st.sampled_from(CLASSES[: rank(provider["clearance"]) + 1]))


def lower_min_score(draw: st.DrawFn, data: Data) -> None:
    _any_entity(draw, data)["min_score"] = 0.0


def remove_permit_or_waiver(draw: st.DrawFn, data: Data) -> None:
    for verb in ("permit", "waive"):
        if (rule := _some_rule(draw, data, verb)) and draw(st.booleans()):
            data["rules"].remove(rule)


def narrow_permit(draw: st.DrawFn, data: Data) -> None:
    if rule := _some_rule(draw, data, "permit"):
        permit = rule["permit"]
        if draw(st.booleans()):
            open_to = PROVIDERS if permit["providers"] == "any" else permit["providers"]
            permit["providers"] = draw(st.lists(st.sampled_from(open_to), min_size=1, unique=True))
        if draw(st.booleans()):
            permit["models"] = ["m1"]
        _narrow_conditions(draw, rule)


def narrow_waiver(draw: st.DrawFn, data: Data) -> None:
    if rule := _some_rule(draw, data, "waive"):
        open_to = rule["waive"]["to"]["provider"]
        rule["waive"]["to"]["provider"] = [draw(st.sampled_from(open_to))]
        earlier = [day for day in DAYS if day.isoformat() <= rule["until"]]
        rule["until"] = draw(st.sampled_from(earlier)).isoformat()
        _narrow_conditions(draw, rule)


def _narrow_conditions(draw: st.DrawFn, rule: Data) -> None:
    rule.setdefault("scope", {"team": draw(st.sampled_from(TEAMS))})
    tests = rule.setdefault("when", {}).setdefault("entities", {"none_of": []})
    tests["none_of"] = sorted({*tests["none_of"], *draw(some_entities)})


def remove_provider(draw: st.DrawFn, data: Data) -> None:
    """Take a provider out, and out of every permit and waiver that names it."""
    gone = draw(st.sampled_from(PROVIDERS))
    if any(
        gone in r.get("require", {}).get("provider", {}).get("names", ()) for r in data["rules"]
    ):
        return
    del data["providers"][gone]
    for rule in list(data["rules"]):
        holder, key = rule.get("permit"), "providers"
        if "waive" in rule:
            holder, key = rule["waive"]["to"], "provider"
        if holder and isinstance(holder[key], list):
            holder[key] = [name for name in holder[key] if name != gone]
            if not holder[key]:
                data["rules"].remove(rule)


RESTRICTIONS: list[Callable[[st.DrawFn, Data], None]] = [
    add_restriction,
    add_escalation,
    raise_class,
    raise_residual,
    raise_unclassified,
    raise_escalation,
    strengthen_action,
    strengthen_hide,
    lower_clearance,
    lower_min_score,
    remove_permit_or_waiver,
    narrow_permit,
    narrow_waiver,
    remove_provider,
]


@st.composite
def restricted_pairs(
    draw: st.DrawFn, restriction: Callable[[st.DrawFn, Data], None]
) -> tuple[Data, Data]:
    """A policy, and the same policy after one restriction."""
    before = draw(policies())
    after = copy.deepcopy(before)
    restriction(draw, after)
    return before, after
