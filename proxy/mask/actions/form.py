"""What an action gets and gives."""

from __future__ import annotations

from typing import NamedTuple

from proxy.spelling import canonical


class Form(NamedTuple):
    """One spelling of a value.

    Attributes:
        text: the characters as the caller wrote them.
        first: the first spelling of its value.
        name: the upper-case name of its placeholder, e.g. ``PERSON``.
        number: counted per name, from 1; or a keyed token.
        letter: empty for the first spelling, then b, c … z, ba …
    """

    text: str
    first: str
    name: str
    number: str
    letter: str

    @property
    def value(self) -> str:
        """What all spellings of the value share."""
        return canonical(self.first)


class Written(NamedTuple):
    """What stands in a form's place.

    Attributes:
        text: ordinary text, or a bare token (``PERSON_1``) that the path's alphabet dresses.
        token: whether it is a token.
        restored: whether the answer gets the real value back for it.
        hidden: whether the value is hidden now (an already general one passes as it is).
    """

    text: str
    token: bool
    restored: bool
    hidden: bool = True
