"""What a `*.test.yaml` file may say: cases, each one decision, and invariants over all of them."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proxy.exchange import Facts, Keep, OutputAction, Principal
from proxy.policy.axes import OTHER
from proxy.policy.model_actions import AnyAction
from proxy.policy.model_rules import ProviderTest, Scope
from proxy.policy.vocabulary import (
    AtLeastOne,
    Clock,
    Counts,
    EntityName,
    Name,
    OpaqueKind,
    Strict,
    Word,
    Words,
    minutes,
)

#: Every entity of the policy, and one that it has never heard of.
ANY_ENTITY = "any"

SomeEntities = Annotated[tuple[EntityName, ...], Field(min_length=1)]


class Caller(Strict):
    """Who asks; what isn't given is nobody in particular."""

    tenant: Word = OTHER
    team: Word = OTHER
    user: Word = OTHER
    app: Word = OTHER
    key: Word = OTHER

    @property
    def principal(self) -> Principal:
        """As identity would establish it."""
        return Principal(self.tenant, self.team, self.app, self.user, key_id=self.key)


class Found(Strict):
    """What was found in a request and couldn't be read there, and what is known of it besides.

    `counts` says how many different values of an entity, where that matters; `found_by` by which
    recognizers or in which languages it was found. `attested` names those `labels` that the caller
    may assert. `at` is the time of day, UTC.
    """

    entities: tuple[EntityName, ...] = ()
    counts: dict[EntityName, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    found_by: dict[EntityName, Words] = Field(default_factory=dict)
    opaque: tuple[OpaqueKind, ...] = ()
    labels: dict[Word, Word] = Field(default_factory=dict)
    attested: tuple[Word, ...] = ()
    dialect: Word = OTHER
    at: Clock | None = None

    @property
    def facts(self) -> Facts:
        """As what decisions are made from."""
        sources = {(name, source) for name, many in self.found_by.items() for source in many}
        return Facts(
            entities=frozenset({*self.entities, *self.counts, *self.found_by}),
            opaque=frozenset(self.opaque),
            labels=self.labels,
            attested=frozenset(self.attested),
            counts=self.counts,
            sources=frozenset(sources),
            dialect=self.dialect,
            at=time(*divmod(minutes(self.at), 60)) if self.at else None,
        )


class Given(Found):
    """The facts of one decision; `on` is by default the day of the test."""

    principal: Caller = Caller()
    provider: Word
    model: Word = OTHER
    on: date | None = None


class TermsExpected(AtLeastOne):
    """What must be agreed on the answer: what isn't given isn't looked at.

    `output` is what is done with values that the model itself produced, `withhold` which entities
    stay placeholders, `keep` the most that the audit log keeps of the texts.
    """

    output: Annotated[dict[EntityName, OutputAction], Field(min_length=1)] | None = None
    withhold: Words | None = None
    keep: Keep | None = None


class Expect(Strict):
    """What must come of it; exactly one of these, perhaps with the request's `class` and `terms`.

    `treatment`: allowed, and hidden just so (entities that it leaves out are shown).
    `refused_by`: refused by just these. `refused`: refused, by whatever.
    `hides`: these entities aren't shown: each is hidden, by whatever action, or all is refused.
    """

    treatment: dict[EntityName, AnyAction] | None = None
    refused_by: Words | None = None
    refused: Literal[True] | None = None
    hides: SomeEntities | None = None
    class_: Name | None = Field(default=None, alias="class")
    terms: TermsExpected | None = None

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if len(self.model_fields_set - {"class_", "terms"}) != 1:
            raise ValueError("give exactly one of treatment, refused_by, refused and hides")
        if self.terms is not None and self.treatment is None:
            raise ValueError("terms are those of an answer: give treatment beside them")
        return self


class Case(Strict):
    """One decision and what it must be."""

    name: Word
    given: Given
    expect: Expect


class Claim(Strict):
    """What must never happen, whoever asks.

    `entities` are names or `any`; `but` takes some out. `opaque` is content that can't be read, of
    some kinds or (true) of any. `with` are entities found in the same request, `at_least` so many
    different values, and `labels` what its caller says: then it is about such requests only.
    `for` and `not_for` limit whom it is about, `from` and `through` (inclusive) when; by default
    it is everyone, from the day of the test on.
    `shown` means sent as it is, `sent` means sent even when hidden.
    """

    entities: Words | None = None
    but: SomeEntities | None = None
    opaque: Literal[True] | Annotated[tuple[OpaqueKind, ...], Field(min_length=1)] | None = None
    with_: SomeEntities | None = Field(default=None, alias="with")
    at_least: Counts | None = None
    labels: Annotated[dict[Word, Word], Field(min_length=1)] | None = None
    to: ProviderTest | None = None
    for_: Scope | None = Field(default=None, alias="for")
    not_for: Scope | None = None
    from_: date | None = Field(default=None, alias="from")
    through: date | None = None
    never: Literal["shown", "sent"]


class Invariant(Claim):
    """A claim with a name, in a test file."""

    name: Word


class TestFile(Strict):
    """A `*.test.yaml` file; `policy` is the path of the policy from there."""

    __test__ = False

    policy: Word
    cases: tuple[Case, ...] = ()
    invariants: tuple[Invariant, ...] = ()
