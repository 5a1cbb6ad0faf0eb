"""A policy made ready to decide with: classes are ranks, rules are sorted by verb.

Invariant: everything here is immutable, and equal in effect whatever the order of the file.
Ranks are positions in `classes`: a higher rank is a more sensitive class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from proxy.exchange import Action, ActionKind, Facts, Finding, Terms
from proxy.ladder import join
from proxy.policy.lookup import Lookup
from proxy.policy.model import Hide
from proxy.policy.model_actions import ActionForm, ActionName
from proxy.policy.rules import Answering, Permit, Restriction, Waiver

#: The label whose value is a data class that the caller declares.
CLASS_LABEL = "class"


@dataclass(frozen=True, slots=True)
class Entity:
    """What an entity weighs (ranks) and what is done with it.

    Attributes:
        scores: recognizer or language -> the score that its findings need, in place of `min_score`.
        actions: recognizer or language -> what its findings demand besides `action`.
    """

    rank: int
    residual: int
    action: Action
    hide: Hide
    min_score: float
    scores: Mapping[str, float] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)

    def accepts(self, finding: Finding, language: str) -> bool:
        """Whether a finding, in a text of this language (ISO 639-1), counts as found."""
        return finding.score >= self.needed(finding.recognizer, language)

    def needed(self, recognizer: str, language: str) -> float:
        """The score from which a finding counts."""
        if not self.scores:
            return self.min_score
        needed = [self.scores[key] for key in (recognizer, language) if key in self.scores]
        return min(needed, default=self.min_score)

    def action_for(self, name: str, facts: Facts) -> Action:
        """How the entity, called `name`, is hidden where what was found demands it."""
        action = self.action
        for source, stronger in self.actions.items():
            if (name, source) in facts.sources:
                action = join(action, stronger)
        return action


@dataclass(frozen=True, slots=True)
class Escalation:
    """Entities that weigh `rank` when all of them were found, as many as `at_least` says."""

    members: frozenset[str]
    rank: int
    at_least: Mapping[str, int] = field(default_factory=dict)

    def complete(self, facts: Facts) -> bool:
        """Whether all of it was found."""
        return self.members <= facts.entities and all(
            facts.count(name) >= least for name, least in self.at_least.items()
        )


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's attributes; `clearance` is the highest rank that it may receive.

    `models`, where it isn't None, are all that may be used there.
    """

    name: str
    clearance: int
    region: str
    on_prem: bool
    retention: str
    trains: bool
    certs: frozenset[str]
    models: frozenset[str] | None = None
    attested_on: date | None = None
    attested_by: str = ""


@dataclass(frozen=True, slots=True)
class WholeShadow:
    """The policy isn't enforced through the whole day `until`, UTC."""

    until: date
    approved_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A valid policy. `digest` is the SHA-256 (hex) of what it says, order and comments aside.

    Attributes:
        opaque: kind of content that can't be read -> its rank, where that isn't `unclassified`.
        labels: the labels that mean something here; `class` always does.
        permits, restrictions, waivers: the rules that decide, by their verb.
        answering: the rules about answers and records.
        lookups: provider -> its rules, found quickly.
        terms: those of every answer, where no rule says otherwise.
        shadow: the policy as a whole isn't enforced.
        counted: entities of which it matters how many different values there are.
        by_language, by_source: entities for which the language, or whence they come, matters.
        shadowed: ids of rules that count for nobody, or not for every team.
        candidate: this policy with those rules in force for all; None if there are none.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    unclassified: int
    opaque: Mapping[str, int]
    default_entity: Entity
    entities: Mapping[str, Entity]
    escalations: tuple[Escalation, ...]
    labels: frozenset[str]
    providers: Mapping[str, Provider]
    permits: tuple[Permit, ...]
    restrictions: tuple[Restriction, ...]
    waivers: tuple[Waiver, ...]
    answering: tuple[Answering, ...]
    lookups: Mapping[str, Lookup]
    terms: Terms = field(default_factory=Terms)
    shadow: WholeShadow | None = None
    counted: frozenset[str] = frozenset()
    by_language: frozenset[str] = frozenset()
    by_source: frozenset[str] = frozenset()
    shadowed: frozenset[str] = frozenset()
    candidate: Policy | None = None

    def entity(self, name: str) -> Entity:
        """What the policy says about an entity, by its entry or else by `default.entity`."""
        return self.entities.get(name, self.default_entity)

    def min_score(self, entity: str) -> float:
        """The score (0..1) below which a finding of this entity is dropped, overrides aside."""
        return self.entity(entity).min_score

    def accept(self, findings: Iterable[Finding], language: str = "") -> tuple[Finding, ...]:
        """The findings whose score is high enough for their entity, in the same order."""
        return tuple(f for f in findings if self.entity(f.entity).accepts(f, language))

    def class_of_opaque(self, kind: str) -> int:
        """The rank of content of this kind that can't be read."""
        return self.opaque.get(kind, self.unclassified)

    def declared(self, facts: Facts) -> int | None:
        """The rank of the class that the caller declares, if any; an unknown one is the highest."""
        declared = facts.labels.get(CLASS_LABEL)
        if declared is None:
            return None
        return self.classes.index(declared) if declared in self.classes else len(self.classes) - 1

    def classify(self, facts: Facts) -> str:
        """The request's class: the highest of all found, declared, escalated and unreadable."""
        ranks = [self.entity(name).rank for name in facts.entities]
        ranks += [e.rank for e in self.escalations if e.complete(facts)]
        ranks += [self.class_of_opaque(kind) for kind in facts.opaque]
        if (declared := self.declared(facts)) is not None:
            ranks.append(declared)
        return self.classes[max(ranks, default=0)]

    def enforced(self, on: date) -> bool:
        """Whether decisions of this day (UTC) are carried out, or only counted."""
        return self.shadow is None or on > self.shadow.until


def action_of(form: ActionName | ActionForm) -> Action:
    """The action that a policy writes as a word or with its parameter."""
    if isinstance(form, str):
        return Action(ActionKind[form.upper()])
    if form.mask is not None:
        return Action(ActionKind.MASK, keep_last=form.mask.keep_last)
    return Action(ActionKind.GENERALISE, to=form.generalise or "")
