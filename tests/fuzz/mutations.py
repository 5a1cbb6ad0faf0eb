"""Texts with a value planted in them, written as people, programs and evaders write such values.

Everything follows from a seed and a number, so that a failure can be looked at again.
"""

from __future__ import annotations

import base64
import html
import json
import random
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
SOFT_HYPHEN = "\u00ad"
MARKS = "\u0301\u0308\u0323\u0332"
#: Latin letter -> letters of other scripts that look the same.
LOOKALIKES = {
    "a": "\u0430", "e": "\u0435", "o": "\u043e\u03bf", "p": "\u0440", "c": "\u0441", "x": "\u0445",
    "i": "\u0456", "s": "\u0455", "A": "\u0410\u0391", "B": "\u0412\u0392", "E": "\u0415\u0395",
    "K": "\u041a\u039a", "M": "\u041c\u039c", "H": "\u041d\u0397", "O": "\u041e\u039f",
    "P": "\u0420\u03a1", "C": "\u0421", "T": "\u0422\u03a4", "X": "\u0425\u03a7",
}  # fmt: skip
#: What may stand between the groups of a number when a line ends there.
LINE_ENDS = ("\n", "\r\n", " \n", "\n ")

_FRAMES = (
    "My {label} is {value}, please update it.",
    "{label}: {value}",
    "Hello,\n\nas discussed, the {label} is {value}.\n\nBest regards",
    "| {label} | {value} |\n|---|---|\n",
    '{{"{label}": "{value}"}}',
    "Can you check whether {value} ({label}) is right?",
    "ticket 4711\t{label}\t{value}\topen",
)
_WORDS = [
    "the",
    "of",
    "order",
    "invoice",
    "please",
    "weekly",
    "Straße",
    "naïve",
    "über",
    "東京",
    "Привет",
    "{}",
    "[]",
    "<b>",
    "&&",
    "%%",
    "\\",
    "\u200f",
]


@dataclass(frozen=True, slots=True)
class Planted:
    """A text, and where in it somebody would read a value.

    Attributes:
        text: the text.
        start: where the value starts.
        end: where it ends.
        kind: of the value.
        how: the mutation.
    """

    text: str
    start: int
    end: int
    kind: str
    how: str


def _groups(digits: str, sizes: tuple[int, ...], separator: str) -> str:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(digits[at : at + size])
        at += size
    return separator.join(piece for piece in pieces if piece)


def _card(rng: random.Random) -> str:
    body = "4" + "".join(rng.choice("0123456789") for _ in range(14))
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(body)]
    check = -sum(d - 9 if d > 9 else d for d in doubled) % 10
    return _groups(f"{body}{check}", (4, 4, 4, 4), rng.choice((" ", "-", "")))


def _iban(rng: random.Random) -> str:
    account = "".join(rng.choice("0123456789") for _ in range(18))
    check = 98 - int(f"{account}131400") % 97
    return _groups(f"DE{check:02d}{account}", (4, 4, 4, 4, 4, 2), rng.choice((" ", "")))


def _mail(rng: random.Random) -> str:
    names = ("sue.storm", "max.power", "ana_costa", "b.novak", "karim.haddad", "olga.petrova7")
    return f"{rng.choice(names)}@{rng.choice(('example', 'mailbox', 'kontor'))}.{rng.choice(('com', 'de', 'org'))}"


def _ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665):03d}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _phone(rng: random.Random) -> str:
    return f"+44 20 7946 {rng.randint(0, 999):04d}"


def _name(rng: random.Random) -> str:
    given = ("Anna", "Thomas", "Sophie", "James", "Maria", "Robert", "Claire", "Peter")
    family = (
        "Bergmann",
        "Whitfield",
        "Moreau",
        "Kowalski",
        "Fernandez",
        "Novak",
        "Hughes",
        "Rossi",
    )
    return f"{rng.choice(given)} {rng.choice(family)}"


def _key(rng: random.Random) -> str:
    prefix, length = rng.choice((("ghp_", 36), ("AIza", 35), ("glpat-", 20), ("hf_", 34)))
    letters = "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(length - 2))
    return f"{prefix}{letters[:9]}7x{letters[9:]}"


def _password(rng: random.Random) -> str:
    word = rng.choice(("Sommer", "dragon", "Falcon", "kestrel", "Moonlit"))
    return f"{word}{rng.choice('!#+$')}{rng.randint(10, 99)}{rng.choice(('Xq', 'pR', 'tz'))}"


def _ip(rng: random.Random) -> str:
    return ".".join(str(rng.randint(11, 250)) for _ in range(4))


def _birth(rng: random.Random) -> str:
    return f"{rng.randint(1950, 2004)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


@dataclass(frozen=True, slots=True)
class Value:
    """A kind of value.

    Attributes:
        label: what a text calls it.
        entity: what it is found as.
        make: makes one up.
    """

    label: str
    entity: str
    make: Callable[[random.Random], str]


VALUES = {
    "birth": Value("date of birth", "DATE_OF_BIRTH", _birth),
    "card": Value("credit card", "CREDIT_CARD", _card),
    "iban": Value("IBAN", "IBAN_CODE", _iban),
    "ip": Value("IP address", "IP_ADDRESS", _ip),
    "key": Value("API key", "API_KEY", _key),
    "mail": Value("e-mail address", "EMAIL_ADDRESS", _mail),
    "name": Value("customer name", "PERSON", _name),
    "password": Value("password", "PASSWORD", _password),
    "phone": Value("phone number", "PHONE_NUMBER", _phone),
    "ssn": Value("SSN", "US_SSN", _ssn),
}


