"""DESIGN section 8 again, word by word over the plain data of a policy: slow, naive, independent.

It shares no code with proxy.policy: actions are the words of the file, and the join is a search
for the weakest action that is as strong as every demand.
"""

from __future__ import annotations

from typing import Any

from tests.properties.policy_space import ACTIONS, Data, Request, at_least, rank, residual_of


def reference(data: Data, request: Request) -> tuple[bool, dict[str, Any], set[str]]:
    """Whether the endpoint is allowed; how each hidden entity is treated; which rules refuse."""
    name = request.endpoint.provider
    if name not in data["providers"]:
        return False, {}, {"unknown-provider"}
    provider = data["providers"][name]
    clearance = rank(provider["clearance"])
    found = {
        f.entity: _entry(data, f.entity)
        for f in request.findings
        if f.score >= _entry(data, f.entity).get("min_score", 0.0)
    }
    matching = [r for r in data["rules"] if _matches(r, request, set(found))]
    lifted = {
        r["waive"]["rule"]
        for r in matching
        if "waive" in r
        and name in _many(r["waive"]["to"]["provider"])
        and request.on.isoformat() <= r["until"]
    }
    standing = [r for r in matching if r["id"] not in lifted]

    treatment = {}
    for entity in found:
        action = _strongest(_demands(data, provider, entity, found, standing))
        if action != "allow":
            treatment[entity] = action

    refused = {f"entity-block:{entity}" for entity in treatment if treatment[entity] == "block"}
    refused |= _classes_refuse(data, clearance, found, request)
    refused |= {r["id"] for r in standing if "block" in r}
    refused |= {
        r["id"]
        for r in standing
        if "require" in r and not _meets(name, provider, r["require"]["provider"])
    }
    if not any("permit" in r and _opens(r["permit"], request) for r in matching):
        refused.add("default-deny")
    return not refused, {} if refused else treatment, refused


def _demands(
    data: Data, provider: Data, entity: str, found: dict[str, Data], standing: list[Data]
) -> list[Any]:
    entry, clearance = found[entity], rank(provider["clearance"])
    demands: list[Any] = ["allow"]
    hide = entry.get("hide", data["default"]["hide"])
    if hide == "always" or rank(entry["class"]) > clearance:
        demands.append(entry["action"])
    if hide == "off_premises" and not provider["on_prem"]:
        demands.append(entry["action"])
    for escalation in data["escalate"]:
        members = escalation["all_of"]
        complete = all(member in found for member in members)
        if complete and entity in members and rank(escalation["class"]) > clearance:
            demands += [entry["action"], "placeholder"]
    return demands + [r["treat"][entity] for r in standing if entity in r.get("treat", {})]


def _classes_refuse(
    data: Data, clearance: int, found: dict[str, Data], request: Request
) -> set[str]:
    refused = set()
    for entry in found.values():
        if rank(entry["class"]) > clearance and rank(residual_of(entry)) > clearance:
            refused.add("clearance")
    if request.opaque and rank(data["default"]["unclassified"]) > clearance:
        refused.add("unclassified")
    label = request.labels.get("class", data["classes"][0])
    if (rank(label) if label in data["classes"] else len(data["classes"]) - 1) > clearance:
        refused.add("declared-class")
    return refused


def _entry(data: Data, entity: str) -> Data:
    entry: Data = data["entities"].get(entity, data["default"]["entity"])
    return entry


def _strongest(demands: list[Any]) -> Any:
    candidates = [a for a in ACTIONS if all(at_least(a, demand) for demand in demands)]
    return next(a for a in candidates if all(at_least(b, a) for b in candidates))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _matches(rule: Data, request: Request, found: set[str]) -> bool:
    if request.principal.team not in _many(
        rule.get("scope", {}).get("team", request.principal.team)
    ):
        return False
    when = rule.get("when", {})
    tests = when.get("entities", {})
    if "any_of" in tests and not found & set(tests["any_of"]):
        return False
    if not set(tests.get("all_of", ())) <= found or set(tests.get("none_of", ())) & found:
        return False
    if "opaque" in when and when["opaque"] is not bool(request.opaque):
        return False
    return all(request.labels.get(k) in _many(v) for k, v in when.get("labels", {}).items())


def _opens(permit: Data, request: Request) -> bool:
    providers = _many(permit["providers"])
    return (providers == ["any"] or request.endpoint.provider in providers) and (
        "models" not in permit or request.endpoint.model in permit["models"]
    )


def _meets(name: str, provider: Data, test: Data) -> bool:
    certs = test.get("certs", {})
    return (
        name in test.get("names", [name])
        and all(
            provider[key] in _many(test[key])
            for key in ("region", "on_prem", "retention", "trains")
            if key in test
        )
        and set(certs.get("all_of", ())) <= set(provider["certs"])
        and ("any_of" not in certs or bool(set(certs["any_of"]) & set(provider["certs"])))
    )
