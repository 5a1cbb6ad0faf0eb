"""DESIGN section 8 again, word by word over the plain data of a policy: slow, naive, independent.

It shares no code with proxy.policy: actions are the words of the file, and the join is a search
for the weakest action that is as strong as every demand.
"""

from __future__ import annotations

import hashlib
from typing import Any

from tests.properties.policy_space import (
    ACTIONS,
    ENTITIES,
    UNLISTED,
    Data,
    Request,
    at_least,
    rank,
    residual_of,
)


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
        if f.score >= _least_score(_entry(data, f.entity), f.recognizer, request.language)
    }
    matched = matching(data, request, set(found))
    lifted = {
        r["waive"]["rule"]
        for r in matched
        if "waive" in r
        and name in _many(r["waive"]["to"]["provider"])
        and request.on.isoformat() <= r["until"]
    }
    standing = [r for r in matched if r["id"] not in lifted]

    treatment = {}
    for entity in found:
        action = _strongest(_demands(data, provider, entity, found, standing, request))
        if action != "allow":
            treatment[entity] = action

    refused = {f"entity-block:{entity}" for entity in treatment if treatment[entity] == "block"}
    refused |= _classes_refuse(data, clearance, found, request)
    if request.endpoint.model not in provider.get("models", [request.endpoint.model]):
        refused.add("unknown-model")
    refused |= {r["id"] for r in standing if "block" in r}
    refused |= {
        r["id"]
        for r in standing
        if "require" in r and not _meets(name, provider, r["require"]["provider"])
    }
    if not any("permit" in r and _opens(r["permit"], request) for r in matched):
        refused.add("default-deny")
    return not refused, {} if refused else treatment, refused


def terms(data: Data, request: Request, found: set[str]) -> tuple[dict[str, str], set[str], str]:
    """What is done with each entity in the answer, what is withheld, what is kept ("" unsaid)."""
    rules = matching(data, request, found)
    outputs = {}
    for entity in (*ENTITIES, UNLISTED):
        said = [
            r["output"].get(entity, r["output"].get("any", "leave")) for r in rules if "output" in r
        ]
        outputs[entity] = max(said, key=["leave", "mask", "block"].index, default="leave")
    withheld = {e for r in rules if "withhold" in r for e in _many(r["withhold"])}
    keeps = [r["keep"] for r in rules if "keep" in r]
    keeps += [data["audit"]["keep"]] if "audit" in data else []
    return outputs, withheld, min(keeps, key=["metadata", "masked", "full"].index, default="")


def _least_score(entry: Data, recognizer: str, language: str) -> float:
    overrides = [
        entry.get("recognizers", {}).get(recognizer, {}),
        entry.get("languages", {}).get(language, {}),
    ]
    scores = [override["min_score"] for override in overrides if "min_score" in override]
    return float(min(scores)) if scores else float(entry.get("min_score", 0.0))


def _demands(
    data: Data,
    provider: Data,
    entity: str,
    found: dict[str, Data],
    standing: list[Data],
    request: Request,
) -> list[Any]:
    entry, clearance = found[entity], rank(provider["clearance"])
    own = [entry["action"], *_overriding(entry, entity, request)]
    demands: list[Any] = ["allow"]
    hide = entry.get("hide", data["default"]["hide"])
    if hide == "always" or rank(entry["class"]) > clearance:
        demands += own
    if hide == "off_premises" and not provider["on_prem"]:
        demands += own
    for escalation in data["escalate"]:
        counted = escalation.get("at_least", {})
        members = [*escalation.get("all_of", ()), *counted]
        complete = all(member in found for member in members) and all(
            _count(name, request, set(found)) >= least for name, least in counted.items()
        )
        if complete and entity in members and rank(escalation["class"]) > clearance:
            demands += [*own, "placeholder"]
    return demands + [r["treat"][entity] for r in standing if entity in r.get("treat", {})]


def _classes_refuse(
    data: Data, clearance: int, found: dict[str, Data], request: Request
) -> set[str]:
    refused = set()
    for entry in found.values():
        if rank(entry["class"]) > clearance and rank(residual_of(entry)) > clearance:
            refused.add("clearance")
    kinds = data["default"].get("opaque", {})
    for kind in request.opaque:
        if rank(kinds.get(kind, data["default"]["unclassified"])) > clearance:
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


