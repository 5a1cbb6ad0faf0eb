"""Values of a soak: new ones for each request, and a way to know any of them again."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

_FIRST = ("Jane", "Peter", "Maria", "Thomas", "Laura", "Daniel", "Sophie", "Michael")
_LAST = ("Hollander", "Vandenberg", "Castellano", "Lindqvist", "Oppenheim", "Fitzgerald")
_CARD = "4929"
_PLANTED = re.compile(
    rf"@planted\.example|(?:{'|'.join(_LAST)})|\b{_CARD}(?:[ -]?\d{{4}}){{3}}\b|\+1 212-555-01\d\d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who doesn't exist."""

    name: str
    mail: str
    card: str
    phone: str

    @property
    def text(self) -> str:
        """All of it in a few sentences."""
        return (
            f"My name is {self.name}, my mail is {self.mail}, my credit card is {self.card} and my "
            f"phone number is {self.phone}. Please write a short note to {self.name} about it."
        )


def person(chance: random.Random) -> Person:
    """Somebody new."""
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    number = chance.randrange(10**9)
    body = f"{_CARD}{chance.randrange(10**11):011d}"
    card = body + _check_digit(body)
    spaced = " ".join(card[at : at + 4] for at in range(0, 16, 4))
    phone = f"+1 212-555-01{chance.randrange(100):02d}"
    mail = f"{first}.{last}.{number}@planted.example".lower()
    return Person(f"{first} {last}", mail, spaced, phone)


def leaks(text: str) -> list[str]:
    """Every planted value that stands in a text."""
    return _PLANTED.findall(text)


def _check_digit(body: str) -> str:
    """Luhn's (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(body)]
    total = sum(d if at % 2 else sum(divmod(2 * d, 10)) for at, d in enumerate(digits))
    return str(-total % 10)
