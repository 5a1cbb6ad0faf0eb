"""A policy of the size that issue and README speak of, made by a seeded draw so that runs compare.

Every rule names teams, entities or providers, as large companies' policies do, and each part of the
format occurs: labels, hours, counts, models, languages, rules about answers.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import yaml

RULES, ENTITIES, PROVIDERS, TEAMS = 200, 100, 50, 500
SIZE = f"{RULES} rules, {ENTITIES} entities, {PROVIDERS} providers, {TEAMS} teams"
CLASSES = ["public", "internal", "confidential", "restricted"]

Data = dict[str, Any]

_REGIONS = ["eu", "us", "uk", "ch"]
_ACTIONS: list[Any] = ["placeholder", "redact", "hash", {"mask": {"keep_last": 4}}]


def names(kind: str, count: int) -> list[str]:
    """``team-0``, ``team-1`` …"""
    return [f"{kind}{number}" for number in range(count)]


def entities() -> list[str]:
    """The names of all entities."""
    return names("ENTITY_", ENTITIES)


def large_policy(seed: int) -> Data:
    """Such a policy as plain data; the same for the same seed."""
    draw = random.Random(seed)
    rules = list(_rules(draw))
    return {
        "policy": f"large/{seed}",
        "classes": CLASSES,
        "default": _default(),
        "entities": {name: _entity(draw) for name in entities()},
        "escalate": list(_escalations(draw)),
        "labels": {"purpose": {"values": ["care", "research", "sales"], "assumed": []}},
        "providers": {name: _provider(draw) for name in names("provider-", PROVIDERS)},
        "rules": rules + list(_waivers(draw, RULES - len(rules))),
    }


def _rules(draw: random.Random) -> Iterator[Data]:
    """All but the waivers."""
    yield {"id": "everyone", "permit": {"providers": "any"}}
    for n in range(59):
        yield {"id": f"permit-{n}"} | _permit(draw, n)
    for n in range(60):
        yield {"id": f"require-{n}"} | _require(draw, n)
    for n in range(20):
        when = {"entities": {"all_of": draw.sample(entities(), 2)}}
        weekend = {"scope": {"time": {"days": ["sat", "sun"], "from": "20:00"}}}
        rule: Data = {"id": f"block-{n}", "when": when, "block": {"message": "Leave one out."}}
        yield rule | (weekend if n % 10 == 3 else {})
    for n in range(20):
        treat = dict.fromkeys(draw.sample(entities(), 3), "block")
        yield {"id": f"treat-{n}", "scope": _teams(draw, 9), "treat": treat}
    for n in range(5):
        said: Data = {"output": dict.fromkeys(draw.sample(entities(), 2), "mask")}
        said = {"withhold": draw.sample(entities(), 2)} if n % 2 else said
        yield {"id": f"answer-{n}", "scope": _teams(draw, 20)} | said


def _teams(draw: random.Random, count: int) -> Data:
    return {"team": draw.sample(names("team-", TEAMS), count)}


def _permit(draw: random.Random, n: int) -> Data:
    scope = _teams(draw, 12)
    if n % 4 == 0:
        scope["app"] = f"app-{n % 10}"
    permit: Data = {"providers": draw.sample(names("provider-", PROVIDERS), 4)}
    if n % 5 == 0:
        permit["models"] = [f"model-{n % 7}"]
    return {"scope": scope, "permit": permit}


def _require(draw: random.Random, n: int) -> Data:
    when: Data = {"entities": {"any_of": draw.sample(entities(), 3)}}
    if n % 20 == 1:
        when["labels"] = {"purpose": draw.choice(["care", "sales"])}
    test: Data = {"region": draw.sample(_REGIONS, 2)}
    if n % 6 == 0:
        test = {"certs": {"all_of": ["soc2"]}}
    rule: Data = {"when": when, "require": {"provider": test}}
    return rule | ({"scope": _teams(draw, 40)} if n % 3 == 0 else {})


def _waivers(draw: random.Random, count: int) -> Iterator[Data]:
    for n in range(count):
        waive: Data = {"rule": f"require-{n}", "lifts": "require"}
        waive["to"] = {"provider": draw.sample(names("provider-", PROVIDERS), 3)}
        yield {
            "id": f"waive-{n}",
            "scope": _teams(draw, 1) | {"app": f"app-{n % 10}"},
            "waive": waive,
            "until": f"2027-{1 + n % 12:02}-28",
            "approved_by": ["one", "two"],
        }


def _escalations(draw: random.Random) -> Iterator[Data]:
    for n in range(10):
        some = draw.sample(entities(), 2)
        said: Data = {"at_least": {some[0]: 50}} if n % 5 == 0 else {"all_of": some}
        yield said | {"class": draw.choice(CLASSES[2:])}


def _entity(draw: random.Random) -> Data:
    """An entity's entry; every third says more than it must."""
    entry: Data = {"class": draw.choice(CLASSES[1:]), "action": draw.choice(_ACTIONS)}
    if draw.random() < 0.3:
        entry |= {"hide": draw.choice(["always", "above_clearance"]), "residual": "public"}
        entry |= {"min_score": 0.4, "languages": {"de": {"min_score": 0.6, "action": "redact"}}}
    return entry


def _provider(draw: random.Random) -> Data:
    return {
        "region": draw.choice(_REGIONS),
        "on_prem": draw.random() < 0.1,
        "retention": draw.choice(["none", "30d"]),
        "trains": False,
        "certs": ["soc2"] if draw.random() < 0.7 else [],
        "clearance": draw.choice(CLASSES[1:]),
    }


def _default() -> Data:
    return {
        "unclassified": "restricted",
        "entity": {"class": "restricted", "action": "placeholder"},
        "hide": "off_premises",
    }


def edited(data: Data) -> Data:
    """The same policy after a working day: some entities, rules and providers changed."""
    draw, changed = random.Random(7), json.loads(json.dumps(data))
    for name in draw.sample(sorted(changed["entities"]), 10):
        changed["entities"][name]["class"] = "public"
    for rule in draw.sample(changed["rules"][60:120], 10):
        rule["scope"] = {"team": "team-1"}
    for name in draw.sample(sorted(changed["providers"]), 5):
        changed["providers"][name]["clearance"] = "restricted"
    return dict(changed)


def empty_policy() -> Data:
    """One permit for as many providers, and nothing else."""
    provider = {"region": "eu", "on_prem": False, "clearance": "restricted"}
    return {
        "policy": "empty/1",
        "classes": CLASSES,
        "default": _default(),
        "providers": dict.fromkeys(names("provider-", PROVIDERS), provider),
        "rules": [{"id": "everyone", "permit": {"providers": "any"}}],
    }


def written(data: Data) -> str:
    """The policy as a file's text; block style, and no anchors, which policies may not have."""
    return yaml.safe_dump(json.loads(json.dumps(data)), sort_keys=False)
