"""Along what rules tell requests apart besides their contents: caller, model, labels, day and time.

A rule can only compare, so along each axis the values that the same rules name are one *atom*, and
all that no rule names are one more. Whatever two requests of the same atoms contain, the same rules
are for them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from functools import cache

from proxy.exchange import Endpoint, Facts, Principal
from proxy.policy.compiled import CLASS_LABEL
from proxy.policy.model_rules import WHOM
from proxy.policy.rules import Rule, Waiver

#: What no policy names: another team, app, model or dialect; of a label, that it isn't there.
OTHER = ""
#: Stands for every value of a label that no policy lists.
OTHER_VALUE = "any-other-value"

#: The axes of callers, and what they are called in Principal.
CALLER = WHOM
#: Label axes follow these; the time axis comes last.
NAMED = (*CALLER, "model", "dialect")
WHEN = "when"

#: As many values of an atom are listed in words.
_LISTED = 3
#: Names that are tried for a team or tenant that is in a rollout, or out of it.
_TRIED = 4000


@dataclass(frozen=True, slots=True)
class Where:
    """One request's place on the axes; what it leaves out is nothing that a policy names."""

    values: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    attested: frozenset[str] = frozenset()
    on: date = date.min
    at: time | None = None

    @property
    def principal(self) -> Principal:
        """A caller of this place."""
        tenant, team, user, app, key = (self.values.get(axis, OTHER) for axis in CALLER)
        return Principal(tenant, team, app, user, key_id=key)

    def endpoint(self, provider: str) -> Endpoint:
        """A provider's endpoint for the model of this place."""
        return Endpoint(provider, self.values.get("model", OTHER))

    def facts(self, found: Facts) -> Facts:
        """What was found, at this place."""
        dialect = self.values.get("dialect", OTHER)
        return replace(
            found, labels=self.labels, attested=self.attested, dialect=dialect, at=self.at
        )


@dataclass(frozen=True, slots=True)
class Atom:
    """Places that some rules don't tell apart along an axis.

    Attributes:
        holds: a bit for each rule that is for them.
        sample: what a place needs to be one of them; the time axis also says which day it is.
        words: its values, or none for all that aren't named.
        end: the last day of these, None if there is none; of the time axis only.
    """

    holds: int
    sample: Where
    words: tuple[str, ...] = ()
    end: date | None = None

    def __str__(self) -> str:
        shown, more = " or ".join(self.words[:_LISTED]), len(self.words) - _LISTED
        return shown + (f" or {more} more" if more > 0 else "")


def joined(atoms: Sequence[Atom]) -> Atom:
    """Atoms of one axis that aren't told apart now, as one; the first is the plainest."""
    first = atoms[0]
    if len(atoms) == 1:
        return first
    words = tuple(word for atom in atoms for word in atom.words) if first.words else ()
    ends = [atom.end for atom in atoms]
    end = None if None in ends else max(end for end in ends if end is not None)
    return Atom(first.holds, first.sample, words, end)


def axes_of(rules: Sequence[Rule], on: date) -> dict[str, tuple[Atom, ...]]:
    """The axes that rules span, from the day `on` to the end of time; the plainest atoms first."""
    if any(rule.percent < 100 for rule in rules):
        axes = {"tenant": (_everything(rules),), "team": tuple(_teams(rules))}
    else:
        axes = {}
    for name in NAMED:
        if name not in axes:
            axes[name] = tuple(_named(rules, name))
    for name in sorted({test.name for rule in rules for test in rule.labels}):
        axes[f"label {name}"] = tuple(_label(rules, name))
    axes[WHEN] = tuple(_times(rules, on))
    return axes


def values_of(rule: Rule, axis: str) -> frozenset[str] | None:
    """The values of a named axis that a rule is for, None if for all."""
    if axis == "model":
        return rule.models
    return rule.dialects if axis == "dialect" else dict(rule.scope).get(CALLER[axis])


def _mask(rules: Iterable[Rule], test: Callable[[Rule], bool]) -> int:
    return sum(1 << index for index, rule in enumerate(rules) if test(rule))


def _everything(rules: Sequence[Rule]) -> Atom:
    return Atom((1 << len(rules)) - 1, Where())


def _named(rules: Sequence[Rule], axis: str) -> Iterator[Atom]:
    unlimited, naming = 0, dict[str, int]()
    for index, rule in enumerate(rules):
        values = values_of(rule, axis)
        if values is None:
            unlimited |= 1 << index
        for value in values or ():
            naming[value] = naming.get(value, 0) | 1 << index
    yield Atom(unlimited, Where())
    alike: dict[int, list[str]] = {}
    for value in sorted(naming):
        alike.setdefault(naming[value], []).append(value)
    for mask, values_alike in alike.items():
        yield Atom(unlimited | mask, Where({axis: values_alike[0]}), tuple(values_alike))


