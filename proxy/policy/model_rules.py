"""The rules of a policy file, key by key: one verb, for whom, and when.

What they must mean beside the rest of the policy is in check_rules.py.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from proxy.exchange import Keep, OutputAction
from proxy.policy.model_actions import AnyAction
from proxy.policy.vocabulary import (
    AtLeastOne,
    Clock,
    Counts,
    Entities,
    EntityName,
    LabelName,
    Name,
    OpaqueKind,
    Strict,
    Weekdays,
    Word,
    Words,
)


class EntitiesTest(AtLeastOne):
    """A test on what was found; `at_least` counts different values."""

    any_of: Entities | None = None
    all_of: Entities | None = None
    none_of: Entities | None = None
    at_least: Counts | None = None


class OpaqueTest(AtLeastOne):
    """A test on kinds of content that can't be read."""

    any_of: Annotated[tuple[OpaqueKind, ...], Field(min_length=1)] | None = None
    none_of: Annotated[tuple[OpaqueKind, ...], Field(min_length=1)] | None = None


AnyOpaque = Annotated[
    Annotated[bool, Tag("any")] | Annotated[OpaqueTest, Tag("kinds")],
    Discriminator(lambda test: "kinds" if isinstance(test, dict | OpaqueTest) else "any"),
]


class When(AtLeastOne):
    """When a rule matches; every test given must hold.

    `permit` and `waive` may only test for absence (`none_of`, `opaque: false`) and for labels that
    are attested, the other verbs only for presence: so finding more never opens a door.
    """

    entities: EntitiesTest | None = None
    opaque: AnyOpaque | None = None
    labels: dict[LabelName, Words] | None = None


class TimeWindow(AtLeastOne):
    """Days of the week and hours, UTC. `to` isn't in it, and is at most 24:00."""

    days: Weekdays | None = None
    from_: Clock = Field(default="00:00", alias="from")
    to: Clock = "24:00"


#: The keys of a scope that say who asks, and what they are called in Principal.
WHOM = {"tenant": "tenant", "team": "team", "user": "user", "app": "app", "key": "key_id"}


class Scope(AtLeastOne):
    """Whom a rule is for: each key given must name the request's value.

    `key` is a virtual key's id, `model` the model as the provider calls it.
    """

    tenant: Words | None = None
    team: Words | None = None
    user: Words | None = None
    app: Words | None = None
    key: Words | None = None
    model: Words | None = None
    dialect: Words | None = None
    time: TimeWindow | None = None


class Permit(Strict):
    """Providers, or `any`, and models of theirs, that a request may go to."""

    providers: Words
    models: Words | None = None


class CertsTest(AtLeastOne):
    """A test on a provider's certificates."""

    any_of: Words | None = None
    all_of: Words | None = None


class AttestedTest(AtLeastOne):
    """A test on a provider's attestation: not before the day `since`, and by one of `by`."""

    since: date | None = None
    by: Words | None = None


class ProviderTest(AtLeastOne):
    """What a provider must be; every key given must hold."""

    names: Words | None = None
    region: Words | None = None
    on_prem: bool | None = None
    retention: Words | None = None
    trains: bool | None = None
    certs: CertsTest | None = None
    attested: AttestedTest | None = None


class Require(Strict):
    """A demand on the provider."""

    provider: ProviderTest


class Block(Strict):
    """A refusal; `message` tells the caller what to do instead."""

    message: str = Field(default="", max_length=500)


class WaiveTo(Strict):
    """Where a waiver opens."""

    provider: Words


class Waive(Strict):
    """Lifts one verb of one named rule, towards named providers."""

    rule: Name
    lifts: Literal["require", "block", "treat"]
    to: WaiveTo


class Rollout(Strict):
    """The share of teams, in percent, for which a rule counts; for the others it is shadowed."""

    percent_of_teams: int = Field(ge=1, le=99)


class Rule(Strict):
    """One rule: exactly one of the verbs, for whom, and when.

    A rule in `shadow` is decided and counted, and changes nothing.
    """

    id: Name
    why: str = Field(default="", max_length=500)
    scope: Scope | None = None
    when: When | None = None
    permit: Permit | None = None
    require: Require | None = None
    block: Block | None = None
    treat: Annotated[dict[EntityName, AnyAction], Field(min_length=1)] | None = None
    waive: Waive | None = None
    output: Annotated[dict[Word, OutputAction], Field(min_length=1)] | None = None
    withhold: Words | None = None
    keep: Keep | None = None
    until: date | None = None
    approved_by: tuple[Word, ...] = ()
    shadow: bool = False
    rollout: Rollout | None = None
