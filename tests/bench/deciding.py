"""What a decision costs: `python -m tests.bench.deciding`. Prints; asserts nothing.

A policy of 200 rules, 100 entities, 50 providers and 500 teams, asked about requests that it hasn't
seen (nothing is remembered from one decision to the next), beside a policy with one permit. Times
are CPU time of this thread, so that what else runs matters less.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from proxy.exchange import Endpoint, Facts, Principal
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.policy.load import parse

CLASSES = ["public", "internal", "confidential", "restricted"]
RULES, ENTITIES, PROVIDERS, TEAMS = 200, 100, 50, 500
_ON = date(2026, 11, 25)
_ASKED = 20_000

Data = dict[str, Any]


def names(kind: str, count: int) -> list[str]:
    """``E_0`` … or ``team-0`` …"""
    return [f"{kind}{number}" for number in range(count)]


def large(chance: random.Random) -> Data:
    """A policy of the sizes above: permits by team, then every other verb in turn."""
    entities, providers = names("E_", ENTITIES), names("provider-", PROVIDERS)
    rules: list[Data] = []
    for number in range(RULES):
        some = chance.sample(entities, 2)
        teams = [f"team-{chance.randrange(TEAMS)}" for _ in range(25)]
        rule: Data = {"id": f"rule-{number:03}"}
        match number % 5:
            case 0:
                opened = chance.sample(providers, 20) if number else "any"
                rule |= {"permit": {"providers": opened}}
                rule |= {"scope": {"team": teams}} if number else {}
            case 1:
                rule |= {"when": {"entities": {"any_of": some}}, "block": {}}
                rule |= {"scope": {"team": teams}}
            case 2:
                rule |= {"when": {"entities": {"all_of": some}}}
                rule |= {"require": {"provider": {"region": "eu", "certs": {"all_of": ["a"]}}}}
            case 3:
                rule |= {"when": {"entities": {"any_of": some}}}
                rule |= {"treat": {some[0]: "redact"}}
            case _:
                waive = {"rule": f"rule-{number - 2:03}", "lifts": "require"}
                waive |= {"to": {"provider": chance.sample(providers, 3)}}
                rule |= {"waive": waive, "scope": {"team": teams}}
                rule |= {"until": "2027-01-01", "approved_by": ["x", "y"]}
        rules.append(rule)
    return {
        "policy": "bench/large",
        "classes": CLASSES,
        "default": _default(),
        "entities": {
            name: {"class": chance.choice(CLASSES), "action": "placeholder"} for name in entities
        },
        "escalate": [
            {"all_of": chance.sample(entities, 2), "class": "restricted"} for _ in range(20)
        ],
        "providers": {
            name: {
                "region": chance.choice(["eu", "us"]),
                "on_prem": chance.random() < 0.2,
                "clearance": chance.choice(CLASSES),
                "certs": ["a"] if chance.random() < 0.5 else [],
            }
            for name in providers
        },
        "rules": rules,
    }


def empty() -> Data:
    """One permit for the same providers, and nothing else."""
    provider = {"region": "eu", "on_prem": False, "clearance": "restricted"}
    return {
        "policy": "bench/empty",
        "classes": CLASSES,
        "default": _default(),
        "providers": dict.fromkeys(names("provider-", PROVIDERS), provider),
        "rules": [{"id": "all", "permit": {"providers": "any"}}],
    }


def _default() -> Data:
    entity = {"class": "confidential", "action": "placeholder"}
    return {"unclassified": "restricted", "entity": entity, "hide": "off_premises"}


def questions(chance: random.Random) -> list[tuple[Facts, Principal, Endpoint]]:
    """Requests with up to eight entities, by any team, for any provider; no two alike."""
    entities = names("E_", ENTITIES)
    return [
        (
            Facts(frozenset(chance.sample(entities, chance.randrange(9))), dialect="openai.chat"),
            Principal("acme", f"team-{chance.randrange(TEAMS)}", f"app-{number}"),
            Endpoint(f"provider-{chance.randrange(PROVIDERS)}", "model"),
        )
        for number in range(_ASKED)
    ]


def costs(policy: Policy, asked: Sequence[tuple[Facts, Principal, Endpoint]]) -> list[float]:
    """Microseconds of each decision, sorted."""
    return sorted(_timed(lambda one=one: decide(policy, *one, _ON)) for one in asked)  # type: ignore[misc]


def _timed(work: Callable[[], object]) -> float:
    before = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - before) / 1000


def main() -> None:
    """Print the figures."""
    chance = random.Random(4)
    asked = questions(chance)
    rows = {}
    for data in (large(chance), empty()):
        text = json.dumps(data, indent=1)
        before = time.thread_time_ns()
        policy = parse(text, "bench.yaml")
        loading = (time.thread_time_ns() - before) / 1e6
        costs(policy, asked[:1000])
        rows[policy.name] = (costs(policy, asked), loading)
        allowed = sum(decide(policy, *one, _ON).allowed for one in asked) / len(asked)
        times = rows[policy.name][0]
        print(
            f"{policy.name:<12} p50 {times[len(times) // 2]:7.1f} µs   p99"
            f" {times[len(times) * 99 // 100]:7.1f} µs   allowed {allowed:4.0%}"
            f"   loaded in {loading:.0f} ms of CPU"
        )
    ours, bare = (times[len(times) // 2] for times, _ in rows.values())
    print(f"ratio of the medians: {ours / bare:.1f}")


if __name__ == "__main__":
    main()
