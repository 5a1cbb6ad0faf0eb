"""The policy format: what a policy file may say, key by key (DESIGN section 8).

A closed format without an expression language, so everything in it can be enumerated. These
classes describe single values (vocabulary.py holds the words that they are made of); what values
must mean together is in check.py. The schema.json beside the policies is generated from them.
"""

from __future__ import annotations

import enum
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from proxy.exchange import Keep, OutputAction, ToolRestore
from proxy.policy.vocabulary import (
    AtLeastOne,
    Clock,
    Counts,
    Entities,
    EntityName,
    Host,
    LabelName,
    Language,
    Name,
    OpaqueKind,
    Retention,
    Score,
    Strict,
    Weekdays,
    Word,
    Words,
)


class Hide(enum.StrEnum):
    """When a found entity is hidden although the provider's clearance would reach its class."""

    ABOVE_CLEARANCE = "above_clearance"
    OFF_PREMISES = "off_premises"
    ALWAYS = "always"


class Mask(Strict):
    """Keep the last characters, hide those before them."""

    keep_last: int = Field(ge=0, le=8)


class ActionForm(Strict):
    """An action with a parameter: ``{mask: {keep_last: 4}}`` or ``{generalise: year}``.

    Generalising knows a date's year or decade, an age's band and the /24 of an IP address.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    mask: Mask | None = None
    generalise: Literal["year", "decade", "band", "/24"] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.mask is None) == (self.generalise is None):
            raise ValueError("one action is needed, mask or generalise")
        return self


def _spelt_out(word: Any) -> Any:
    """Better words for the mistakes that are easy to make."""
    if word == "pseudonymise":
        raise ValueError("pseudonymise isn't in this version; placeholder is the nearest")
    if word == "mask":
        raise ValueError("mask needs its parameter, as in {mask: {keep_last: 4}}")
    if word == "generalise":
        raise ValueError("generalise needs its parameter, as in {generalise: year}")
    return word


ActionName = Literal["allow", "hash", "placeholder", "redact", "block"]

AnyAction = Annotated[
    Annotated[ActionName, BeforeValidator(_spelt_out), Tag("word")]
    | Annotated[ActionForm, Tag("form")],
    Discriminator(lambda action: "form" if isinstance(action, dict | ActionForm) else "word"),
]


class Override(AtLeastOne):
    """What differs for findings in one language or of one recognizer; `action` only strengthens."""

    min_score: Score | None = None
    action: AnyAction | None = None


class EntityForm(Strict):
    """What an entity weighs and what is done with it.

    `residual`, what it still weighs when hidden, is by default the lowest class for `placeholder`
    and `redact`, and the entity's own class for every other action.
    """

    class_: Name = Field(alias="class")
    action: AnyAction
    residual: Name | None = None
    hide: Hide | None = None
    min_score: Score = 0.0
    languages: dict[Language, Override] = Field(default_factory=dict)
    recognizers: dict[Word, Override] = Field(default_factory=dict)


class Default(Strict):
    """What holds where nothing is said.

    `unclassified` is the class of content that can't be read; `opaque` says otherwise for kinds of
    it; `entity` holds for entities without an entry.
    """

    unclassified: Name
    opaque: dict[OpaqueKind, Name] = Field(default_factory=dict)
    entity: EntityForm
    hide: Hide


class Escalation(AtLeastOne):
    """Entities that weigh more together or in number: each is hidden from providers below `class`.

    `at_least` counts different values: five mentions of one address are one.
    """

    all_of: Entities | None = None
    at_least: Counts | None = None
    class_: Name = Field(alias="class")

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if self.all_of is None and self.at_least is None:
            raise ValueError("all_of or at_least is needed here")
        return self


class Label(Strict):
    """A label that callers may declare, and attest with a key that may assert it.

    `assumed` are the values that are taken to hold until such a key says otherwise: all of them
    unless this is given.
    """

    values: Words
    assumed: tuple[Word, ...] | None = None


class Attestation(Strict):
    """On which day, and by whom, a provider's attributes were last confirmed."""

    day: date
    by: Word


class ProviderForm(Strict):
    """A provider's attributes. What isn't said is taken at its worst.

    `models`, where given, are all that may be used there.
    """

    region: Word
    on_prem: bool
    clearance: Name
    retention: Retention = "unknown"
    trains: bool = True
    certs: tuple[Word, ...] = ()
    models: Words | None = None
    attested: Attestation | None = None


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


class Restore(Strict):
    """Where real values may be put back besides text.

    `hosts` count as known, so values are restored inside their URLs. `tools`: for each tool, or for
    `any` other, whether its arguments get real values: `known_hosts`, the default, treats URLs in
    them like URLs in text.
    """

    hosts: tuple[Host, ...] = ()
    tools: dict[Word, ToolRestore] = Field(default_factory=dict)


class Audit(Strict):
    """What the audit log keeps of the texts, in place of `audit.content` in privet.yaml."""

    keep: Keep


class WholeShadow(Strict):
    """The whole policy is decided and counted but not enforced, through the day `until`, UTC.

    Secrets are refused even so. Privet must have been started with `--allow-shadow`.
    """

    until: date
    approved_by: tuple[Word, ...]


class PolicyForm(Strict):
    """A whole policy file."""

    policy: Word
    default: Default
    classes: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64)]
    entities: dict[EntityName, EntityForm] = Field(default_factory=dict)
    escalate: tuple[Escalation, ...] = ()
    labels: dict[LabelName, Label] = Field(default_factory=dict)
    providers: dict[Name, ProviderForm]
    rules: tuple[Rule, ...]
    restore: Restore = Restore()
    audit: Audit | None = None
    shadow: WholeShadow | None = None
