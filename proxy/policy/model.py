"""The policy format: what a policy file may say, key by key (DESIGN section 8).

A closed format without an expression language, so everything in it can be enumerated. These
classes describe single values (vocabulary.py holds the words that they are made of); what values
must mean together is in check.py. The schema.json beside the policies is generated from them.
"""

from __future__ import annotations

import enum
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from proxy.exchange import Keep, ToolRestore
from proxy.policy.model_actions import AnyAction
from proxy.policy.model_rules import Rule
from proxy.policy.vocabulary import (
    AtLeastOne,
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
    Word,
    Words,
)


class Hide(enum.StrEnum):
    """When a found entity is hidden although the provider's clearance would reach its class."""

    ABOVE_CLEARANCE = "above_clearance"
    OFF_PREMISES = "off_premises"
    ALWAYS = "always"


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
