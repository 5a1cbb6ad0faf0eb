"""Whether detection does what a knowledge file says that it must. Pure.

A value counts as found when a finding of its entity covers it whole; as shown when everything that
touches it is marked by an allow list; as left when nothing touches it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from proxy.detect.knowledge.form import CaseForm
from proxy.exchange import Finding


def differences(case: CaseForm, findings: Sequence[Finding]) -> list[str]:
    """Return what differs from what the case says, a sentence each; empty if nothing does."""
    return [*_not_found(case, findings), *_not_shown(case, findings), *_not_left(case, findings)]


def _not_found(case: CaseForm, findings: Sequence[Finding]) -> Iterator[str]:
    for entity, values in case.finds.items():
        for value in values:
            covering = [
                one
                for start, end in _places(case.text, value)
                for one in findings
                if one.start <= start and end <= one.end
            ]
            if any(one.entity == entity and not one.shown for one in covering):
                continue
            marked = any(one.entity == entity for one in covering)
            got = "an allow list shows it" if marked else _named(covering)
            yield f"{value!r} isn't found as {entity}: {got}"


def _not_shown(case: CaseForm, findings: Sequence[Finding]) -> Iterator[str]:
    for value in case.shows:
        hiding = [one for one in _touching(case.text, value, findings) if not one.shown]
        if hiding:
            yield f"{value!r} isn't shown: {_named(hiding)}"


def _not_left(case: CaseForm, findings: Sequence[Finding]) -> Iterator[str]:
    for value in case.leaves:
        if touching := _touching(case.text, value, findings):
            yield f"{value!r} isn't left alone: {_named(touching)}"


def _touching(text: str, value: str, findings: Sequence[Finding]) -> list[Finding]:
    return [
        one
        for start, end in _places(text, value)
        for one in findings
        if one.start < end and start < one.end
    ]


def _places(text: str, value: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(re.escape(value), text)]


def _named(findings: Sequence[Finding]) -> str:
    said = dict.fromkeys(f"{one.entity} {one.score:.2f} by {one.recognizer}" for one in findings)
    return ", ".join(said) or "nothing is found there"
