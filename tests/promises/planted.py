"""Planted values, and the search for them in whatever a provider or a log got to read."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote

from tests.house import said_to

#: Each is found wherever it stands: by a pattern, or because the first message introduces it.
VALUES = {
    "person": "Jane Hollander",
    "mail": "jane.hollander@example.com",
    "phone": "+1 212-555-0147",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "ssn": "536-90-4399",
}
INTRODUCTION = "My name is Jane Hollander, I live in Boston. " + ", ".join(
    f"my {name} is {value}" for name, value in VALUES.items() if name != "person"
)


def leaks(body: bytes) -> list[str]:
    """The planted values that can be read in a body: raw, escaped, URL-encoded, base64."""
    raw = body.decode("utf-8", "replace")
    texts = raw + "\n" + (said_to(body) if body[:1] == b"{" else "")
    return [value for value in VALUES.values() if any(form in texts for form in _forms(value))]


def _forms(value: str) -> set[str]:
    encoded = value.encode()
    shifted = {b64encode(bytes(n) + encoded).decode()[4 if n else 0 : -4] for n in range(3)}
    digits = value.replace(" ", "").replace("-", "")
    compact = {digits} if digits.strip("+").isdigit() else set()
    return {value, json.dumps(value)[1:-1], quote(value), quote(value, safe=""), *shifted, *compact}
