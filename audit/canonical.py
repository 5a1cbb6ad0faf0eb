"""One form for each value, so that a search finds it however it was written.

Pure. A value is compared with values of its own sort only: telephone numbers by their last nine
digits (``+49 170 1234567`` and ``0170 1234567`` are one), numbers and codes by their letters and
digits (an IBAN with or without spaces), everything else as text, case and Unicode form folded.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

_PHONE = "PHONE_NUMBER"
_PHONE_DIGITS = 9
_FEWEST_DIGITS = 7
TAG_SIZE = 16


def canonical(entity: str, value: str) -> str:
    """The form under which a found value is kept; `entity` is its placeholder's name."""
    return _phone(value) if entity == _PHONE else _plain(value)


def candidates(query: str) -> list[str]:
    """The forms that a search for `query` looks for: it doesn't say what the value is."""
    digits = sum(character.isdecimal() for character in query)
    forms = [_plain(query)]
    if digits >= _FEWEST_DIGITS and not any(character.isalpha() for character in query):
        forms.append(_phone(query))
    return forms


def tag(key: bytes, form: str) -> bytes:
    """The keyed hash under which the index knows a form."""
    return hmac.digest(key, form.encode("utf-8", "surrogatepass"), hashlib.sha256)[:TAG_SIZE]


def folded(text: str) -> str:
    """Text as it is compared: compatible Unicode forms, case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _plain(value: str) -> str:
    text = folded(value)
    if "@" not in text and any(character.isdecimal() for character in text):
        return "code:" + "".join(character for character in text if character.isalnum())
    return f"text:{text}"


def _phone(value: str) -> str:
    decimals = [character for character in folded(value) if character.isdecimal()]
    return "phone:" + "".join(str(int(character)) for character in decimals)[-_PHONE_DIGITS:]