def _overriding(entry: Data, entity: str, request: Request) -> list[Any]:
    """The actions that findings of this entity ask for, by where they came from."""
    accepted = [
        f
        for f in request.findings
        if f.entity == entity and f.score >= _least_score(entry, f.recognizer, request.language)
    ]
    recognizers, languages = entry.get("recognizers", {}), entry.get("languages", {})
    said = [recognizers[f.recognizer] for f in accepted if f.recognizer in recognizers]
    said += [languages[request.language]] if accepted and request.language in languages else []
    return [override["action"] for override in said if "action" in override]


def _count(entity: str, request: Request, found: set[str]) -> int:
    return dict(request.counts).get(entity, 1) if entity in found else 0


def matching(data: Data, request: Request, found: set[str]) -> list[Data]:
    """The rules in force that match; of `data` only what is asked of labels is looked at besides."""
    return [
        r
        for r in data["rules"]
        if not r.get("shadow")
        and _rolled_out(r, request)
        and in_scope(r, request)
        and _labels_hold(data, r, request)
        and _matches(r, request, found)
    ]


def _rolled_out(rule: Data, request: Request) -> bool:
    who = request.principal
    name = "\0".join((rule["id"], who.tenant, who.team)).encode()
    place = int(hashlib.sha256(name).hexdigest()[:16], 16) % 100
    return place < rule.get("rollout", {}).get("percent_of_teams", 100)


def in_scope(rule: Data, request: Request) -> bool:
    """Whether a rule is for this caller, model, dialect and time."""
    has = {
        "tenant": request.principal.tenant,
        "team": request.principal.team,
        "user": request.principal.user,
        "app": request.principal.app,
        "key": request.principal.key_id,
        "model": request.endpoint.model,
        "dialect": request.dialect,
    }
    scope = rule.get("scope", {})
    for key, value in scope.items():
        if key != "time" and has[key] not in _many(value):
            return False
    if "time" not in scope:
        return True
    window = scope["time"]
    if f"{request.on:%a}".lower() not in window.get("days", [f"{request.on:%a}".lower()]):
        return False
    if request.at is None:
        return not ("permit" in rule or "waive" in rule)
    return bool(window["from"] <= f"{request.at:%H:%M}" < window["to"])


def _labels_hold(data: Data, rule: Data, request: Request) -> bool:
    for name, wanted in rule.get("when", {}).get("labels", {}).items():
        known = data["labels"][name]
        said = request.labels.get(name)
        attested = name in request.attested and said is not None
        if "permit" in rule or "waive" in rule:
            may_have = {said} if attested else set()
        else:
            said_values = set(known["values"]) if said not in known["values"] else {said}
            assumed = set(known.get("assumed", known["values"]))
            may_have = (said_values if said is not None else set()) | (
                set() if attested else assumed
            )
        if not may_have & set(_many(wanted)):
            return False
    return True


def _matches(rule: Data, request: Request, found: set[str]) -> bool:
    when = rule.get("when", {})
    tests = when.get("entities", {})
    if "any_of" in tests and not found & set(tests["any_of"]):
        return False
    if not set(tests.get("all_of", ())) <= found or set(tests.get("none_of", ())) & found:
        return False
    if any(_count(name, request, found) < n for name, n in tests.get("at_least", {}).items()):
        return False
    opaque = when.get("opaque", bool(request.opaque))
    if isinstance(opaque, dict):
        kinds = set(request.opaque)
        return bool(
            ("any_of" not in opaque or kinds & set(opaque["any_of"]))
            and not kinds & set(opaque.get("none_of", ()))
        )
    return opaque is bool(request.opaque)


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
        and _attested(provider.get("attested"), test.get("attested", {}))
    )


def _attested(attested: Data | None, test: Data) -> bool:
    if attested is None:
        return not test
    return test.get("since", "") <= attested["day"] and attested["by"] in _many(
        test.get("by", attested["by"])
    )
