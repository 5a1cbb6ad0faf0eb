"""The index section: what of a record an indexer may read, sealed apart from the rest.

An indexer builds the search index and is no auditor. The section says what searches go by (who
asked whom, under which rule, what was found), and its row key opens the values that were found, as
long as their key rows are there. Everything else in the record stays closed to its readers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from audit.errors import FormatError
from audit.record import JSON, canonical_json

#: Contents with such a name are values that were found, e.g. ``value/PERSON_1``.
VALUE = "value/"

_MEMBERS = ("class", "code", "endpoint", "found", "indexed", "rule", "rules", "status", "waivers")
_OF_PRINCIPAL = ("team", "app")


@dataclass(frozen=True, slots=True)
class View:
    """What an index section says.

    Attributes:
        body: those members of the record's body that searches go by.
        values: place -> name, of the values that the record stores.
    """

    body: Mapping[str, JSON]
    values: Mapping[int, str]


def view_of(body: Mapping[str, JSON], stored: Mapping[int, str]) -> View:
    """What an indexer may read of a record; `stored`: place -> name of what it stores."""
    seen = {name: body[name] for name in _MEMBERS if name in body}
    who = body.get("principal")
    if isinstance(who, Mapping):
        seen["principal"] = {name: who[name] for name in _OF_PRINCIPAL if name in who}
    return View(seen, {at: name for at, name in stored.items() if name.startswith(VALUE)})


def encode_view(view: View) -> bytes:
    """The section's plaintext; raises FormatError for what JSON can't hold."""
    return canonical_json({"body": view.body, "values": [*map(list, view.values.items())]})


def decode_view(data: bytes) -> View:
    """Read the section's plaintext; raises FormatError."""
    try:
        document = json.loads(data)
        body, values = document["body"], dict(document["values"])
    except (ValueError, RecursionError, TypeError, KeyError):
        raise FormatError("an index section isn't one") from None
    named = all(isinstance(at, int) and isinstance(name, str) for at, name in values.items())
    if set(document) != {"body", "values"} or not isinstance(body, dict) or not named:
        raise FormatError("an index section has other members than body and values")
    return View(body, values)
