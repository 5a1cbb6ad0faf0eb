"""What a valid policy probably doesn't mean: warnings, each with its place and a hint.

Errors come from loading; a warning never stops a policy from being used. Every warning here is
about something that can't change any decision, or that will change by itself (a waiver's end).
A note is about what changes no decision either, and may well stand: it documents something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from pathlib import Path

from proxy.hints import did_you_mean
from proxy.policy import lint_values
from proxy.policy.bundle import is_bundle
from proxy.policy.compiled import Policy
from proxy.policy.lint_keys import Keys, some_of
from proxy.policy.load import compile_policy, read_checked
from proxy.policy.model import PolicyForm
from proxy.policy.rules import Block, Permit, Require, Rule, Treat
from proxy.yaml_file import ConfigError, Document, Loc, Problem, read_text

#: The codes of `lint` that are advice; a problem with any other code is an error.
WARNINGS = frozenset(
    {
        "no-permit",
        "no-recognizer",
        "entity-nowhere",
        "escalation-idle",
        "provider-unused",
        "rule-idle",
        "rule-shadowed",
        "waiver-ended",
        "waiver-ending",
        *lint_values.WARNINGS,
    }
)

#: The codes that are notes.
NOTES = frozenset(
    {"entity-by-default", "key-idle", "attribute-unused", "provider-refused", *lint_values.NOTES}
)

#: What is said of a rule as a whole, so that nothing is of its keys.
_WHOLE_RULES = ("rule-idle", "rule-shadowed", "waiver-ended")
_SOON = timedelta(days=30)


def lint(path: Path, produced: Collection[str] | None, on: date) -> list[Problem]:
    """All errors of a policy file, or if it has none its warnings.

    Args:
        produced: the entities that enabled recognizers can yield, None when unknown.
        on: today, UTC: waivers that ended or end within 30 days are listed.
    """
    try:
        text = read_text(path)
        if is_bundle(text):
            message, hint = "this is a signed bundle", "lint the policy that it was made of"
            return [Problem(str(path), 1, 1, message, hint, "bundle")]
        document, form = read_checked(text, str(path), produced)
    except ConfigError as error:
        return list(error.problems)
    linter = _Linter(document, form, compile_policy(form))
    warnings = [
        *linter.entities(produced),
        *linter.escalations(produced),
        *linter.providers(),
        *linter.rules(),
        *linter.waivers(on),
        *lint_values.Values(document, form, linter.policy, on).warnings(),
    ]
    keys = Keys(document, form, linter.policy, on)
    warnings += linter.attributes(keys)
    warnings += linter.idle_rules(keys, on, linter.told(warnings))
    warnings += linter.never_used(keys, warnings)
    warnings += linter.idle_escalations(keys, warnings)
    warnings += keys.notes(linter.told(warnings))
    return sorted(warnings, key=lambda problem: (problem.line, problem.column, problem.code))


class _Linter:
    def __init__(self, document: Document, form: PolicyForm, policy: Policy) -> None:
        self.document = document
        self.form = form
        self.policy = policy
        self.index = {rule.id: index for index, rule in enumerate(form.rules)}

    def entities(self, produced: Collection[str] | None) -> Iterator[Problem]:
        top = max((p.clearance for p in self.policy.providers.values()), default=-1)
        for name, entity in self.policy.entities.items():
            place = ("entities", name)
            if min(entity.rank, entity.residual) > top:
                message = f"no provider may receive {name}, even hidden"
                hint = "lower its residual, or block it by a rule that says why"
                yield self.document.problem(place, message, hint, "entity-nowhere", key=True)
            if produced is not None and name not in produced:
                message = f"no enabled recognizer produces {name}"
                hint = did_you_mean(name, produced, or_list=False) or "give it one of your own"
                yield self.document.problem(place, message, hint, "no-recognizer", key=True)
        unlisted = sorted(set(produced or ()) - set(self.policy.entities))
        if unlisted:
            message = f"entities without an entry take default.entity: {some_of(unlisted)}"
            place = ("default", "entity")
            yield self.document.problem(place, message, "", "entity-by-default", key=True)

    def escalations(self, produced: Collection[str] | None) -> Iterator[Problem]:
        lowest = min((p.clearance for p in self.policy.providers.values()), default=-1)
        for index, escalation in enumerate(self.policy.escalations):
            if escalation.rank <= lowest:
                message = "every provider is cleared for this class, so it hides nothing"
                hint = "raise its class"
                yield self.document.problem(
                    ("escalate", index, "class"), message, hint, "escalation-idle"
                )
            if produced is not None and (missing := escalation.members - set(produced)):
                message = f"it never happens: no enabled recognizer produces {_list(missing)}"
                yield self.document.problem(("escalate", index), message, "", "escalation-idle")

    def attributes(self, keys: Keys) -> Iterator[Problem]:
        """What providers say of themselves, and labels of requests, and no rule asks for."""
        for part, name in keys.attributes():
            if part == "labels":
                message = f"no rule tests the label {name}"
                yield self._unasked((part, name), message)
                continue
            saying = [p for p, form in self.form.providers.items() if name in form.model_fields_set]
            message = (
                f"no rule asks for {name}, so what {some_of(saying)} say of it decides nothing"
            )
            yield self._unasked((part, saying[0], name), message, "a `require` would")

    def _unasked(self, place: Loc, message: str, hint: str = "") -> Problem:
        return self.document.problem(place, message, hint, "attribute-unused", key=True)

    def idle_rules(self, keys: Keys, on: date, told: set[str]) -> Iterator[Problem]:
        """Rules without which every decision is the same, but for those `told` already (ids)."""
        ended = {waiver.id for waiver in self.policy.waivers if waiver.until < on}
        for rule in keys.rules(ended | told):
            message = "it changes no decision: whatever it does happens without it"
            yield self._rule(rule, message, "rule-idle")

    def idle_escalations(self, keys: Keys, known: Collection[Problem]) -> Iterator[Problem]:
        """Escalations without which every decision is the same, but for those `known`."""
        lines = {problem.line for problem in known if problem.code == "escalation-idle"}
        for index in keys.escalations():
            message = "it changes no decision: whatever it hides is hidden without it"
            place = ("escalate", index)
            problem = self.document.problem(place, message, "remove it", "escalation-idle")
            if problem.line not in lines:
                yield problem

    def never_used(self, keys: Keys, known: Collection[Problem]) -> Iterator[Problem]:
        """Providers to which nothing is ever sent, but for those of which that is `known`."""
        codes = {problem.code for problem in known}
        lines = {problem.line for problem in known if problem.code == "provider-unused"}
        for name in keys.providers() if "no-permit" not in codes else ():
            message = f"nobody may use {name}: every request to it is refused"
            place, hint = ("providers", name), "`privet policy explain --provider` says why"
            problem = self.document.problem(place, message, hint, "provider-refused", key=True)
            if problem.line not in lines:
                yield problem

    def told(self, problems: Collection[Problem]) -> set[str]:
        """The rules (ids) that are said to have no effect."""
        lines = {problem.line for problem in problems if problem.code in _WHOLE_RULES}
        return {
            rule_id
            for rule_id, index in self.index.items()
            if self.document.at(("rules", index, "id"))[0] in lines
        }

    def providers(self) -> Iterator[Problem]:
        if not self.policy.permits:
            yield self.document.problem(
                ("rules",), "nothing is permitted", "add a permit", "no-permit", key=True
            )
        permitted = {name for permit in self.policy.permits for name in permit.providers}
        for name in self.policy.providers:
            if self.policy.permits and name not in permitted:
                message = f"nobody may use {name}: no rule permits it"
                yield self.document.problem(
                    ("providers", name), message, "permit or remove it", "provider-unused", key=True
                )

    def rules(self) -> Iterator[Problem]:
        everyone = frozenset(self.policy.providers)
        waived = {waiver.rule for waiver in self.policy.waivers}
        rules: list[Rule] = [*self.policy.permits, *self.policy.restrictions]
        for rule in rules:
            if isinstance(rule, Require) and rule.met_by == everyone:
                yield self._rule(
                    rule, "every provider meets it, so it refuses nothing", "rule-idle"
                )
            # A waived rule stands back sometimes, so it makes no other rule superfluous.
            wider = [r for r in rules if r.id not in waived and _covers(r, rule, rules)]
            if wider:
                message = f"it changes nothing: {wider[0].id} does the same whenever it matches"
                yield self._rule(rule, message, "rule-shadowed")

    def waivers(self, on: date) -> Iterator[Problem]:
        requires = {r.id: r for r in self.policy.restrictions if isinstance(r, Require)}
        for waiver in self.policy.waivers:
            place = ("rules", self.index[waiver.id], "until")
            if on > waiver.until:
                message = f"waiver {waiver.id} ended on {waiver.until}"
                yield self.document.problem(place, message, "remove it", "waiver-ended")
            elif waiver.until - on <= _SOON:
                message = f"waiver {waiver.id} ends after {waiver.until}"
                yield self.document.problem(place, message, "", "waiver-ending")
            if waiver.rule in requires and waiver.providers <= requires[waiver.rule].met_by:
                message = f"it lifts nothing: its provider meets {waiver.rule} anyway"
                yield self._rule(waiver, message, "rule-idle")

    def _rule(self, rule: Rule, message: str, code: str) -> Problem:
        place = ("rules", self.index[rule.id], "id")
        return self.document.problem(place, f"rule {rule.id}: {message}", "remove it", code)


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def _covers(wide: Rule, narrow: Rule, rules: list[Rule]) -> bool:
    """Whether `wide` makes `narrow` superfluous; of two equal rules the first does."""
    if wide is narrow or not (_does(wide, narrow) and _matches_whenever(wide, narrow)):
        return False
    equal = _does(narrow, wide) and _matches_whenever(narrow, wide)
    return not equal or rules.index(wide) < rules.index(narrow)


def _does(wide: Rule, narrow: Rule) -> bool:
    """Whether what `wide` does where it matches includes what `narrow` would do."""
    match wide, narrow:
        case Permit(), Permit():
            return narrow.providers <= wide.providers
        case Require(), Require():
            return wide.met_by <= narrow.met_by
        case Treat(), Treat():
            return dict(wide.actions) | dict(narrow.actions) == dict(wide.actions)
    return isinstance(wide, Block) and isinstance(narrow, Block | Require | Treat)


def _matches_whenever(wide: Rule, narrow: Rule) -> bool:
    """Whether each of `wide`'s conditions follows from `narrow`'s."""
    scope = dict(narrow.scope)
    counts = dict(narrow.at_least)
    any_of = wide.any_of is None or bool(
        (narrow.any_of is not None and narrow.any_of <= wide.any_of) or narrow.all_of & wide.any_of
    )
    return (
        any_of
        and wide.all_of <= narrow.all_of
        and wide.none_of <= narrow.none_of
        and wide.opaque in (None, narrow.opaque)
        and wide.opaque_any in (None, narrow.opaque_any)
        and wide.opaque_none <= narrow.opaque_none
        and _within(narrow.models, wide.models)
        and _within(narrow.dialects, wide.dialects)
        and wide.window in (None, narrow.window)
        and (wide.percent == 100 or wide.id == narrow.id)
        and all(field in scope and scope[field] <= values for field, values in wide.scope)
        and all(counts.get(name, 0) >= least for name, least in wide.at_least)
        and set(wide.labels) <= set(narrow.labels)
    )


def _within(narrow: frozenset[str] | None, wide: frozenset[str] | None) -> bool:
    return wide is None or (narrow is not None and narrow <= wide)
