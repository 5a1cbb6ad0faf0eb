"""Support conversations as applications send them: about 4 KB in ten turns, with eight values.

A turn is a user's message and, but for the last, the assistant's answer. Every ten turns another
customer's case is opened, so a long conversation has more values too. Every message of every
conversation is a text of its own: what one of them taught the proxy helps with no other.

Everything is made from the seed. The people, cards and accounts don't exist.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import orjson

MODEL = "gpt-4o-mini"

_FIRST = (
    "Anna",
    "Robert",
    "Julia",
    "Thomas",
    "Laura",
    "Michael",
    "Emma",
    "Daniel",
    "Sarah",
    "David",
)
_LAST = (
    "Whitfield",
    "Kowalski",
    "Hernandez",
    "Lindqvist",
    "Okonkwo",
    "Fitzgerald",
    "Rossi",
    "Tanaka",
)
_STREETS = ("Chestnut Avenue", "Park Lane", "Station Road", "Victoria Street", "Elm Street")
_CITIES = ("Manchester", "Bristol", "Leeds", "Boston", "Denver", "Portland")
#: Everyday words: four of them make a text unlike any other and mean nothing to a detector.
_WORDS = (
    *("table", "window", "garden", "paper", "button", "kettle", "ladder", "pencil", "carpet"),
    *("bottle", "basket", "mirror", "hammer", "blanket", "candle", "drawer", "handle", "pillow"),
    *("round", "plain", "heavy", "gentle", "narrow", "bright", "hollow", "smooth", "wooden"),
    *("folded", "painted", "empty", "useful", "simple", "broken", "quiet", "steady", "little"),
)


def _read_script() -> list[str]:
    """The messages of conversation.txt, without who says them."""
    text = Path(__file__).with_name("conversation.txt").read_text(encoding="utf-8")
    paragraphs = [" ".join(each.split()) for each in text.split("\n\n")]
    return [each.partition(": ")[2] for each in paragraphs if not each.startswith("#")]


_SCRIPT = _read_script()
_TURNS = tuple(zip(_SCRIPT[1::2], _SCRIPT[2::2], strict=True))


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation.

    Attributes:
        messages: system, user, assistant … user, in the form of Chat Completions.
        customer: the name in the first turn: `<PERSON_1>` for a provider.
    """

    messages: tuple[dict[str, str], ...]
    customer: str

    def body(self, *, stream: bool = False) -> bytes:
        """The request that asks for the next answer."""
        asked = {"model": MODEL, "messages": self.messages, "temperature": 0.2}
        return orjson.dumps(asked | ({"stream": True} if stream else {}))


def conversation(seed: int, turns: int = 10, last: int | None = None) -> Conversation:
    """The conversation of this seed. `last`: another seed, for the newest user message only."""
    chance = random.Random(seed)
    messages = [_message("system", _SCRIPT[0], chance, {})]
    customer = ""
    values: dict[str, str] = {}
    for turn in range(turns):
        asks, answers = _TURNS[turn % len(_TURNS)]
        if turn % len(_TURNS) == 0:
            values = _values(chance)
            customer = customer or values["name"]
        newest = turn == turns - 1
        source = random.Random(f"{seed} {last}") if newest and last is not None else chance
        messages.append(_message("user", asks, source, values))
        if not newest:
            messages.append(_message("assistant", answers, chance, values))
    return Conversation(tuple(messages), customer)


def _message(
    role: str, script: str, chance: random.Random, values: dict[str, str]
) -> dict[str, str]:
    tag = " ".join(chance.choices(_WORDS, k=4))
    return {"role": role, "content": script.format(tag=tag, **values)}


def _values(chance: random.Random) -> dict[str, str]:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    number = chance.randrange(1, 10**4)
    day, month, year = (
        chance.randrange(1, 29),
        chance.randrange(1, 13),
        chance.randrange(1950, 2000),
    )
    address = f"{chance.randrange(2, 190)} {chance.choice(_STREETS)}, {chance.choice(_CITIES)}"
    return {
        "name": f"{first} {last}",
        "email": f"{first}.{last}{number}@example.org".lower(),
        "phone": f"+1 415 {chance.randrange(200, 999)} {number:04d}",
        "address": address,
        "card": _card(chance),
        "iban": _iban(chance),
        "birth": f"{day:02d}/{month:02d}/{year}",
        "other": f"{chance.choice(_FIRST)} {chance.choice(_LAST)}",
    }


def _card(chance: random.Random) -> str:
    """Sixteen digits with a valid check digit (ISO/IEC 7812-1, Luhn)."""
    digits = [4, *chance.choices(range(10), k=14)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::2])
    digits.append(-(doubled + sum(digits[1::2])) % 10)
    text = "".join(map(str, digits))
    return " ".join(text[start : start + 4] for start in range(0, 16, 4))


def _iban(chance: random.Random) -> str:
    """A German account number with valid check digits (ISO 13616)."""
    account = "".join(map(str, chance.choices(range(10), k=18)))
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02d}{account}"
