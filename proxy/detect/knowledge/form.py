"""The format of a knowledge file: what a customer tells the detectors, key by key.

    dictionaries:
      - {entity: PROJECT_NAME, terms: [Blue Heron, Nightjar]}
      - {entity: PERSON, file: staff.txt}           # one term a line, in a file beside this one
    patterns:
      - name: badge
        entity: EMPLOYEE_ID
        regex: '\\bBX-\\d{6}\\b'               # Python's `re`; a group `value` is what is hidden
        should_match: [badge BX-123456]
        should_not_match: [BX-12]
    context: {US_BANK_NUMBER: [treasury account]}   # words that confirm a weak finding after them
    allow:
      - {entities: [PERSON, ORGANIZATION], terms: [Acme Support]}
    public_figures:
      - {shipped: true}
    tests:
      - {text: Ask Ann Lee about Nightjar., finds: {PROJECT_NAME: [Nightjar]}}

These classes describe single values; what they must mean together is in read.py.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from proxy.detect.knowledge.terms import MOST_LISTS

#: Characters that a term, and a match of a pattern, may have: windows reach no further.
LONGEST = 200

EntityName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
Term = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Terms = Annotated[tuple[Term, ...], Field(min_length=1, strict=False)]
Score = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """Immutable, and without room for a misspelt key."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Source(Strict):
    """Where terms come from: written here, or a file of one a line. Exactly one of the two."""

    terms: Terms | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.terms is None) == (self.file is None):
            raise ValueError("give either terms or file")
        return self


class DictionaryForm(Source):
    """Terms that are always somebody's or something's name.

    `fold` passes over case, accents and spacing; a term of fewer than six characters, or that is
    an everyday word (Mark, Walker), counts as it is written and in capitals. `exact` passes over
    accents and spacing only.
    """

    entity: EntityName
    case: Literal["fold", "exact"] = "fold"
    score: Score = 0.9


class PatternForm(Strict):
    """A regular expression, and the texts that it must and mustn't find something in.

    With `context`, a score below `detect.min_score` counts only behind one of these words.
    """

    name: Name
    entity: EntityName
    regex: Annotated[str, Field(min_length=1, max_length=1_000)]
    ignore_case: bool = False
    score: Score = 0.6
    context: Annotated[tuple[Term, ...], Field(strict=False)] = ()
    should_match: Texts
    should_not_match: Texts


class AllowForm(Source):
    """Terms in which nothing is hidden that is found for these entities; `case` as above."""

    entities: Annotated[tuple[EntityName, ...], Field(min_length=1, strict=False)]
    case: Literal["fold", "exact"] = "fold"


class FiguresForm(Strict):
    """Persons whom everybody knows: the list that ships here, terms, or a file. Exactly one."""

    shipped: Literal[True] | None = None
    terms: Terms | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.shipped, self.terms, self.file)) != 1:
            raise ValueError("give exactly one of shipped, terms or file")
        return self


class CaseForm(Strict):
    """A text, and what must come of it.

    Attributes:
        finds: entity -> values that must be found (and not shown by an allow list).
        shows: values that may be found, and must be shown by an allow list.
        leaves: values that nothing at all may be found in.
    """

    text: Text
    finds: dict[EntityName, Terms] = {}
    shows: Annotated[tuple[Term, ...], Field(strict=False)] = ()
    leaves: Annotated[tuple[Term, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.finds or self.shows or self.leaves):
            raise ValueError("give finds, shows or leaves")
        found = [value for values in self.finds.values() for value in values]
        for value in (*found, *self.shows, *self.leaves):
            if value not in self.text:
                raise ValueError(f"{value!r} doesn't stand in the text")
        return self


class KnowledgeForm(Strict):
    """A whole knowledge file."""

    dictionaries: Annotated[
        tuple[DictionaryForm, ...], Field(strict=False, max_length=MOST_LISTS)
    ] = ()
    patterns: Annotated[tuple[PatternForm, ...], Field(strict=False, max_length=500)] = ()
    context: dict[EntityName, Terms] = {}
    allow: Annotated[tuple[AllowForm, ...], Field(strict=False, max_length=MOST_LISTS)] = ()
    public_figures: Annotated[tuple[FiguresForm, ...], Field(strict=False)] = ()
    tests: Annotated[tuple[CaseForm, ...], Field(strict=False)] = ()
