"""What a `*.test.yaml` file may say: cases, each one decision, and invariants over all of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proxy.exchange import Facts
from proxy.policy.model import AnyAction, EntityName, ProviderTest, Scope, Strict, Word, Words
from proxy.policy.space import OTHER

#: Every entity of the policy, and one that it has never heard of.
ANY_ENTITY = "any"

SomeEntities = Annotated[tuple[EntityName, ...], Field(min_length=1)]


class Caller(Strict):
    """Who asks; what isn't given is nobody in particular."""

    tenant: Word = OTHER
    team: Word = OTHER
    user: Word = OTHER
    app: Word = OTHER


class Found(Strict):
    """What was found in a request and couldn't be read there, and what its caller declares."""

    entities: tuple[EntityName, ...] = ()
    opaque: tuple[Word, ...] = ()
    labels: dict[Word, Word] = Field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        """As what decisions are made from."""
        return Facts(frozenset(self.entities), frozenset(self.opaque), self.labels)


class Given(Found):
    """The facts of one decision; `on` is by default the day of the test."""

    principal: Caller = Caller()
    provider: Word
    model: Word = OTHER
    on: date | None = None


class Expect(Strict):
    """What must come of it; exactly one of these.

    `treatment`: allowed, and hidden just so (entities that it leaves out are shown).
    `refused_by`: refused by just these. `refused`: refused, by whatever.
    `hides`: these entities aren't shown: each is hidden, by whatever action, or all is refused.
    """

    treatment: dict[EntityName, AnyAction] | None = None
    refused_by: Words | None = None
    refused: Literal[True] | None = None
    hides: SomeEntities | None = None

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of treatment, refused_by, refused and hides")
        return self


class Case(Strict):
    """One decision and what it must be."""

    name: Word
    given: Given
    expect: Expect


class Claim(Strict):
    """What must never happen, whoever asks.

    `entities` are names or `any`; `but` takes some out. `opaque` is content that can't be read.
    `with` are entities found in the same request, and `labels` what its caller declares: with
    them the invariant is about such requests only. `for` and `not_for` limit whom it is about,
    `from` and `through` (inclusive) when; by default it is everyone, from the day of the test on.
    `shown` means sent as it is, `sent` means sent even when hidden.
    """

    entities: Words | None = None
    but: SomeEntities | None = None
    opaque: bool = False
    with_: SomeEntities | None = Field(default=None, alias="with")
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
