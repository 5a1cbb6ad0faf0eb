"""generalise: a coarser value of the same kind that the model can still reason with.

| to | from | becomes |
|---|---|---|
| year | 1984-03-02, March 2, 1984 | 1984 |
| decade | 2.3.1984 | 1980s |
| band | 37, 37 years old | 30-39; from ninety on 90+ |
| /24 | 192.168.17.45 | 192.168.17.0/24; an IPv6 address its /48 |

A value that is as coarse already passes as it is. What can't be read is refused here, so that it
becomes a placeholder: a date with two years or with none of four digits, an address in brackets,
and `3/1984`, of which the year would keep more than half. (A network always keeps most of its
address: that is what /24 says.)
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from proxy.exchange import Action
from proxy.mask.actions.form import Form, Written

_YEAR = re.compile(r"(?<![0-9])(?:1[89]|20)[0-9]{2}(?![0-9])")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|juni|juli|okt|dez|maerz|märz"
_DATE = re.compile(rf"(?:[0-9\s.,/T:Z+-]|(?:{_MONTHS})[a-z]*|st|nd|rd|th|of)+", re.IGNORECASE)
_AGE = re.compile(r"([0-9]{1,3})(?:[\s-]*(?:years?|yrs?|y)?(?:[\s-]*(?:old|o))?)?", re.IGNORECASE)
_BAND = re.compile(r"[0-9]0-[0-9]9|0-9|90\+")
_ELDEST = 90  # HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(C), puts all from ninety on in one group


def write(form: Form, action: Action, _key: bytes) -> Written | None:
    """The coarser value; None if `action.to` isn't known or the value can't be read as its kind."""
    coarser = _TO.get(action.to)
    text = coarser(form.text.strip()) if coarser else None
    if text is None:
        return None
    return Written(text, token=False, restored=False, hidden=text != form.text)


def _year(text: str) -> str | None:
    years = _YEAR.findall(text)
    if len(years) != 1 or not _DATE.fullmatch(text):
        return None
    year: str = years[0]
    return year if text == year or len(year) * 2 <= len(text) else None


def _decade(text: str) -> str | None:
    if text.endswith("0s") and _YEAR.fullmatch(text[:-1]):
        return text
    year = _year(text)
    return year and f"{year[:3]}0s"


def _band(text: str) -> str | None:
    if _BAND.fullmatch(text):
        return text
    age = _AGE.fullmatch(text)
    if age is None:
        return None
    years = int(age[1])
    if years >= _ELDEST:
        return f"{_ELDEST}+"
    return f"{years // 10 * 10}-{years // 10 * 10 + 9}"


def _network(text: str) -> str | None:
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        return None
    prefix = 24 if address.version == 4 else 48
    if address.network.prefixlen <= prefix:
        return str(address) if address.ip == address.network.network_address else None
    return str(ipaddress.ip_network((address.ip, prefix), strict=False))


_TO: dict[str, Callable[[str], str | None]] = {
    "year": _year,
    "decade": _decade,
    "band": _band,
    "/24": _network,
}
