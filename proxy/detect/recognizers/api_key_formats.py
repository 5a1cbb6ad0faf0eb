"""How the tables of key formats are written: a prefix, then what follows it, in a few words.

A row is ``(service, prefixes, rest)``: prefixes are separated by spaces and written as they appear
(upper and lower case differ), `rest` is a regular expression put together from the functions below.
Only services whose keys carry a prefix of their own stand in these tables; a prefix and a length
are evidence wherever they stand. Keys without one need a label: `high_entropy.py`.

Where a maker promises no length, the bounds leave room. Every repetition is bounded.
"""

from __future__ import annotations

#: Service, prefixes, regular expression of the rest.
KeyFormat = tuple[str, str, str]


def alnum(low: int, high: int | None = None) -> str:
    """Letters and digits."""
    return _run("[A-Za-z0-9]", low, high)


def lower(low: int, high: int | None = None) -> str:
    """Lower-case letters and digits."""
    return _run("[a-z0-9]", low, high)


def upper(low: int, high: int | None = None) -> str:
    """Upper-case letters and digits."""
    return _run("[A-Z0-9]", low, high)


def hexa(low: int, high: int | None = None) -> str:
    """Hexadecimal digits of either case."""
    return _run("[A-Fa-f0-9]", low, high)


def digits(low: int, high: int | None = None) -> str:
    """Decimal digits."""
    return _run("[0-9]", low, high)


def url64(low: int, high: int | None = None) -> str:
    """Letters, digits, underscores and hyphens: base64 for URLs (RFC 4648 section 5)."""
    return _run("[A-Za-z0-9_-]", low, high)


def base64(low: int, high: int | None = None) -> str:
    """Base64 (RFC 4648 section 4) with its padding."""
    return _run("[A-Za-z0-9+/]", low, high) + "={0,3}"


def _run(alphabet: str, low: int, high: int | None) -> str:
    return f"{alphabet}{{{low}}}" if high is None else f"{alphabet}{{{low},{high}}}"


UUID = r"[A-Fa-f0-9]{8}(?:-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}"
