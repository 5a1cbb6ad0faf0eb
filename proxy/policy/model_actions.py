"""An action as a policy writes it: a word, or with its parameter."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from proxy.policy.vocabulary import Strict


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
    if word == "mask":
        raise ValueError("mask needs its parameter, as in {mask: {keep_last: 4}}")
    if word == "generalise":
        raise ValueError("generalise needs its parameter, as in {generalise: year}")
    return word


ActionName = Literal["allow", "hash", "pseudonymise", "placeholder", "redact", "block"]

AnyAction = Annotated[
    Annotated[ActionName, BeforeValidator(_spelt_out), Tag("word")]
    | Annotated[ActionForm, Tag("form")],
    Discriminator(lambda action: "form" if isinstance(action, dict | ActionForm) else "word"),
]
