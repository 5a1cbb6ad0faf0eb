"""Of what an answer could get back, what policy lets this caller have."""

from __future__ import annotations

import re
from collections.abc import Collection

from proxy.exchange import ANY
from proxy.mask.grammar import LITERAL
from proxy.mask.masked import Restorable
from proxy.mask.masking import Numbering
from proxy.mask.numbered import text_at
from proxy.mask.numbering import placeholder_name

_LITERAL = re.compile(rf"{LITERAL}_[0-9]+[a-z]*")


def literals(mapping: Restorable) -> Restorable:
    """Only what stands for placeholders that the caller typed: no real value."""
    typed = {token: text for token, text in mapping.tokens.items() if _LITERAL.fullmatch(token)}
    return Restorable(typed, {}, mapping.bare & typed.keys())


def without(mapping: Restorable, numbering: Numbering, entities: Collection[str]) -> Restorable:
    """`mapping` without every value that was found as one of `entities`; ANY is all of them."""
    if not entities:
        return mapping
    if ANY in entities:
        return literals(mapping)
    names = {placeholder_name(entity) for entity in entities}
    numbered = numbering.numbered
    withheld = set()
    for spelling in numbered.spellings:
        values = [numbered.values[at] for at in spelling.values]
        if any(
            value.name in names or not value.entities.keys().isdisjoint(entities)
            for value in values
        ):
            withheld.add(text_at(numbering.parts, spelling.at))
    return Restorable(
        {token: text for token, text in mapping.tokens.items() if text not in withheld},
        {digits: text for digits, text in mapping.digits.items() if text not in withheld},
        mapping.bare,
        mapping.members,
        {name: one for name, one in mapping.surrogates.items() if withheld.isdisjoint(one.of)},
    )
