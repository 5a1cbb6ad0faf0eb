"""What the tables of labels call a value, so that a model's name isn't "PESEL" or "Tenant".

Models read a field's name before its value, a column's header and the word that says what somebody
is ("posiadacz Gracjan Ptak") as somebody's or some place's name. All labels that recognizers know
are known here; those that are names too (a given name, a town, a car's make) aren't. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from proxy.detect.names.given import is_given_name
from proxy.detect.names.known import is_place
from proxy.detect.recognizers.address_fields import ADDRESS_FIELDS
from proxy.detect.recognizers.date_of_birth import DATES_OF_BIRTH
from proxy.detect.recognizers.identifiers import KINDS
from proxy.detect.recognizers.labelled import Kind
from proxy.detect.recognizers.labels import fold
from proxy.detect.recognizers.person_label import PERSONS
from proxy.detect.recognizers.phone_label import PHONES
from proxy.detect.recognizers.vehicle import MAKES

_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
#: A label has no more words.
_MOST = 4


def without_field_name(shown: str) -> tuple[int, bool]:
    """Return how many characters at a name's beginning are a field's, and if it is a person's."""
    words = list(_WORD.finditer(shown))
    for count in range(min(_MOST, len(words)), 0, -1):
        label = _spelled(shown[words[0].start() : words[count - 1].end()])
        if label in _fields():
            end = words[count].start() if count < len(words) else len(shown)
            return end, label in _persons()
    return 0, False


def _spelled(label: str) -> str:
    return "".join(filter(str.isalnum, fold(label)))


@cache
def _fields() -> frozenset[str]:
    tables = (*KINDS, *PHONES, *DATES_OF_BIRTH, *ADDRESS_FIELDS)
    return _persons() | _of(tables)


@cache
def _persons() -> frozenset[str]:
    return _of(PERSONS)


def _of(tables: Iterable[Kind]) -> frozenset[str]:
    labels = {label for kind in tables for label in kind.labels} - set(MAKES)
    named = {label for label in labels if is_given_name(label.title()) or is_place(label)}
    return frozenset(_spelled(label) for label in labels - named if len(_spelled(label)) > 2)
