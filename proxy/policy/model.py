"""The policy format: what a policy file may say, key by key (DESIGN section 8).

A closed format without an expression language, so everything in it can be enumerated. These
classes describe single values; what values must mean together is in check.py. The schema.json
beside the policies is generated from them.
"""

from __future__ import annotations

import enum
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

ClassName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
EntityName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
ProviderName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Word = Annotated[str, Field(min_length=1, max_length=256)]
Retention = Annotated[str, Field(pattern=r"^(none|unknown|[1-9][0-9]{0,4}d)$")]


def _as_many(value: Any) -> Any:
    """One word stands for a list of it: ``team: fraud`` is ``team: [fraud]``."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Words = Annotated[
    tuple[Word, ...],
    Field(min_length=1),
    BeforeValidator(_as_many, json_schema_input_type=Word | list[Word]),
]
Entities = Annotated[tuple[EntityName, ...], Field(min_length=1)]


class Strict(BaseModel):
    """What every part of the format is: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AtLeastOne(Strict):
    """A test or scope: without any key it would say nothing, which is never what is meant."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("at least one key is needed here")
        return self


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


class EntityForm(Strict):
    """What an entity weighs and what is done with it.

    `residual`, what it still weighs when hidden, is by default the lowest class for `placeholder`
    and `redact`, and the entity's own class for every other action.
    """

    class_: ClassName = Field(alias="class")
    action: AnyAction
    residual: ClassName | None = None
    hide: Hide | None = None
    min_score: float = Field(default=0.0, ge=0.0, le=1.0, allow_inf_nan=False)


class Default(Strict):
    """What holds where nothing is said: content that can't be read, entities without an entry."""

    unclassified: ClassName
    entity: EntityForm
    hide: Hide


class Escalation(Strict):
    """Entities that weigh more together: each is hidden from providers below `class`."""

    all_of: Entities
    class_: ClassName = Field(alias="class")


class ProviderForm(Strict):
    """A provider's attributes. What isn't said is taken at its worst."""

    region: Word
    on_prem: bool
    clearance: ClassName
    retention: Retention = "unknown"
    trains: bool = True
    certs: tuple[Word, ...] = ()


class EntitiesTest(AtLeastOne):
    """A test on what was found."""

    any_of: Entities | None = None
    all_of: Entities | None = None
    none_of: Entities | None = None


class When(AtLeastOne):
    """When a rule matches; every test given must hold.

    `permit` and `waive` may only test for absence (`none_of`, `opaque: false`), the other verbs
    only for presence: so finding more never opens a door.
    """

    entities: EntitiesTest | None = None
    opaque: bool | None = None
    labels: dict[Word, Words] | None = None


class Scope(AtLeastOne):
    """Whom a rule is for: each key given must name the caller's value."""

    tenant: Words | None = None
    team: Words | None = None
    user: Words | None = None
    app: Words | None = None


class Permit(Strict):
    """Providers, or `any`, and models of theirs, that a request may go to."""

    providers: Words
    models: Words | None = None


class CertsTest(AtLeastOne):
    """A test on a provider's certificates."""

    any_of: Words | None = None
    all_of: Words | None = None


class ProviderTest(AtLeastOne):
    """What a provider must be; every key given must hold."""

    names: Words | None = None
    region: Words | None = None
    on_prem: bool | None = None
    retention: Words | None = None
    trains: bool | None = None
    certs: CertsTest | None = None


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

    rule: RuleId
    lifts: Literal["require", "block", "treat"]
    to: WaiveTo


class Rule(Strict):
    """One rule: exactly one of the five verbs, for whom, and when."""

    id: RuleId
    why: str = Field(default="", max_length=500)
    scope: Scope | None = None
    when: When | None = None
    permit: Permit | None = None
    require: Require | None = None
    block: Block | None = None
    treat: Annotated[dict[EntityName, AnyAction], Field(min_length=1)] | None = None
    waive: Waive | None = None
    until: date | None = None
    approved_by: tuple[Word, ...] = ()


class PolicyForm(Strict):
    """A whole policy file."""

    policy: Word
    default: Default
    classes: Annotated[tuple[ClassName, ...], Field(min_length=1)]
    entities: dict[EntityName, EntityForm] = Field(default_factory=dict)
    escalate: tuple[Escalation, ...] = ()
    providers: dict[ProviderName, ProviderForm]
    rules: tuple[Rule, ...]
