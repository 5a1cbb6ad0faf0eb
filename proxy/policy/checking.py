"""What every check asks: is this a class, a provider, an entity, a kind that exists?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from proxy.exchange import OPAQUE_KINDS
from proxy.hints import did_you_mean
from proxy.policy.model import PolicyForm
from proxy.policy.model_rules import Rule
from proxy.yaml_file import Document, Loc, Problem

#: How many different people approve what weakens a policy.
APPROVERS = 2


@dataclass(frozen=True, slots=True)
class Checking:
    """A policy that is being checked; each question yields the problems that it finds.

    Attributes:
        produced: every entity that enabled recognizers can yield, None when unknown.
        rules: the policy's rules by their ids.
    """

    document: Document
    form: PolicyForm
    produced: Collection[str] | None
    rules: Mapping[str, Rule]

    def problem(
        self, loc: Loc, message: str, hint: str = "", code: str = "policy", *, key: bool = False
    ) -> Problem:
        """A problem at `loc`, or at its key."""
        return self.document.problem(loc, message, hint, code, key=key)

    def class_(self, loc: Loc, name: str) -> Iterator[Problem]:
        """Whether a class exists."""
        if name not in self.form.classes:
            hint = did_you_mean(name, self.form.classes)
            yield self.problem(loc, f"no class {name!r}", hint, "unknown")

    def providers(self, loc: Loc, names: Collection[str]) -> Iterator[Problem]:
        """Whether providers exist."""
        for index, name in enumerate(names):
            if name not in self.form.providers:
                hint = did_you_mean(name, self.form.providers)
                yield self.problem((*loc, index), f"no provider {name!r}", hint, "unknown")

    def kinds(self, loc: Loc, names: Collection[str], *, key: bool = False) -> Iterator[Problem]:
        """Whether there are such kinds of content that can't be read."""
        for index, name in enumerate(names):
            if name not in OPAQUE_KINDS:
                hint = did_you_mean(name, OPAQUE_KINDS)
                place = (*loc, name if key else index)
                message = f"no kind of content {name!r}"
                yield self.problem(place, message, hint, "unknown", key=key)

    def listed(self, loc: Loc, names: Collection[str], *, key: bool = False) -> Iterator[Problem]:
        """Entities that a decision depends on must have an entry, and a recognizer."""
        for index, name in enumerate(names):
            place = (*loc, name if key else index)
            if name not in self.form.entities:
                hint = did_you_mean(name, self.form.entities)
                message = f"{name!r} isn't under `entities`"
                yield self.problem(place, message, hint, "unknown", key=key)
            elif self.produced is not None and name not in self.produced:
                hint = "enable one, or take it out of the rule"
                message = f"no enabled recognizer produces {name!r}"
                yield self.problem(place, message, hint, "unproduced", key=key)

    @staticmethod
    def approvers(names: Collection[str]) -> int:
        """How many different people these are."""
        return len({name.strip().casefold() for name in names})
