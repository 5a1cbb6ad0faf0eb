"""A policy made ready to decide with: classes are ranks, rules are sorted by verb and provider.

Invariant: everything here is immutable, and equal in effect whatever the order of the file.
Ranks are positions in `classes`: a higher rank is a more sensitive class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from proxy.exchange import Action, ActionKind, Facts, Finding, Principal
from proxy.policy.model import ActionForm, ActionName, Hide

#: The label whose value is a data class that the caller declares.
CLASS_LABEL = "class"


@dataclass(frozen=True, slots=True)
class Entity:
    """What an entity weighs (ranks) and what is done with it."""

    rank: int
    residual: int
    action: Action
    hide: Hide
    min_score: float


@dataclass(frozen=True, slots=True)
class Escalation:
    """Entities that weigh `rank` when all of them were found."""

    members: frozenset[str]
    rank: int


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's attributes; `clearance` is the highest rank that it may receive."""

    name: str
    clearance: int
    region: str
    on_prem: bool
    retention: str
    trains: bool
    certs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """For whom and when a rule is. An absent test holds always.

    `scope` pairs a field of Principal with the values it may have; `labels` pairs a label with
    the values that it must have one of.
    """

    id: str
    why: str = ""
    scope: tuple[tuple[str, frozenset[str]], ...] = ()
    any_of: frozenset[str] | None = None
    all_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()
    opaque: bool | None = None
    labels: tuple[tuple[str, frozenset[str]], ...] = ()

    def in_scope(self, principal: Principal) -> bool:
        """Whether the rule is for this caller."""
        return all(getattr(principal, field) in values for field, values in self.scope)

    def holds(self, facts: Facts) -> bool:
        """Whether the rule's `when` holds."""
        found = facts.entities
        return (
            (self.any_of is None or not self.any_of.isdisjoint(found))
            and self.all_of <= found
            and self.none_of.isdisjoint(found)
            and (self.opaque is None or self.opaque == bool(facts.opaque))
            and all(facts.labels.get(name) in values for name, values in self.labels)
        )

    def matches(self, facts: Facts, principal: Principal) -> bool:
        """Whether the rule is for this caller and its `when` holds."""
        return self.in_scope(principal) and self.holds(facts)


@dataclass(frozen=True, slots=True)
class Permit(Rule):
    """`providers` are all that it opens; `models` restricts it to these, None to any."""

    providers: frozenset[str] = frozenset()
    models: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Require(Rule):
    """`met_by` are the providers that meet the demand, which `demand` puts into words."""

    met_by: frozenset[str] = frozenset()
    demand: str = ""


@dataclass(frozen=True, slots=True)
class Block(Rule):
    """`message` tells the caller what to do instead."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Treat(Rule):
    """Entities that this rule hides everywhere, and how."""

    actions: Mapping[str, Action] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiver(Rule):
    """Lifts rule `rule` towards `providers` through the whole day `until`, UTC."""

    rule: str = ""
    providers: frozenset[str] = frozenset()
    until: date = date.min
    approved_by: tuple[str, ...] = ()


#: The verbs that only ever narrow what is shown and admitted.
Restriction = Require | Block | Treat


@dataclass(frozen=True, slots=True)
class Policy:
    """A valid policy. `digest` is the SHA-256 (hex) of what it says, order and comments aside."""

    name: str
    digest: str
    classes: tuple[str, ...]
    unclassified: int
    default_entity: Entity
    entities: Mapping[str, Entity]
    escalations: tuple[Escalation, ...]
    providers: Mapping[str, Provider]
    permits: tuple[Permit, ...]
    restrictions: tuple[Restriction, ...]
    waivers: tuple[Waiver, ...]

    def entity(self, name: str) -> Entity:
        """What the policy says about an entity, by its entry or else by `default.entity`."""
        return self.entities.get(name, self.default_entity)

    def min_score(self, entity: str) -> float:
        """The score (0..1) below which a finding of this entity is dropped."""
        return self.entity(entity).min_score

    def accept(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings whose score reaches their entity's `min_score`, in the same order."""
        return tuple(f for f in findings if f.score >= self.min_score(f.entity))

    def declared(self, facts: Facts) -> int | None:
        """The rank of the class that the caller declares, if any; an unknown one is the highest."""
        declared = facts.labels.get(CLASS_LABEL)
        if declared is None:
            return None
        return self.classes.index(declared) if declared in self.classes else len(self.classes) - 1

    def classify(self, facts: Facts) -> str:
        """The request's class: the highest of all found, declared, escalated and unreadable."""
        ranks = [self.entity(name).rank for name in facts.entities]
        ranks += [e.rank for e in self.escalations if e.members <= facts.entities]
        if facts.opaque:
            ranks.append(self.unclassified)
        if (declared := self.declared(facts)) is not None:
            ranks.append(declared)
        return self.classes[max(ranks, default=0)]


def action_of(form: ActionName | ActionForm) -> Action:
    """The action that a policy writes as a word or with its parameter."""
    if isinstance(form, str):
        return Action(ActionKind[form.upper()])
    if form.mask is not None:
        return Action(ActionKind.MASK, keep_last=form.mask.keep_last)
    return Action(ActionKind.GENERALISE, to=form.generalise or "")
