"""Lint's warnings on values that load and are probably not what was meant.

A policy compares names as they are written. So a region that no provider has, a pattern in a scope
and an attestation of next year are no errors, and do something else than their author thinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from proxy.hints import did_you_mean
from proxy.policy.attributes import meets
from proxy.policy.compiled import Policy
from proxy.policy.model import PolicyForm
from proxy.policy.model_rules import ProviderTest, Rule, Scope
from proxy.yaml_file import Document, Loc, Problem

#: The codes of these warnings, and of notes.
NOTES = frozenset({"value-unused"})
WARNINGS = frozenset({"value-unknown", "require-unmet", "wildcard", "attested-ahead"})

_NAMES = ("tenant", "team", "user", "app", "key", "model", "dialect")


class Values:
    """Looks at a policy's values; `on` is today, UTC."""

    def __init__(self, document: Document, form: PolicyForm, policy: Policy, on: date) -> None:
        self._document, self._form, self._policy, self._on = document, form, policy, on

    def warnings(self) -> Iterator[Problem]:
        """A warning for each."""
        for index, rule in enumerate(self._form.rules):
            loc: Loc = ("rules", index)
            if rule.scope is not None:
                yield from self._scope((*loc, "scope"), rule.scope)
            if rule.require is not None:
                place = (*loc, "require", "provider")
                yield from self._require(place, rule, rule.require.provider)
        for name, provider in self._form.providers.items():
            if provider.attested is not None and provider.attested.day > self._on:
                message = f"{name} is attested on {provider.attested.day}, which is yet to come"
                where = ("providers", name, "attested", "day")
                yield self._warning(where, message, "attested-ahead", "write the day it was done")

    def _scope(self, place: Loc, scope: Scope) -> Iterator[Problem]:
        for key in _NAMES:
            for index, name in enumerate(getattr(scope, key) or ()):
                if "*" in name or "?" in name:
                    message = f"{key} {name!r} is compared as it is: '*' and '?' mean themselves"
                    where = (*place, key, index)
                    yield self._warning(where, message, "wildcard", "list the names")

    def _require(self, place: Loc, rule: Rule, test: ProviderTest) -> Iterator[Problem]:
        unknown = list(self._unknown(place, test))
        yield from unknown
        met = any(meets(provider, test) for provider in self._policy.providers.values())
        if not met and not any(problem.code in WARNINGS for problem in unknown):
            message = f"rule {rule.id}: no provider meets it, so it refuses whatever it matches"
            hint = "if that is meant, a `block` says so"
            yield self._warning(place, message, "require-unmet", hint)

    def _unknown(self, place: Loc, test: ProviderTest) -> Iterator[Problem]:
        """Accepted values that no provider has."""
        certs, attested = test.certs, test.attested
        providers = self._policy.providers.values()
        held = {cert for provider in providers for cert in provider.certs}
        asked = (
            (("region",), test.region, {p.region for p in providers}),
            (("retention",), test.retention, {p.retention for p in providers}),
            (("certs", "any_of"), certs and certs.any_of, held),
            (("certs", "all_of"), certs and certs.all_of, held),
            (("attested", "by"), attested and attested.by, {p.attested_by for p in providers}),
        )
        for keys, values, known in asked:
            unknown = [value for value in values or () if value not in known]
            # Of several that would do, one that nobody has yet may well stand.
            spared = keys[-1] != "all_of" and len(unknown) < len(values or ())
            for value in unknown:
                message = f"no provider has {keys[0]} {value!r}"
                where = (*place, *keys, (values or ()).index(value))
                hint = "" if spared else did_you_mean(value, known - {""})
                code = "value-unused" if spared else "value-unknown"
                yield self._warning(where, message, code, hint)

    def _warning(self, place: Loc, message: str, code: str, hint: str) -> Problem:
        return self._document.problem(place, message, hint, code)
