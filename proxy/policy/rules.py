"""Rules made ready to decide with: for whom and when each is, and what its verb does.

Invariant: a restriction matches more when more is found, declared or unknown; a permit or waiver
matches less. So what isn't known never opens a door.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from proxy.exchange import Action, Endpoint, Facts, Keep, OutputAction, Principal


@dataclass(frozen=True, slots=True)
class LabelTest:
    """A label must have one of `values`.

    `listed` are the values that the policy knows; one that it doesn't know is taken for each of
    them. `assumed`: one of `values` is taken to hold until the label is attested.
    """

    name: str
    values: frozenset[str]
    listed: frozenset[str]
    assumed: bool

    def may_hold(self, facts: Facts) -> bool:
        """Whether the label may have one of the values, for all that is known."""
        said = facts.labels.get(self.name)
        if said is not None:
            if said in self.values or said not in self.listed:
                return True
            if self.name in facts.attested:
                return False
        return self.assumed

    def holds(self, facts: Facts) -> bool:
        """Whether the label is attested to have one of the values."""
        return self.name in facts.attested and facts.labels.get(self.name) in self.values


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the week (Monday is 0) and minutes ``[start, end)`` since midnight, UTC."""

    days: frozenset[int]
    start: int
    end: int

    def holds(self, facts: Facts, on: date, *, unknown: bool) -> bool:
        """Whether the request is in it; `unknown` is the answer where its time isn't known."""
        if on.weekday() not in self.days:
            return False
        if facts.at is None:
            return unknown
        return self.start <= facts.at.hour * 60 + facts.at.minute < self.end


@dataclass(frozen=True, slots=True)
class Rule:
    """For whom and when a rule is. An absent test holds always.

    Attributes:
        scope: a field of Principal, and the values that it may have.
        models: the model as the provider calls it.
        percent: of teams for which the rule counts.
        opaque: whether anything can't be read; `opaque_any`, `opaque_none`: which kinds.
    """

    opening: ClassVar[bool] = False

    id: str
    why: str = ""
    scope: tuple[tuple[str, frozenset[str]], ...] = ()
    models: frozenset[str] | None = None
    dialects: frozenset[str] | None = None
    window: Window | None = None
    percent: int = 100
    any_of: frozenset[str] | None = None
    all_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()
    at_least: tuple[tuple[str, int], ...] = ()
    opaque: bool | None = None
    opaque_any: frozenset[str] | None = None
    opaque_none: frozenset[str] = frozenset()
    labels: tuple[LabelTest, ...] = ()

    def in_scope(self, principal: Principal) -> bool:
        """Whether the rule is for this caller."""
        return all(
            getattr(principal, field) in values for field, values in self.scope
        ) and self.rolled_out(principal)

    def rolled_out(self, principal: Principal) -> bool:
        """Whether the rule counts for this caller's team."""
        return self.percent == 100 or _bucket(self.id, principal) < self.percent

    def reaches(self, facts: Facts, endpoint: Endpoint, on: date) -> bool:
        """Whether the rule is for this model, dialect and time."""
        return (
            (self.models is None or endpoint.model in self.models)
            and (self.dialects is None or facts.dialect in self.dialects)
            and self.in_time(facts, on)
        )

    def in_time(self, facts: Facts, on: date) -> bool:
        """Whether the rule is for this day and hour."""
        return self.window is None or self.window.holds(facts, on, unknown=not self.opening)

    def holds(self, facts: Facts) -> bool:
        """Whether the rule's `when` holds."""
        found = facts.entities
        if not (
            (self.any_of is None or not self.any_of.isdisjoint(found))
            and self.all_of <= found
            and self.none_of.isdisjoint(found)
        ):
            return False
        return (
            (self.opaque is None or self.opaque == bool(facts.opaque))
            and (self.opaque_any is None or not self.opaque_any.isdisjoint(facts.opaque))
            and self.opaque_none.isdisjoint(facts.opaque)
            and all(facts.count(name) >= least for name, least in self.at_least)
            and all(self.label_holds(test, facts) for test in self.labels)
        )

    def label_holds(self, test: LabelTest, facts: Facts) -> bool:
        """Whether one of the rule's label tests holds."""
        return test.holds(facts) if self.opening else test.may_hold(facts)

    def matches(self, facts: Facts, principal: Principal, endpoint: Endpoint, on: date) -> bool:
        """Whether the rule is for this request, and its `when` holds."""
        return self.holds(facts) and self.in_scope(principal) and self.reaches(facts, endpoint, on)


@dataclass(frozen=True, slots=True)
class Permit(Rule):
    """`providers` are all that it opens."""

    opening: ClassVar[bool] = True

    providers: frozenset[str] = frozenset()


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

    opening: ClassVar[bool] = True

    rule: str = ""
    providers: frozenset[str] = frozenset()
    until: date = date.min
    approved_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output(Rule):
    """What is done with values that the model itself produced: entity or ``any`` -> action."""

    actions: Mapping[str, OutputAction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withhold(Rule):
    """Entities, or ``any``, whose placeholders stay in the answer."""

    entities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept(Rule):
    """The audit log keeps no more than `keep` of the texts."""

    keep: Keep = "full"


#: The verbs that only ever narrow what is shown and admitted.
Restriction = Require | Block | Treat
#: The verbs about answers and records: they show a provider nothing, and keep nothing from it.
Answering = Output | Withhold | Kept


def _bucket(rule: str, principal: Principal) -> int:
    """A team's place among a hundred, for one rule: always the same, and no team's choice."""
    name = f"{rule}\0{principal.tenant}\0{principal.team}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8]) % 100