def _sprinkled(value: str, rng: random.Random, signs: str) -> str:
    """The value with one to three signs inside it."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(1, len(value) - 1)
        value = value[:at] + rng.choice(signs) + value[at:]
    return value


def _wide(value: str, rng: random.Random) -> str:
    letters = rng.random() < 0.5
    return "".join(
        chr(ord(c) + 0xFEE0)
        if (c.isascii() and c.isdigit()) or (letters and c.isascii() and c.isalpha())
        else c
        for c in value
    )


def _lookalike(value: str, rng: random.Random) -> str:
    places = [at for at, c in enumerate(value) if c in LOOKALIKES]
    chosen = set(rng.sample(places, min(len(places), rng.randint(1, 2))))
    return "".join(rng.choice(LOOKALIKES[c]) if at in chosen else c for at, c in enumerate(value))


def _marked(value: str, rng: random.Random) -> str:
    at = rng.choice([at for at, c in enumerate(value) if c.isalnum()])
    return value[: at + 1] + rng.choice(MARKS) + value[at + 1 :]


def _broken(value: str, rng: random.Random) -> str:
    """The value with a line end between two groups of digits, or two words."""
    gaps = [
        at
        for at, c in enumerate(value)
        if c == " " or (c == "-" and value[at - 1].isdigit() and value[at + 1].isdigit())
    ]
    if not gaps:
        return value
    at = rng.choice(gaps)
    keep = value[at] if value[at] == "-" else ""
    return value[:at] + keep + rng.choice(LINE_ENDS) + value[at + 1 :]


def _entities(value: str, rng: random.Random) -> str:
    spell = rng.choice((lambda c: f"&#{ord(c)};", lambda c: f"&#x{ord(c):x};", html.escape))
    return "".join(spell(c) if not c.isalnum() or rng.random() < 0.2 else c for c in value)


def _url(value: str, rng: random.Random) -> str:
    return quote(value, safe="") if rng.random() < 0.7 else "".join(f"%{ord(c):02X}" for c in value)


def _json(value: str, rng: random.Random) -> str:
    escape = rng.choice(("\\u{:04x}", "\\\\u{:04x}", "\\u{:04X}"))
    return "".join(
        escape.format(ord(c)) if not c.isalnum() or rng.random() < 0.2 else c for c in value
    )


def _base64(value: str, rng: random.Random) -> str:
    sentence = f"{rng.choice(('the value is', 'send it to', 'mine:'))} {value} {rng.choice(('now', 'today', 'please'))}"
    encode = rng.choice((base64.b64encode, base64.urlsafe_b64encode))
    return encode(sentence.encode()).decode()


MUTATIONS: dict[str, Callable[[str, random.Random], str]] = {
    "plain": lambda value, _: value,
    "zero-width": lambda value, rng: _sprinkled(value, rng, ZERO_WIDTH),
    "soft hyphen": lambda value, rng: _sprinkled(value, rng, SOFT_HYPHEN),
    "full width": _wide,
    "lookalike": _lookalike,
    "combining mark": _marked,
    "line break": _broken,
    "HTML": _entities,
    "URL": _url,
    "JSON": _json,
    "base64": _base64,
}
#: A second mutation over the first: still read by a person, or by the program that it is meant for.
_OVER = ("zero-width", "soft hyphen", "full width", "HTML", "JSON")


def planted(seed: int, number: int) -> Planted:
    """The text with this number."""
    rng = random.Random(f"{seed}/{number}")
    kind = rng.choice(sorted(VALUES))
    how = rng.choice(sorted(MUTATIONS))
    value = MUTATIONS[how](VALUES[kind].make(rng), rng)
    if rng.random() < 0.1 and how in ("zero-width", "full width", "soft hyphen", "lookalike"):
        over = rng.choice(_OVER)
        value, how = MUTATIONS[over](value, rng), f"{how}, then {over}"
    frame = rng.choice(_FRAMES)
    before, _, after = frame.partition("{value}")
    before, after = (side.format(label=VALUES[kind].label) for side in (before, after))
    if frame.startswith("{{"):  # a JSON document: what stands in it is escaped once
        value = json.dumps(value, ensure_ascii=False)[1:-1]
    noise = _noise(rng) if rng.random() < 0.3 else ""
    rest = f"\n\n{_noise(rng)}" if rng.random() < 0.3 else ""
    text = f"{noise}{before}{value}{after}{rest}"
    start = len(noise) + len(before)
    return Planted(text, start, start + len(value), kind, how)


def _noise(rng: random.Random) -> str:
    """Words and stray characters of every kind, that end in a blank line."""
    pieces = []
    for _ in range(rng.randint(1, 30)):
        if rng.random() < 0.2:
            pieces.append(_stray(rng))
        else:
            pieces.append(rng.choice(_WORDS))
    return " ".join(pieces) + "\n\n"


def _stray(rng: random.Random) -> str:
    while True:
        character = chr(rng.randrange(0x11_0000))
        if unicodedata.category(character) != "Cs":
            return character
