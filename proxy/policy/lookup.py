"""The rules that could matter at one provider, found without looking at all of them.

A restriction waits for an entity (one of `any_of`, or any one of `all_of`) or for none; a rule is
for some teams or for all. So of two hundred rules a request meets the few that wait for what was
found in it, for its team.

Invariant: a rule that isn't given out doesn't match; those that are come in the order of their ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from proxy.policy.rules import Permit, Require, Restriction, Rule, Waiver

R = TypeVar("R", bound=Rule)
_NO_ONE: tuple[int, ...] = ()
_FEW = 8  # rules that are sooner tried than looked up


class _Index(Generic[R]):
    """Rules by team, and then by the entity that they wait for; None is no matter which."""

    __slots__ = ("_by_team", "_everyone", "_rules")

    def __init__(self, rules: Sequence[R]) -> None:
        waiting: dict[str | None, dict[str | None, list[int]]] = {}
        if len(rules) <= _FEW:
            waiting[None] = {None: [*range(len(rules))]}
        for position, rule in enumerate(rules if len(rules) > _FEW else ()):
            for team in dict(rule.scope).get("team") or (None,):
                of_team = waiting.setdefault(team, defaultdict(list))
                for entity in _awaited(rule):
                    of_team[entity].append(position)
        self._rules = rules
        self._everyone = waiting.pop(None, {})
        self._by_team = waiting

    def candidates(self, entities: Iterable[str], team: str) -> Sequence[R]:
        of_team = self._by_team.get(team)
        everyone = self._everyone
        positions = set(everyone.get(None, _NO_ONE))
        if of_team is not None:
            positions.update(of_team.get(None, _NO_ONE))
        for entity in entities:
            if entity in everyone:
                positions.update(everyone[entity])
            if of_team is not None and entity in of_team:
                positions.update(of_team[entity])
        rules = self._rules
        return [rules[position] for position in sorted(positions)]


class Lookup:
    """One provider's rules."""

    __slots__ = ("_permits", "_restrictions", "_waivers")

    def __init__(
        self,
        provider: str,
        permits: Iterable[Permit],
        restrictions: Iterable[Restriction],
        waivers: Iterable[Waiver],
    ) -> None:
        """Of the policy's rules, each kind sorted by id."""
        self._permits = _Index([rule for rule in permits if provider in rule.providers])
        self._restrictions = _Index([rule for rule in restrictions if binds(rule, provider)])
        self._waivers = _Index([rule for rule in waivers if provider in rule.providers])

    def permits(self, team: str) -> Sequence[Permit]:
        """The permits that may open this provider to a team."""
        return self._permits.candidates((), team)

    def waivers(self, team: str) -> Sequence[Waiver]:
        """The waivers that may hold for a team here, ended ones too."""
        return self._waivers.candidates((), team)

    def restrictions(self, entities: Iterable[str], team: str) -> Sequence[Restriction]:
        """The restrictions that may say something to a team when these entities were found."""
        return self._restrictions.candidates(entities, team)


def binds(rule: Restriction, provider: str) -> bool:
    """Whether a restriction, where it matches, says anything about this provider."""
    return not isinstance(rule, Require) or provider not in rule.met_by


def _awaited(rule: Rule) -> Iterable[str | None]:
    """Entities without any of which a rule doesn't match; None if it may match without."""
    if rule.all_of:
        return (min(rule.all_of),)
    if rule.at_least:
        return (rule.at_least[0][0],)
    return rule.any_of if rule.any_of is not None else (None,)
