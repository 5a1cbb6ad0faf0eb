"""A value of every entity that detection knows, in a sentence in which it is found.

Most stand in the tables of the detection tests. For a national identifier that doesn't, its row's
own form is filled with digits until its check digit is right, the same ones every time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from proxy.detect.recognizers.identifiers import Identifiers
from proxy.detect.recognizers.national_id_table import ROWS
from tests.corpora.fakes import fake
from tests.detect.test_identifiers import BESIDE, NATIONAL
from tests.detect.test_recognizers import API_KEYS
from tests.detect.test_usernames_and_wallets import WALLETS

_JWT = fake("jwt", "canary")
_OTHERS = [
    ("My name is Jane Hollander.", "PERSON", "Jane Hollander"),
    ("Mail jane.hollander@example.com.", "EMAIL_ADDRESS", "jane.hollander@example.com"),
    ("Call +1 212-555-0147.", "PHONE_NUMBER", "+1 212-555-0147"),
    ("She lives at 48 Marlborough Street, Boston, MA 02116.", "ADDRESS", "48 Marlborough Street"),
    ("Her date of birth is 14 March 1979.", "DATE_OF_BIRTH", "14 March 1979"),
    ("My credit card is 4929 1234 5678 9015.", "CREDIT_CARD", "4929 1234 5678 9015"),
    ("IBAN DE89 3704 0044 0532 0130 00", "IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
    ("The server is 203.0.113.77.", "IP_ADDRESS", "203.0.113.77"),
    ("Its MAC is 00:1B:44:11:3A:B7.", "MAC_ADDRESS", "00:1B:44:11:3A:B7"),
    (f"The session is {_JWT} now.", "JWT", _JWT),
    ("My password is correcthorse7.", "PASSWORD", "correcthorse7"),
    (f"Send it to {WALLETS[0]}.", "CRYPTO", WALLETS[0]),
    ("MRN 00482113", "MEDICAL_RECORD", "00482113"),
    ("Medicare number 2123 45670 1", "AU_MEDICARE", "2123 45670 1"),
    ("Versichertennummer A123456780", "DE_HEALTH_INSURANCE", "A123456780"),
    ("MBI: 1EG4-TE5-MK73", "US_MBI", "1EG4-TE5-MK73"),
    ("NPI: 1234567893", "US_NPI", "1234567893"),
    ("TIN 12-3456789", "TAX_ID", "12-3456789"),
    ("licence MORGA657054SM9IJ 35", "UK_DRIVING_LICENCE", "MORGA657054SM9IJ 35"),
]
#: Refused wherever they stand, instead of being hidden.
SECRETS = [*API_KEYS[3:5], "-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEEI" + "A" * 55]


@cache
def canaries() -> dict[str, tuple[str, str]]:
    """Entity -> a sentence, and the value in it."""
    found = {entity: (text, value) for text, entity, value in [*BESIDE, *NATIONAL, *_OTHERS]}
    found |= {entity: made for entity, made in _made() if entity not in found}
    return found


def _made() -> Iterator[tuple[str, tuple[str, str]]]:
    recognizer = Identifiers()
    for entity, _, labels, form, _ in ROWS:
        label = labels.split(",")[0].upper()
        chance = random.Random(entity)
        tree = _parser.parse(form)
        for _ in range(3_000):
            text = f"{label}: {_filled(tree, chance)}"
            results = recognizer.analyze(text, [])
            values = [text[r.start : r.end] for r in results if r.entity_type == entity]
            if values and len(re.sub(r"\W", "", values[0])) >= 6:
                yield entity, (text, values[0])
                break


def _filled(tree: Any, chance: random.Random) -> str:
    """A text of a pattern's form; what only looks around is left out."""
    return "".join(_piece(kind, said, chance) for kind, said in tree)


def _piece(kind: Any, said: Any, chance: random.Random) -> str:
    if kind is op.LITERAL:
        return chr(said)
    if kind is op.IN:
        return _one_of(said, chance)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        low, high, inner = said
        return "".join(
            _filled(inner, chance) for _ in range(chance.randint(low, min(high, low + 3)))
        )
    if kind is op.SUBPATTERN:
        return _filled(said[-1], chance)
    if kind is op.BRANCH:
        return _filled(chance.choice(said[1]), chance)
    return ""


def _one_of(choices: Any, chance: random.Random) -> str:
    kind, said = chance.choice([choice for choice in choices if choice[0] is not op.NEGATE])
    if kind is op.RANGE:
        return chr(chance.randint(*said))
    if kind is op.CATEGORY:
        return chance.choice("0123456789")
    return chr(said)
