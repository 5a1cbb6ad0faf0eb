"""What the tables of labels call a value, so that a model's name isn't "PESEL" or "Tenant".

Models read a field's name before its value, a column's header and the word that says what somebody
is ("posiadacz Gracjan Ptak") as somebody's or some place's name. All labels that recognizers know
are known here; those that are names too (a given name, a town, a car's make) aren't. Pure.
"""

from __future__ import annotations

import re
from functools import cache

from proxy.detect.names.given import is_given_name
from proxy.detect.names.known import is_place
from proxy.detect.recognizers.address_fields import ADDRESS_FIELDS
from proxy.detect.recognizers.date_of_birth import DATES_OF_BIRTH
from proxy.detect.recognizers.identifiers import KINDS
from proxy.detect.recognizers.labels import fold
from proxy.detect.recognizers.person_label import PERSONS
from proxy.detect.recognizers.phone_label import PHONES
from proxy.detect.recognizers.vehicle import MAKES

_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
#: A label has no more words.
_MOST = 4


def without_field_name(shown: str) -> int:
    """Return how many characters at the beginning of a name are a field's: all, some or none."""
    words = list(_WORD.finditer(shown))
    for count in range(min(_MOST, len(words)), 0, -1):
        end = words[count - 1].end()
        if _spelled(shown[words[0].start() : end]) in _fields():
            return words[count].start() if count < len(words) else len(shown)
    return 0


def _spelled(label: str) -> str:
    return "".join(filter(str.isalnum, fold(label)))


@cache
def _fields() -> frozenset[str]:
    tables = (*KINDS, *PERSONS, *PHONES, *DATES_OF_BIRTH, *ADDRESS_FIELDS)
    labels = {label for kind in tables for label in kind.labels} - set(MAKES)
    named = {label for label in labels if is_given_name(label.title()) or is_place(label)}
    return frozenset(_spelled(label) for label in labels - named if len(_spelled(label)) > 2)
