"""The packs keep what their headers promise: whatever is weakened in one, its own tests notice.

Each rule, escalation and entity is removed and weakened in turn, and so are the defaults, the
demands within a rule, and what a restriction waits for. A change without any effect (which `diff`
proves) can't be noticed, and needn't be; but no weakened entity and no removed rule may be one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from proxy.commands.scaffold import PACKS, write_pack
from proxy.detect.produced import produced_entities
from proxy.detect.settings import DetectSettings
from proxy.policy.cases import TestFile
from proxy.policy.compiled import Policy
from proxy.policy.diff import compare
from proxy.policy.lint import NOTES, lint
from proxy.policy.testing import differences, run
from proxy.yaml_file import ConfigError, Document
from tests.properties.policy_space import parsed

POLICIES = Path(__file__).parent.parent.parent / "policies"
TODAY = date(2026, 11, 25)
Data = dict[str, Any]
NAMES = list(PACKS)
SEVERE = ("rule ", "weaker entity ", "escalation ")


def read(name: str) -> tuple[Data, TestFile]:
    """A pack as plain data, and its tests."""
    policy = POLICIES / f"{PACKS[name]}.yaml"
    tests = policy.with_suffix(".test.yaml")
    data: Data = Document(policy.read_text(), policy.name).value
    return data, Document(tests.read_text(), tests.name).read(TestFile)


def loaded(data: Data) -> Policy | None:
    """The policy, None if it doesn't load: then nobody can be harmed by it."""
    try:
        return parsed(data)
    except ConfigError:
        return None


def notices(form: TestFile, policy: Policy) -> bool:
    """Whether any of the tests fails."""
    return any(problem for _, _, problem in differences(form, policy, TODAY))


def mutants(data: Data) -> Iterator[tuple[str, Data]]:
    """Every weakening, and what it is called."""
    for index, rule in enumerate(data["rules"]):
        without = copy.deepcopy(data)
        del without["rules"][index]
        yield f"rule {rule['id']} removed", without
        yield from _weaker_rules(data, index)
    for index, escalation in enumerate(data.get("escalate", ())):
        without = copy.deepcopy(data)
        del without["escalate"][index]
        yield f"escalation {index} removed", without
        lower = copy.deepcopy(data)
        lower["escalate"][index]["class"] = data["classes"][0]
        yield f"escalation {index} lowered", lower
        for name in escalation["all_of"]:
            more = copy.deepcopy(data)
            more["entities"]["NEVER_FOUND"] = {"class": "public", "action": "allow"}
            more["escalate"][index]["all_of"].append("NEVER_FOUND")
            yield f"escalation {index} needs more than {name}", more
    for name in data["entities"]:
        yield f"entity {name} removed", _without_entity(data, name)
        if data["entities"][name]["action"] != "allow":
            weak = copy.deepcopy(data)
            weak["entities"][name] = {"class": data["classes"][0], "action": "allow"}
            yield f"weaker entity {name}", weak
    yield from _weaker_defaults(data)


def _weaker_rules(data: Data, index: int) -> Iterator[tuple[str, Data]]:
    rule = data["rules"][index]
    opening = "permit" in rule or "waive" in rule
    for name in rule.get("when", {}).get("entities", {}).get("any_of", ()) if not opening else ():
        narrower = copy.deepcopy(data)
        waited = narrower["rules"][index]["when"]["entities"]["any_of"]
        waited.remove(name)
        if waited:
            yield f"rule {rule['id']} doesn't wait for {name}", narrower
    for name in rule.get("when", {}).get("entities", {}).get("at_least", ()):
        more = copy.deepcopy(data)
        more["rules"][index]["when"]["entities"]["at_least"][name] *= 2
        yield f"rule {rule['id']} waits for more of {name}", more
    if not opening:
        nobody = copy.deepcopy(data)
        nobody["rules"][index]["scope"] = {"team": "nobody"}
        yield f"rule {rule['id']} is for nobody", nobody
    for key, accepted in rule.get("require", {}).get("provider", {}).items():
        laxer = copy.deepcopy(data)
        demand = laxer["rules"][index]["require"]["provider"]
        if isinstance(accepted, dict):
            for part in list(accepted):
                one = copy.deepcopy(laxer)
                del one["rules"][index]["require"]["provider"][key][part]
                if one["rules"][index]["require"]["provider"][key]:
                    yield f"demand of {rule['id']} without {key}.{part}", one
        del demand[key]
        if demand:
            yield f"demand of {rule['id']} without {key}", laxer


def _without_entity(data: Data, name: str) -> Data:
    """The entity's entry gone, and with it every mention; a rule that is about nothing else too."""
    without = copy.deepcopy(data)
    del without["entities"][name]
    kept = []
    for rule in without["rules"]:
        tests = rule.get("when", {}).get("entities", {})
        for key in list(tests):
            if isinstance(tests[key], list):
                tests[key] = [other for other in tests[key] if other != name]
            else:
                tests[key].pop(name, None)
        mentioned = "entities" in rule.get("when", {})
        if not mentioned or all(tests.values()):
            kept.append(rule)
    without["rules"] = kept
    without["escalate"] = [e for e in data.get("escalate", ()) if name not in e["all_of"]]
    return without


def _weaker_defaults(data: Data) -> Iterator[tuple[str, Data]]:
    lowest, highest = data["classes"][0], data["classes"][-1]
    weak = copy.deepcopy(data)
    weak["default"]["entity"] = {"class": lowest, "action": "allow"}
    yield "weaker entity default", weak
    weak = copy.deepcopy(data)
    weak["default"]["unclassified"] = lowest
    yield "unclassified lowered", weak
    weak = copy.deepcopy(data)
    weak["default"]["hide"] = "above_clearance"
    yield "hide weakened", weak
    for name in data["providers"]:
        cleared = copy.deepcopy(data)
        cleared["providers"][name]["clearance"] = highest
        yield f"provider {name} cleared for all", cleared


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_weakened_the_packs_own_tests_notice(name: str) -> None:
    data, form = read(name)
    whole = parsed(data)
    assert not notices(form, whole)
    unnoticed, tried = [], 0
    for what, mutant in mutants(data):
        policy = loaded(mutant)
        tried += 1
        if policy is None or notices(form, policy):
            continue
        if what.startswith(SEVERE) or compare(whole, policy, TODAY).loosenings:
            unnoticed.append(what)
    assert unnoticed == []
    assert tried > 3 * len(data["rules"]) + len(data["entities"])


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_is_clean_and_names_only_what_recognizers_produce(name: str, tmp_path: Path) -> None:
    policy, tests = write_pack(name, tmp_path)
    produced = produced_entities(DetectSettings())
    assert [p for p in lint(policy, produced, TODAY) if p.code not in NOTES] == []
    assert all(result.passed for result in run(tests, TODAY))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "default"])
def test_a_header_says_what_each_rule_serves_and_what_the_pack_can_not_do(name: str) -> None:
    text = (POLICIES / f"{PACKS[name]}.yaml").read_text()
    header = text[: text.index("\npolicy:")]
    assert "# What it can't do:" in header
    data, _ = read(name)
    for rule in data["rules"]:
        assert rule["why"]
        assert rule["id"] in header or "permit" in rule or "output" in rule, rule["id"]
