"""How long lint, prove and diff take on a large policy, and how much they look at.

    python -m tests.bench.policies

Two hundred rules over a hundred entities, fifty providers and five hundred teams; CPU seconds of
this process, and the cells that were counted. The policy is made by a seeded draw, so that runs
compare; every rule names teams, entities or providers as large companies' policies do.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from proxy.policy.cases import Claim
from proxy.policy.compiled import Policy
from proxy.policy.diff import compare
from proxy.policy.lint import lint
from proxy.policy.load import load, parse
from proxy.policy.prove import prove

TODAY = date(2026, 11, 25)
RULES, ENTITIES, PROVIDERS, TEAMS = 200, 100, 50, 500
CLASSES = ["public", "internal", "confidential", "restricted"]

Data = dict[str, Any]


def large_policy(seed: int) -> Data:
    """A policy of that size as plain data; the same for the same seed."""
    draw = random.Random(seed)
    entities = [f"ENTITY_{n}" for n in range(ENTITIES)]
    providers = [f"provider-{n}" for n in range(PROVIDERS)]
    teams = [f"team-{n}" for n in range(TEAMS)]
    actions: list[Any] = ["placeholder", "redact", "hash", {"mask": {"keep_last": 4}}]
    rules: list[Data] = [{"id": "everyone", "permit": {"providers": "any"}}]
    for n in range(59):
        scope: Data = {"team": draw.sample(teams, 12)}
        if n % 4 == 0:
            scope["app"] = f"app-{n % 10}"
        permit: Data = {"providers": draw.sample(providers, 4)}
        if n % 5 == 0:
            permit["models"] = [f"model-{n % 7}"]
        rules.append({"id": f"permit-{n}", "scope": scope, "permit": permit})
    for n in range(60):
        when = {"entities": {"any_of": draw.sample(entities, 3)}}
        region = draw.sample(["eu", "us", "uk", "ch"], 2)
        rule: Data = {"id": f"require-{n}", "when": when}
        rules.append(rule | {"require": {"provider": {"region": region}}})
        if n % 3 == 0:
            rule["scope"] = {"team": draw.sample(teams, 40)}
    for n in range(25):
        when = {"entities": {"all_of": draw.sample(entities, 2)}}
        rules.append({"id": f"block-{n}", "when": when, "block": {}})
    for n in range(20):
        treat = dict.fromkeys(draw.sample(entities, 3), "block")
        rules.append({"id": f"treat-{n}", "scope": {"team": draw.sample(teams, 9)}, "treat": treat})
    for n in range(RULES - len(rules)):
        waive = {"rule": f"require-{n}", "lifts": "require"}
        waive["to"] = {"provider": draw.sample(providers, 3)}  # type: ignore[assignment]
        scope = {"team": draw.choice(teams), "app": f"app-{n % 10}"}
        until = f"2027-{1 + n % 12:02}-28"
        rules.append(
            {"id": f"waive-{n}", "scope": scope, "waive": waive, "until": until}
            | {"approved_by": ["one", "two"]}
        )
    return {
        "policy": "large/1",
        "classes": CLASSES,
        "default": {
            "unclassified": "restricted",
            "entity": {"class": "restricted", "action": "placeholder"},
            "hide": "off_premises",
        },
        "entities": {name: entity(draw, actions) for name in entities},
        "escalate": [
            {"all_of": draw.sample(entities, 2), "class": draw.choice(CLASSES[2:])}
            for _ in range(10)
        ],
        "providers": {
            name: {
                "region": draw.choice(["eu", "us", "uk", "ch"]),
                "on_prem": draw.random() < 0.1,
                "retention": draw.choice(["none", "30d"]),
                "trains": False,
                "clearance": draw.choice(CLASSES[1:]),
            }
            for name in providers
        },
        "rules": rules,
    }


def entity(draw: random.Random, actions: list[Any]) -> Data:
    """An entity's entry; every third says more than it must."""
    entry: Data = {"class": draw.choice(CLASSES[1:]), "action": draw.choice(actions)}
    if draw.random() < 0.3:
        entry |= {"hide": draw.choice(["always", "above_clearance"]), "residual": "public"}
        entry |= {"min_score": 0.4, "languages": {"de": {"min_score": 0.6, "action": "redact"}}}
    return entry


def written(data: Data) -> str:
    """The policy as a file's text; block style, and no anchors, which policies may not have."""
    return yaml.safe_dump(json.loads(json.dumps(data)), sort_keys=False)


def edited(data: Data) -> Data:
    """The same policy after a working day: some entities, rules and providers changed."""
    draw, changed = random.Random(7), yaml.safe_load(yaml.safe_dump(data))
    for name in draw.sample(sorted(changed["entities"]), 10):
        changed["entities"][name]["class"] = "public"
    for rule in draw.sample(changed["rules"][60:120], 10):
        rule["scope"] = {"team": "team-1"}
    for name in draw.sample(sorted(changed["providers"]), 5):
        changed["providers"][name]["clearance"] = "restricted"
    return changed


def _timed(what: str, run: Callable[[], str]) -> None:
    start = time.process_time()
    told = run()
    sys.stdout.write(f"{what:<34} {time.process_time() - start:6.2f} s CPU   {told}\n")


def _diff(old: Policy, new: Policy) -> str:
    found = compare(old, new, TODAY)
    changed = f"{len(found.loosenings)} loosen, {len(found.tightenings)} tighten"
    return f"{found.corners} corners, {found.cells} cells; {changed}"


def _prove(policy: Policy, claim: Data) -> str:
    proof = prove(policy, Claim.model_validate(claim), TODAY)
    return f"{proof.partition.cells} cells; {'broken' if proof.counterexample else 'proved'}"


def main() -> None:
    """Measure, and print a line for each."""
    data = large_policy(1)
    text = written(data)
    size = f"{len(data['rules'])} rules, {ENTITIES} entities, {PROVIDERS} providers, {TEAMS} teams"
    sys.stdout.write(f"{size}; {len(text)} characters\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.yaml"
        path.write_text(text)
        _timed("load", lambda: load(path).digest[:12])
        _timed("lint", lambda: f"{len(lint(path, None, TODAY))} warnings")
    policy = parse(text, "large.yaml")
    everything = {"entities": ("any",), "opaque": True, "never": "shown"}
    off_premises = everything | {"to": {"on_prem": False}}
    _timed("prove: nothing shown outside", lambda: _prove(policy, off_premises))
    _timed(
        "prove: one entity sent nowhere",
        lambda: _prove(policy, {"entities": ("ENTITY_1",), "never": "sent"}),
    )
    _timed("prove: nothing sent at all", lambda: _prove(policy, everything | {"never": "sent"}))
    _timed("diff with itself", lambda: _diff(policy, policy))
    changed = parse(written(edited(data)), "edited.yaml")
    _timed("diff after a working day", lambda: _diff(policy, changed))
    other = parse(written(large_policy(2)), "other.yaml")
    _timed("diff with another policy altogether", lambda: _diff(policy, other))


if __name__ == "__main__":
    main()
