"""Numbers and addresses that nobody has, in the shape of one that somebody does.

| Kind | Range | Source |
|---|---|---|
| phone, North America | 555-0100 to 555-0199 of any area | NANPA, 555 line numbers |
| phone, United Kingdom | 01632 960xxx, 07700 900xxx | Ofcom, numbers for drama |
| phone, France | 01 99 00 xx xx, 06 39 98 xx xx | ARCEP, numbers for audiovisual works |
| phone, Germany | 030 23125xxx, 0171 39200xx | Bundesnetzagentur, drama numbers |
| IPv4 | 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 | RFC 5737 |
| IPv6 | 2001:db8::/32 | RFC 3849 |
| card | any whose check digit is wrong | ISO/IEC 7812-1, annex B (Luhn) |
| IBAN | check digits 00 or 01, and wrong | ISO 13616-1; ISO 7064 MOD 97-10 gives 02 to 98 |
| US social security | area 000 | SSA, never assigned |

Every other digit is keyed. A value that can't be read as its kind has no surrogate here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from proxy.mask.actions.invented import number

#: Gives a keyed number below the second argument, for what the first says.
Keyed = Callable[[str, int], int]

_AREAS = (201, 206, 212, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 818, 907)
_DOCUMENTED = ("192.0.2.", "198.51.100.", "203.0.113.")
_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{5,22}[0-9]")
_NORTH_AMERICA = re.compile(r"\(?[2-9][0-9]{2}\)?[ .-]?[2-9][0-9]{2}[ .-]?[0-9]{4}")
_FRENCH = re.compile(r"0[1-9](?:[ .]?[0-9]{2}){4}")
_CARD = re.compile(r"[0-9](?:[ -]?[0-9]){12,18}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
_SSN = re.compile(r"[0-9]{3}([ -]?)[0-9]{2}\1[0-9]{4}")


def phone(text: str, key: bytes, attempt: int) -> str | None:
    """A number for fiction, of the same country and shape."""
    digits = re.sub("[^0-9]", "", text)
    if not _PHONE.fullmatch(text):
        return None
    international = text.startswith("+")
    for code, national in _plans(digits, text, international=international):
        reserved = national(digits[len(code) :], _keyed(key, f"phone\0{digits}\0{attempt}"))
        if reserved is not None:
            return _in_shape(text, code + reserved)
    return None


def _plans(
    digits: str, text: str, *, international: bool
) -> Iterator[tuple[str, Callable[[str, Keyed], str | None]]]:
    """The digits before the national number, and what makes one of that country."""
    if international:
        known = {"1": _of_north_america, "44": _of_britain, "33": _of_france, "49": _of_germany}
        yield from ((code, plan) for code, plan in known.items() if digits.startswith(code))
    elif _NORTH_AMERICA.fullmatch(text):
        yield "", _of_north_america
    elif _FRENCH.fullmatch(text):
        yield "0", _of_france


def _of_north_america(national: str, keyed: Keyed) -> str | None:
    if len(national) != 10:
        return None
    return f"{_AREAS[keyed('area', len(_AREAS))]}555{100 + keyed('line', 100):04}"


def _of_britain(national: str, keyed: Keyed) -> str | None:
    if len(national) != 10:
        return None
    return f"{'7700900' if national[0] == '7' else '1632960'}{keyed('line', 1000):03}"


def _of_france(national: str, keyed: Keyed) -> str | None:
    if len(national) != 9:
        return None
    return f"{'63998' if national[0] in '67' else '19900'}{keyed('line', 10_000):04}"


def _of_germany(national: str, keyed: Keyed) -> str | None:
    if len(national) != 10:
        return None
    mobile = national[0] == "1"
    return f"17139200{keyed('line', 100):02}" if mobile else f"3023125{keyed('line', 1000):03}"


def address(text: str, key: bytes, attempt: int) -> str | None:
    """An address for documentation, of the same version."""
    keyed = _keyed(key, f"address\0{text}\0{attempt}")
    try:
        version = ipaddress.ip_address(text).version
    except ValueError:
        return None
    if version == 4:
        return f"{_DOCUMENTED[keyed('network', 3)]}{1 + keyed('host', 254)}"
    return str(ipaddress.IPv6Address((0x20010DB8 << 96) + keyed("host", 1 << 96)))


def card(text: str, key: bytes, attempt: int) -> str | None:
    """A number of the same network, length and grouping that no check digit makes a card."""
    if not _CARD.fullmatch(text):
        return None
    digits = re.sub("[^0-9]", "", text)
    keyed = _keyed(key, f"card\0{digits}\0{attempt}")
    other = digits[0] + "".join(str(keyed(str(at), 10)) for at in range(1, len(digits)))
    if _luhn(other):
        other = other[:-1] + str((int(other[-1]) + 1) % 10)
    return _in_shape(text, other)


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + at % 2) for at, d in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def iban(text: str, key: bytes, attempt: int) -> str | None:
    """One of the same country, length and grouping whose check digits no account has."""
    if not _IBAN.fullmatch(text):
        return None
    keyed = _keyed(key, f"iban\0{text.replace(' ', '')}\0{attempt}")
    pieces = []
    for at, character in enumerate(text[4:]):
        if character.isdigit():
            pieces.append(str(keyed(str(at), 10)))
        else:
            pieces.append(chr(ord("A") + keyed(str(at), 26)) if character.isalpha() else character)
    rest = "".join(pieces)
    # The remainder of 00 is that of 97: a reader that only divides would take it.
    divisible = _remainder(f"{rest}{text[:2]}00") == 1
    return f"{text[:2]}{'01' if divisible else '00'}{rest}"


def _remainder(turned: str) -> int:
    """Of an IBAN whose first four characters stand last; 1 if its check digits are right."""
    return int("".join(str(int(c, 36)) for c in turned if c.isalnum())) % 97


def social_security(text: str, key: bytes, attempt: int) -> str | None:
    """One of an area that was never assigned."""
    if not _SSN.fullmatch(text):
        return None
    keyed = _keyed(key, f"ssn\0{re.sub('[^0-9]', '', text)}\0{attempt}")
    return _in_shape(text, f"000{1 + keyed('group', 99):02}{1 + keyed('serial', 9999):04}")


def digits(text: str, key: bytes, label: str) -> str:
    """As many keyed digits."""
    return "".join(str(number(key, f"{label}\0{at}", 10)) for at in range(len(text)))


def _in_shape(text: str, digits: str) -> str | None:
    """The digits with the separators of `text` between them; None if there are more or fewer."""
    places = [at for at, character in enumerate(text) if character.isdigit()]
    if len(places) != len(digits):
        return None
    shape = list(text)
    for at, digit in zip(places, digits, strict=True):
        shape[at] = digit
    return "".join(shape)


def _keyed(key: bytes, label: str) -> Keyed:
    return lambda what, below: number(key, f"{label}\0{what}", below)
