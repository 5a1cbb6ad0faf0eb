"""The words that the policy format is written in: names, numbers, hours and lists of them.

Every part of the format is `Strict`: unknown keys are errors, and values never change.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from proxy.complaints import Spelt

_A_NAME = "a name is written in small letters, digits, '.', '_' and '-', up to 64 of them"
_AN_ENTITY = "an entity is written in capitals, as EMAIL_ADDRESS"
_A_LANGUAGE = "a language is written in two small letters, as de"
_A_HOST = "a host is written alone, without 'https://', port or path, as crm.acme.example"
_A_RETENTION = "a retention is written as none, unknown, or in days, as 30d"

Name = Annotated[str, Spelt(r"^[a-z0-9][a-z0-9._-]{0,63}$", _A_NAME)]
LabelName = Annotated[str, Spelt(r"^[a-z][a-z0-9_-]{0,63}$", _A_NAME)]
EntityName = Annotated[str, Spelt(r"^[A-Z][A-Z0-9_]{0,63}$", _AN_ENTITY)]
OpaqueKind = Annotated[str, Spelt(r"^[a-z][a-z0-9_-]{0,63}$", _A_NAME)]
Language = Annotated[str, Spelt(r"^[a-z]{2}$", _A_LANGUAGE)]
Word = Annotated[str, Field(min_length=1, max_length=256)]
Host = Annotated[str, Spelt(r"^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$", _A_HOST)]
Retention = Annotated[str, Spelt(r"^(none|unknown|[1-9][0-9]{0,4}d)$", _A_RETENTION)]
Score = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]

#: Monday first, as `date.weekday` counts.
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Weekdays = Annotated[tuple[Weekday, ...], Field(min_length=1)]

_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")


def _is_time(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("a time of day is written as 08:30, and midnight at its end as 24:00")
    return text


Clock = Annotated[str, AfterValidator(_is_time)]


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
#: For each entity, how many different values of it.
Counts = Annotated[dict[EntityName, Annotated[int, Field(ge=1, le=1_000_000)]], Field(min_length=1)]


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


def minutes(clock: str) -> int:
    """Minutes since midnight of a time of day such as ``08:30``."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)
