"""The frame of identifiers: a label says what a value is, the value says whether it can be that.

A kind of identifier (`Kind`) is a row in a table. A value is found

- **beside** its label, by its format: `Kundennummer: 48291`, `"customer_id": "48291"`, and further
  values of the same form after an "and" or a comma;
- **below** its label, in the column of a table or on the next line, by its format;
- **near** its label, within `REACH` characters of the same line, by a distinctive format or a check
  digit: "the passport of the applicant, Mr Kowalski, is EH1234567";
- **alone**, by a format and check digits that other numbers don't have.

A check digit alone is no evidence: one number in ten passes. If several countries share a label
(NIF, cédula), the one whose check digit fits is meant, and if none fits, the first of the table
whose format does: people mistype, and a mistyped identifier is still somebody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult

from proxy.detect.recognizers.columns import Table, table_at
from proxy.detect.recognizers.labels import Label, LabelFinder, fold

#: How far from its label, on the same line, a value that speaks for itself may stand.
REACH = 60
#: Further values of one form after the first.
_MORE = re.compile(r"(?:,[ ]?|[ ](?:and|und|et|y|e|i|en|or|oder|ou|lub|o|&)[ ]|[ ]?/[ ]?)[\"'#]?")
_MOST = 20
_NEXT_LINE = re.compile(r"[ \t]{0,8}\r?\n[ \t\"'*:>-]{0,12}")
#: A value isn't a part of something longer.
_START = r"(?<![^\W_])(?<![^\W_][.@/\\-])"
_END = r"(?![^\W_]|[_@]|[-/.:]\d|\.[^\W_]{2})"
#: Anything that an organisation gives out: a digit in it, groups joined by `-_/.`, or digits in
#: groups, or letters apart from their digits.
FREE = (
    r"(?:[A-Z]{1,4} \d{3,12}|\d{2,5}(?: \d{2,5}){1,6}"
    r"|[A-Z0-9]{1,36}(?:[-_/.][A-Z0-9]{1,24}){0,6})"
)
_DATE = re.compile(r"(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d\d){1,2}")
_YEAR = re.compile(r"(?:19|20)\d\d")

_BESIDE, _UNCHECKED, _NEAR, _ALONE = 0.85, 0.6, 0.75, 0.7


@dataclass(frozen=True)
class Kind:
    """A kind of identifier.

    Attributes:
        entity: what it is called.
        labels: what people call it, in any spelling that `labels.fold` reads alike.
        beside: regular expression of what may stand right beside a label, case ignored; empty if
            the label is an ordinary word too, so that only `near` counts.
        near: regular expression of what may stand near a label, case observed; empty for nothing.
        alone: regular expression of what needs no label, case observed; empty for nothing.
        check: says whether a value's check digits are right; needed near and alone.
        plausible: says whether a value can be meant, beside and near.
    """

    entity: str
    labels: tuple[str, ...]
    beside: str = ""
    near: str = ""
    alone: str = ""
    check: Callable[[str], bool] | None = None
    plausible: Callable[[str], bool] | None = None

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str] | None, ...]:
        """`beside`, `near` and `alone`, compiled; None for what is empty."""
        return (
            re.compile(rf"(?:{self.beside}){_END}", re.IGNORECASE) if self.beside else None,
            re.compile(rf"{_START}(?:{self.near}){_END}") if self.near else None,
            re.compile(rf"{_START}(?:{self.alone}){_END}") if self.alone else None,
        )

    def accepts(self, value: str) -> bool:
        """Say whether a value of the right format can be meant."""
        return self.plausible is None or self.plausible(value)

    def confirms(self, value: str) -> bool:
        """Say whether the check digits are right, if there are any."""
        return self.check is None or self.check(value)


def issued(digits: int) -> Callable[[str], bool]:
    """Return a test for values that an organisation may have given out.

    Args:
        digits: how many a value of digits only has at least; with letters, three are enough.
    """

    def test(value: str) -> bool:
        count = sum(character.isdigit() for character in value)
        if _DATE.fullmatch(value) or _YEAR.fullmatch(value):
            return False
        return count >= digits or (count >= 3 and any(c.isalpha() for c in value))

    return test


@dataclass(frozen=True, slots=True)
class _Found:
    kind: Kind
    start: int
    end: int
    score: float
    how: str


class LabelledRecognizer(LocalRecognizer):
    """A Presidio recognizer over a table of kinds."""

    def __init__(self, kinds: Sequence[Kind], supported_language: str, name: str) -> None:
        self._labels = LabelFinder([(kind, kind.labels) for kind in kinds])
        self._alone = [kind for kind in kinds if kind.alone]
        super().__init__(
            supported_entities=sorted({kind.entity for kind in kinds}),
            supported_language=supported_language,
            name=name,
        )

    def load(self) -> None:
        """Do nothing: tables are compiled when the recognizer is built."""

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each value; see Presidio's base class."""
        found: dict[tuple[int, int, str], _Found] = {}
        for one in (*self._labelled(text), *self._by_themselves(text)):
            place = (one.start, one.end, one.kind.entity)
            if place not in found or found[place].score < one.score:
                found[place] = one
        return [self._result(one) for one in found.values()]

    def _labelled(self, text: str) -> Iterator[_Found]:
        labels = list(self._labels.find(text, fold(text)))
        table: Table | None = None
        line = -1
        for place, label in enumerate(labels):
            next_label = labels[place + 1].start if place + 1 < len(labels) else len(text)
            start = text.rfind("\n", 0, label.start) + 1
            if start != line and (table is None or start >= table.end):
                line, table = start, table_at(text, label.start)
            if table is not None and start == line:
                yield from _below(text, label, table)
            else:
                yield from _beside(text, label) or _near(text, label, next_label)

    def _by_themselves(self, text: str) -> Iterator[_Found]:
        for kind in self._alone:
            alone = kind.patterns[2]
            for match in alone.finditer(text) if alone else ():
                if kind.confirms(match.group()):
                    yield _Found(kind, *match.span(), _ALONE, "alone")

    def _result(self, found: _Found) -> RecognizerResult:
        return RecognizerResult(
            entity_type=found.kind.entity,
            start=found.start,
            end=found.end,
            score=found.score,
            analysis_explanation=AnalysisExplanation(
                recognizer=self.name,
                original_score=found.score,
                pattern_name=found.how,
            ),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def _below(text: str, label: Label[Kind], table: Table) -> Iterator[_Found]:
    """Yield what stands in the label's column."""
    for start, end in table.under(label.start):
        for one in _at(text, label.kinds, start, "column"):
            if one.end == end:
                yield one


def _beside(text: str, label: Label[Kind]) -> list[_Found]:
    """Return what stands right beside a label or alone on the next line, and more of its form."""
    found = list(_at(text, label.kinds, label.end, "beside its label"))
    if not found and (line := _NEXT_LINE.match(text, label.end)):
        found = list(_at(text, label.kinds, line.end(), "below its label"))
    while found and len(found) < _MOST and (more := _MORE.match(text, found[-1].end)):
        last = found[-1]
        further = list(_at(text, (last.kind,), more.end(), last.how))
        if not further or _form(text, further[0]) != _form(text, last):
            break
        found += further
    return found


def _at(text: str, kinds: Sequence[Kind], start: int, how: str) -> Iterator[_Found]:
    """Yield the value at a place: of the first kind whose check digits fit, else the first kind."""
    doubtful = None
    for kind in kinds:
        beside = kind.patterns[0]
        match = beside.match(text, start) if beside else None
        if match is None or not kind.accepts(match.group()):
            continue
        if kind.confirms(match.group()):
            yield _Found(kind, *match.span(), _BESIDE, how)
            return
        doubtful = doubtful or _Found(kind, *match.span(), _UNCHECKED, how)
    if doubtful:
        yield doubtful


def _near(text: str, label: Label[Kind], next_label: int) -> Iterator[_Found]:
    """Yield the first value after a label, up to the next label, else the last one before it."""
    low = max(text.rfind("\n", 0, label.start) + 1, label.start - REACH // 2)
    line_end = text.find("\n", label.end)
    high = min(label.end + REACH, next_label, line_end if line_end >= 0 else len(text))
    for kind in label.kinds:
        near = kind.patterns[1]
        if near is None:
            continue
        after = list(near.finditer(text, label.end, high + REACH))
        before = list(near.finditer(text, low, label.start))
        for match in (*after[:1], *before[-1:]):
            if match.start() < high and kind.accepts(match.group()) and kind.confirms(match.group()):
                yield _Found(kind, *match.span(), _NEAR, "near its label")
                return


def _form(text: str, found: _Found) -> str:
    """Return which characters of a value are digits and which are letters."""
    value = text[found.start : found.end]
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", value))
