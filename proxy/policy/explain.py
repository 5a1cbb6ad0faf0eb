"""Why a decision is what it is: for each endpoint, every rule with what it does or why it doesn't.

The verdict is `decide`'s own. Notes are made from the same predicates as decide uses, so that an
explanation can't tell another story than the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from proxy.exchange import Endpoint, Facts, Principal, Verdict
from proxy.ladder import spell
from proxy.policy.compiled import Policy
from proxy.policy.decide import admits, decide, opens
from proxy.policy.lookup import binds
from proxy.policy.rules import Block, Permit, Require, Rule, Treat, Waiver


@dataclass(frozen=True, slots=True)
class EntityNote:
    """What policy says about an entity that was found."""

    entity: str
    data_class: str
    action: str
    residual: str
    hide: str
    by_default: bool


@dataclass(frozen=True, slots=True)
class RuleNote:
    """One rule at one endpoint; `note` says what it does, or why it does nothing."""

    rule: str
    verb: str
    applies: bool
    note: str


@dataclass(frozen=True, slots=True)
class EndpointNote:
    """One endpoint's verdict and everything that was considered."""

    verdict: Verdict
    rules: tuple[RuleNote, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision laid open."""

    policy: str
    digest: str
    request_class: str
    entities: tuple[EntityNote, ...]
    endpoints: tuple[EndpointNote, ...]

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON-able values."""
        return {
            "policy": self.policy,
            "digest": self.digest,
            "class": self.request_class,
            "entities": [asdict(note) for note in self.entities],
            "endpoints": [
                {
                    "provider": note.verdict.endpoint.provider,
                    "model": note.verdict.endpoint.model,
                    "allowed": note.verdict.allowed,
                    "rules": list(note.verdict.rules),
                    "treatment": {e: spell(a) for e, a in note.verdict.treatment.items()},
                    "message": note.verdict.message,
                    "hint": note.verdict.hint,
                    "considered": [asdict(rule) for rule in note.rules],
                }
                for note in self.endpoints
            ],
        }


def explain(
    policy: Policy, facts: Facts, principal: Principal, endpoints: Sequence[Endpoint], on: date
) -> Explanation:
    """Explain the decision for each of `endpoints`; arguments as for `decide`."""
    return Explanation(
        policy=policy.name,
        digest=policy.digest,
        request_class=policy.classify(facts),
        entities=tuple(_entity_note(policy, name) for name in sorted(facts.entities)),
        endpoints=tuple(
            EndpointNote(
                decide(policy, facts, principal, endpoint, on),
                tuple(_rule_notes(policy, facts, principal, endpoint, on)),
            )
            for endpoint in endpoints
        ),
    )


def render_explanation(explanation: Explanation) -> str:
    """The explanation as plain text for a terminal."""
    lines = [f"policy {explanation.policy} ({explanation.digest[:12]})"]
    lines.append(f"class of the request: {explanation.request_class}")
    for entity in explanation.entities:
        source = "default.entity: " if entity.by_default else ""
        lines.append(
            f"  {entity.entity}: {source}{entity.data_class}, {entity.residual} once hidden;"
            f" {entity.action}; hide {entity.hide}"
        )
    for note in explanation.endpoints:
        lines += ["", *_endpoint_lines(note, explanation.entities)]
    return "\n".join(lines) + "\n"


def _endpoint_lines(note: EndpointNote, entities: Sequence[EntityNote]) -> list[str]:
    verdict = note.verdict
    where = " ".join(filter(None, (verdict.endpoint.provider, verdict.endpoint.model)))
    lines = [f"{where}: {'allowed' if verdict.allowed else 'refused'}"]
    if verdict.allowed:
        for entity in (note.entity for note in entities):
            action = verdict.treatment.get(entity)
            lines.append(f"  {entity}: {spell(action) if action else 'shown'}")
    else:
        lines += [f"  {verdict.message}", f"  What would help: {verdict.hint}."]
    width = max((len(rule.rule) for rule in note.rules), default=0)
    for rule in note.rules:
        lines.append(f"  {'*' if rule.applies else '-'} {rule.rule:<{width}}  {rule.note}")
    return lines


def _entity_note(policy: Policy, name: str) -> EntityNote:
    entity = policy.entity(name)
    return EntityNote(
        entity=name,
        data_class=policy.classes[entity.rank],
        action=spell(entity.action),
        residual=policy.classes[entity.residual],
        hide=entity.hide.value,
        by_default=name not in policy.entities,
    )


def _rule_notes(
    policy: Policy, facts: Facts, principal: Principal, endpoint: Endpoint, on: date
) -> list[RuleNote]:
    lifted = {
        waiver.rule: waiver.id
        for waiver in policy.waivers
        if opens(waiver, facts, principal, endpoint, on)
    }
    notes = []
    for permit in policy.permits:
        applies = admits(permit, facts, principal, endpoint, on)
        note = "permits" if applies else _why_not(permit, facts, principal, endpoint, on)
        notes.append(RuleNote(permit.id, "permit", applies, note))
    for rule in policy.restrictions:
        verb, does = _effect(rule, facts)
        applies = binds(rule, endpoint.provider) and rule.matches(facts, principal, endpoint, on)
        note = does if applies else _why_not(rule, facts, principal, endpoint, on)
        if applies and rule.id in lifted:
            applies, note = False, f"lifted by {lifted[rule.id]}"
        notes.append(RuleNote(rule.id, verb, applies, note))
    for waiver in policy.waivers:
        applies = opens(waiver, facts, principal, endpoint, on)
        does = f"lifts {waiver.rule} until {waiver.until} ({_list(waiver.approved_by)})"
        note = does if applies else _why_not(waiver, facts, principal, endpoint, on)
        notes.append(RuleNote(waiver.id, "waive", applies, note))
    return sorted(notes, key=lambda note: note.rule)


def _effect(rule: Require | Block | Treat, facts: Facts) -> tuple[str, str]:
    """The verb of a restriction, and what it does where it applies."""
    if isinstance(rule, Block):
        return "block", "refuses"
    if isinstance(rule, Require):
        return "require", f"refuses: {rule.demand} is required"
    hidden = {e: a for e, a in rule.actions.items() if e in facts.entities}
    return "treat", f"hides {_actions(hidden)}" if hidden else "matches, but none of it was found"


def _why_not(rule: Rule, facts: Facts, principal: Principal, endpoint: Endpoint, on: date) -> str:
    """Why a rule does nothing here: each of its conditions that fails."""
    reasons = [
        *_why_not_for(rule, facts, principal, endpoint, on),
        *_why_not_when(rule, facts),
        *_why_not_besides(rule, facts),
        *_why_not_there(rule, endpoint, on),
    ]
    return "; ".join(reasons)


def _why_not_for(
    rule: Rule, facts: Facts, principal: Principal, endpoint: Endpoint, on: date
) -> Iterator[str]:
    for field, values in rule.scope:
        if getattr(principal, field) not in values:
            yield f"only for {field} {_list(values)}"
    if not rule.rolled_out(principal):
        yield f"only for {rule.percent} percent of the teams, and not for this one"
    if rule.models is not None and endpoint.model not in rule.models:
        yield f"only for the models {_list(rule.models)}"
    if rule.dialects is not None and facts.dialect not in rule.dialects:
        yield f"only for {_list(rule.dialects)}"
    if not rule.in_time(facts, on):
        yield "not at this time"


def _why_not_there(rule: Rule, endpoint: Endpoint, on: date) -> Iterator[str]:
    """Why a rule does nothing at this endpoint or on this day."""
    if isinstance(rule, Permit) and endpoint.provider not in rule.providers:
        yield f"opens only {_list(rule.providers)}"
    if isinstance(rule, Waiver):
        if on > rule.until:
            yield f"ended on {rule.until}"
        if endpoint.provider not in rule.providers:
            yield f"only for {_list(rule.providers)}"
    if isinstance(rule, Require) and not binds(rule, endpoint.provider):
        yield f"met: {rule.demand}"


def _why_not_when(rule: Rule, facts: Facts) -> Iterator[str]:
    if rule.any_of is not None and rule.any_of.isdisjoint(facts.entities):
        yield f"none of {_list(rule.any_of)} was found"
    if missing := rule.all_of - facts.entities:
        yield f"{_list(missing)} wasn't found"
    if present := rule.none_of & facts.entities:
        yield f"{_list(present)} was found"
    for name, least in rule.at_least:
        if facts.count(name) < least:
            yield f"fewer than {least} of {name} were found"


def _why_not_besides(rule: Rule, facts: Facts) -> Iterator[str]:
    """Why `when` doesn't hold, by what can't be read and by labels."""
    if rule.opaque is not None and rule.opaque != bool(facts.opaque):
        yield "everything can be read" if rule.opaque else "something can't be read"
    if rule.opaque_any is not None and rule.opaque_any.isdisjoint(facts.opaque):
        yield f"there is no {' or '.join(sorted(rule.opaque_any))}"
    if unread := rule.opaque_none & facts.opaque:
        yield f"there is {_list(unread)}"
    for test in rule.labels:
        if not rule.label_holds(test, facts):
            attested = "attested to be " if rule.opening else ""
            yield f"label {test.name} isn't {attested}{_list(test.values)}"


def _actions(actions: Mapping[str, Any]) -> str:
    return ", ".join(f"{entity} ({spell(action)})" for entity, action in sorted(actions.items()))


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
