"""Every found value, wherever else it stands.

Models find a name in one sentence and miss it in the next. The sweep looks for each found value in
all parts, with the rule of matching.py, and adds a finding for each further occurrence. So it does
with what a person is called for short (short_names.py), but for where the whole name stands.

Invariants: nothing that was found is changed or dropped; a hit carries the entity and score of
the first finding of its value, and `sweep` as its recognizer; what is found in the earlier parts
of a longer conversation stays found.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from proxy.exchange import Finding, TextPart
from proxy.folding import fold
from proxy.matching import Matcher, Occurrence
from proxy.short_names import PERSON, short_names
from proxy.spelling import Lexicon

RECOGNIZER = "sweep"
_HERE = Path(__file__).parent


def load_lexicon() -> Lexicon:
    """The word lists that ship in this folder: one lower-case word a line, # starts a comment."""
    return Lexicon(_read("words.txt"), _read("stopwords.txt"))


Swept = tuple[tuple[Finding, ...], ...]


class _Value(NamedTuple):
    """A value as it was first written, its first finding, and the part in which that stands.

    `short`: it is a part of the name that this finding is.
    """

    text: str
    first: Finding
    part: int
    short: bool = False


def sweep(
    parts: Sequence[TextPart],
    findings: Sequence[Sequence[Finding]],
    lexicon: Lexicon,
    before: Swept = (),
) -> Swept:
    """The findings of each part, and after them the further occurrences of every found value.

    Args:
        findings: what the detectors found in each part behind those of `before`.
        before: what the sweep gave for the first of these parts, when there were no others. A new
            value is searched in all parts, one that was known then in the new parts only.
    """
    done = len(before)
    if done == len(parts):
        return before
    detected = [[one for one in some if one.recognizer != RECOGNIZER] for some in before]
    detected += map(list, findings)
    values = _values(parts, detected, lexicon)
    new = _hits(parts[done:], detected[done:], values, lexicon)
    late = _hits(parts[:done], detected[:done], [v for v in values if v.part >= done], lexicon)
    return (
        *((*known, *more) for known, more in zip(before, late, strict=True)),
        *((*known, *more) for known, more in zip(findings, new, strict=True)),
    )


def _hits(
    parts: Sequence[TextPart],
    found: Sequence[Sequence[Finding]],
    values: Sequence[_Value],
    lexicon: Lexicon,
) -> list[list[Finding]]:
    """Where the values stand in each part besides what was found there."""
    if not values or not parts:
        return [[] for _ in parts]
    edges = [{edge for one in some for edge in (one.start, one.end)} for some in found]
    matcher = Matcher([value.text for value in values], lexicon)
    hits = []
    for some, occurrences in zip(
        found, matcher.occurrences_in([part.text for part in parts], edges), strict=True
    ):
        known = {(one.start, one.end) for one in some}
        added = []
        for start, end, value, encoded in _beside_names(occurrences, values, some):
            if encoded or (start, end) not in known:
                first = values[value].first
                added.append(Finding(first.entity, start, end, first.score, RECOGNIZER))
        hits.append(added)
    return hits


def _beside_names(
    occurrences: Sequence[Occurrence], values: Sequence[_Value], found: Sequence[Finding]
) -> list[Occurrence]:
    """The occurrences, less short names inside a whole one that is known as early as they are."""
    if not any(values[one.value].short for one in occurrences):
        return list(occurrences)
    names = [(one.start, one.end, -1) for one in found if one.entity == PERSON]
    for start, end, index, _ in occurrences:
        value = values[index]
        if value.first.entity == PERSON and not value.short:
            names.append((start, end, value.part))
    names.sort(reverse=True)
    kept, around = [], list[tuple[int, int, int]]()
    for one in occurrences:
        value = values[one.value]
        while names and names[-1][0] <= one.start:
            around.append(names.pop())
        around = [name for name in around if name[1] > one.start]
        inside = any(end >= one.end and part <= value.part for _, end, part in around)
        if not (value.short and inside):
            kept.append(one)
    return kept


def _values(
    parts: Sequence[TextPart], findings: Sequence[Sequence[Finding]], lexicon: Lexicon
) -> list[_Value]:
    """Each value once; forms whose case counts, each; then what persons are called for short."""
    texts: dict[str, tuple[Finding, int]] = {}
    persons: dict[str, tuple[Finding, int]] = {}
    for index, found in enumerate(findings):
        text = parts[index].text
        for one in found:
            texts.setdefault(text[one.start : one.end], (one, index))
            if one.entity == PERSON:
                persons.setdefault(text[one.start : one.end], (one, index))
    firsts: dict[str, Finding] = {}
    values: dict[str, _Value] = {}
    for text, (one, index) in texts.items():
        name = lexicon.canonical(text)
        first = firsts.setdefault(name, one)
        key = text if lexicon.exact(fold(text).text) else "\0" + name
        values.setdefault(key, _Value(text, first, index))
    shorts: dict[str, _Value] = {}
    for text, (one, index) in persons.items():
        for form in short_names(text, lexicon):
            value = _Value(form, one, index, short=" " not in form)
            shorts.setdefault(lexicon.canonical(form), value)
    return [*values.values(), *shorts.values()]


def _read(name: str) -> frozenset[str]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