def _teams(rules: Sequence[Rule]) -> Iterator[Atom]:
    """Tenants and teams as one axis, since a rollout draws its teams by both names together."""
    tenants, teams = (
        sorted({value for rule in rules for value in values_of(rule, axis) or ()})
        for axis in ("tenant", "team")
    )
    # Whatever else a rule asks of callers is for other axes to tell apart.
    rules = [_for_teams(rule) for rule in rules]
    rolled = [rule for rule in rules if rule.percent < 100]
    named = itertools.chain(
        itertools.product([OTHER, *tenants], [OTHER]),
        itertools.product([OTHER, *tenants], teams),
    )
    for tenant, team in named:
        # Only rollouts tell apart teams that no rule names, and only those that are for them.
        about = [rule for rule in rolled if _names(rule, tenant, team)]
        drawn = set[int]()
        for who in _called(tenant, team, {*tenants}, {*teams}):
            lots = _mask(about, lambda rule: rule.rolled_out(who))  # noqa: B023
            if lots not in drawn:
                drawn.add(lots)
                holds = _mask(rules, lambda rule: rule.in_scope(who))  # noqa: B023
                word = f"{who.team or 'any'} of tenant {who.tenant}" if who.tenant else who.team
                place = Where({"tenant": who.tenant, "team": who.team})
                yield Atom(holds, place, (word,) if word else ())
            if len(drawn) == 1 << len(about):
                break


def _names(rule: Rule, tenant: str, team: str) -> bool:
    """Whether a rule is for this tenant and team, whomever its rollout draws."""
    said = {"tenant": tenant, "team": team}
    return all(said[field] in values for field, values in rule.scope)


def _called(
    tenant: str, team: str, tenants: Collection[str], teams: Collection[str]
) -> Iterator[Principal]:
    """Callers of this tenant and team; where one isn't named by any rule, of many that aren't."""
    some_teams: Iterable[str] = [team]
    some_tenants: Iterable[str] = [tenant]
    if team == OTHER:
        some_teams = [OTHER, *(f"team-{n}" for n in range(_TRIED))]
    elif tenant == OTHER:
        some_tenants = [OTHER, *(f"tenant-{n}" for n in range(_TRIED))]
    for one, other in itertools.product(some_tenants, some_teams):
        if (one == tenant or one not in tenants) and (other == team or other not in teams):
            yield Principal(one, other, OTHER)


def _for_teams(rule: Rule) -> Rule:
    scope = tuple(item for item in rule.scope if item[0] in ("tenant", "team"))
    return replace(rule, scope=scope)


def _label(rules: Sequence[Rule], name: str) -> Iterator[Atom]:
    """A label's atoms: not there, and each value, as declared and as attested."""
    tests = [test for rule in rules for test in rule.labels if test.name == name]
    listed = sorted({value for test in tests for value in (*test.listed, *test.values)})
    said = [("", False)]
    said += [(v, attested) for attested in (False, True) for v in (*listed, OTHER_VALUE)]
    if name == CLASS_LABEL:  # it only tightens, so attesting it means nothing
        said = [(value, attested) for value, attested in said if not attested]
    for value, attested in said:
        labels = {name: value} if value else {}
        names = frozenset({name}) if attested else frozenset[str]()
        facts = Facts(labels=labels, attested=names)
        holds = _mask(rules, lambda rule: _labelled(rule, name, facts))  # noqa: B023
        word = f"{value} (attested)" if attested else value
        sample = Where(labels=labels, attested=names)
        yield Atom(holds, sample, (word,) if value else ())


def _labelled(rule: Rule, name: str, facts: Facts) -> bool:
    return all(rule.label_holds(test, facts) for test in rule.labels if test.name == name)


def _times(rules: Sequence[Rule], on: date) -> Iterator[Atom]:
    """Days between which no waiver ends; where rules have windows, also weekdays and hours.

    A time that isn't known is one more, where there are windows.
    """
    ends = sorted({r.until for r in rules if isinstance(r, Waiver) and r.until >= on})
    ends = [end for end in ends if end < date.max]
    starts = [on, *(end + timedelta(days=1) for end in ends)]
    windows = [rule.window for rule in rules if rule.window is not None]
    edges = sorted({0, *(minute for w in windows for minute in (w.start, w.end))} - {24 * 60})
    clock = [*(time(minute // 60, minute % 60) for minute in edges), None] if windows else [None]
    opened = cache(lambda day, at: _mask(rules, lambda rule: _open(rule, day, at)))
    seen: dict[int, list[Atom]] = {}
    for start, end in itertools.zip_longest(starts, ends):
        lasting = _mask(rules, lambda rule: not _ends_before(rule, start))  # noqa: B023
        week = [start + timedelta(days=ahead) for ahead in range(7 if windows else 1)]
        for day, at in itertools.product(week, clock):
            if end is not None and day > end:
                break
            holds = lasting & opened(date.min + timedelta(days=day.weekday()), at)
            word = _when_in_words(day, at, end) if windows else f"through {end}" if end else "after"
            atom = Atom(holds, Where(on=day, at=at), (word,), end)
            seen.setdefault(holds, []).append(atom)
    yield from map(joined, seen.values())


def _when_in_words(day: date, at: time | None, end: date | None) -> str:
    clock = f"from {at:%H:%M}" if at else "at a time not known"
    return f"{day:%a} {clock}" + (f" through {end}" if end else "")


def _open(rule: Rule, day: date, at: time | None) -> bool:
    window = rule.window
    return window is None or window.holds(Facts(at=at), day, unknown=not rule.opening)


def _ends_before(rule: Rule, day: date) -> bool:
    return isinstance(rule, Waiver) and rule.until < day
