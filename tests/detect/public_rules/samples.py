"""What a public rule set's own tests say is a secret, and is none.

Read out of a checkout that somebody has: nothing of it is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One string of a rule's tests.

    Attributes:
        rule: whose test it is.
        text: the string.
        secret: whether the rule must find one in it.
        number: which of the notations of its value, from 0 on.
    """

    rule: str
    text: str
    secret: bool
    number: int = 0
