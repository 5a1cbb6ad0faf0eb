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

from proxy.detect.recognizers.columns import Table, insert_at, table_at
from proxy.detect.recognizers.labels import Label, LabelFinder, folded, straight
from proxy.detect.required import shape

#: How far from its label, on the same line, a value that speaks for itself may stand.
REACH = 60
#: Further values of one form after the first.
_MORE = re.compile(r"(?:,[ ]?|[ ](?:and|und|et|y|e|i|en|or|oder|ou|lub|o|&)[ ]|[ ]?/[ ]?)[\"'#]?")
_MOST = 20
#: A number after one of these is dialled, whatever check digit it passes.
_DIALLED = re.compile(
    r"(?:\+\d{0,3}|\b(?:call|dial|ring|phone|mobile|cell|fax|sms|tel|telefon|telefono|telefone"
    r"|telephone|téléphone|teléfono|appel\w{0,4}|handy|mobil|whatsapp|hotline|helpline|on|unter|au)"
    r"\b)[ .:(]{0,4}\Z",
    re.IGNORECASE,
)
_NEXT_LINE = re.compile(r"[ \t]{0,8}\r?\n[ \t\"'*:>-]{0,12}")
#: What was asked for in one line of a chat is said in the next: "your number?", "Eva: it's 4711".
_ANSWER = re.compile(
    r"[^\n?]{0,60}\?[ \t]{0,8}\r?\n(?:\[?\d\d?:\d\d(?::\d\d)?\]?[ ])?[^\n:]{1,30}:[ \t]{1,4}"
    r"(?:[^\W\d_](?:[^\W\d_]|['\u2019]){0,11}[,:]?[ ]){0,4}?(?=[^\s\d]{0,12}\d)"
)
#: Between a value and a label that follows it: "943 476 5919 (NHS number)".
_JOINED = re.compile(r"\)?[ ]?[(\[,:-]?[ ]?")
#: A value isn't a part of something longer.
_START = r"(?<![^\W_])(?<![^\W_][.@/\\-])"
_END = r"(?![^\W_]|[_@]|[-/.:]\d|-[^\W_](?![^\W_])|\.[^\W_]{2})"
#: How every value begins that needs no label: with a digit, letters before one, or a passport's P.
_FIRST = re.compile(
    r"[A-Z\d](?<![^\W_].)(?<![^\W_][.@/\\-].)(?:(?<=\d)|(?=[A-Z]{0,5}-?\d)|(?<=P)(?=[A-Z<]))",
    re.DOTALL,
)
#: Anything that an organisation gives out: a digit in it, groups joined by `-_/.`, or digits in
#: groups, or letters apart from their digits.
FREE = (
    r"(?:[A-Z]{1,4} \d{2,12}(?:[ ./-]\d{2,10}){0,5}|\d{2,10}(?: \d{2,10}){1,6}(?: \d)?"
    r"|(?-i:(?=[A-Z]*\d)[A-Z0-9]{2,8}(?: (?=[A-Z]*\d)[A-Z0-9]{2,8}){1,4})"
    r"|[A-Z0-9]{1,36}(?:[-_/.][A-Z0-9]{1,24}){0,6})"
)
_DATE = re.compile(r"(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d\d){1,2}")
_YEAR = re.compile(r"(?:19|20)\d\d")

_NOTHING = r"(?!)"
#: Between a colon and its value.
_OPENING = " \t\"'`\\([@"
#: What gives a value to a label.
_SIGNS = frozenset((":", "=", ">"))

_BESIDE, _UNCHECKED, _NEAR, _ALONE = 0.85, 0.6, 0.75, 0.7


@dataclass(frozen=True)
class Kind:
    """A kind of identifier.

    Attributes:
        entity: what it is called.
        labels: what people call it, in any spelling that `labels.fold` reads alike.
        beside: regular expression of what may stand right beside a label, case ignored; empty if
            the label is an ordinary word too, so that only `near` counts.
        assigned: as `beside`, but only after a colon or an equals sign, or in a column: what a
            label that is an ordinary word needs.
        near: regular expression of what may stand near a label, case observed; empty for nothing.
        alone: regular expression of what needs no label, case observed; empty for nothing.
        check: says whether a value's check digits are right; needed near and alone.
        plausible: says whether a value can be meant, beside and near.
        wordy: a value may be without a digit.
    """

    entity: str
    labels: tuple[str, ...]
    beside: str = ""
    assigned: str = ""
    near: str = ""
    alone: str = ""
    check: Callable[[str], bool] | None = None
    plausible: Callable[[str], bool] | None = None
    wordy: bool = False

    @cached_property
    def said(self) -> re.Pattern[str]:
        """`beside`, compiled."""
        return re.compile(rf"(?:{self.beside or _NOTHING}){_END}", re.IGNORECASE)

    @cached_property
    def given(self) -> re.Pattern[str]:
        """`beside` or `assigned`, compiled."""
        either = "|".join(filter(None, (self.beside, self.assigned))) or _NOTHING
        return re.compile(rf"(?:{either}){_END}", re.IGNORECASE)

    @cached_property
    def nearby(self) -> re.Pattern[str]:
        """`near`, compiled."""
        return re.compile(rf"{_START}(?:{self.near or _NOTHING}){_END}")

    @cached_property
    def by_itself(self) -> re.Pattern[str]:
        """`alone`, compiled."""
        return re.compile(rf"{_START}(?:{self.alone or _NOTHING}){_END}")

    def compile(self) -> None:
        """Compile all that will be needed."""
        _ = self.said, self.given, self.nearby, self.by_itself

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
        #: Labels without which nothing is found in a text that holds no digit.
        self._wordy = LabelFinder([(kind, kind.labels) for kind in kinds if kind.wordy])
        self._title = name
        self._kinds = kinds
        self._alone = [kind for kind in kinds if kind.alone]
        # Where one of them stands; there each is asked by itself.
        somewhere = "|".join(kind.alone for kind in self._alone)
        self._somewhere = re.compile(rf"(?:{somewhere}){_END}") if somewhere else None
        super().__init__(
            supported_entities=sorted({kind.entity for kind in kinds}),
            supported_language=supported_language,
            name=name,
        )

    def load(self) -> None:
        """Compile the tables, so that no text pays for it (Presidio calls this once)."""
        for kind in self._kinds:
            kind.compile()

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each value; see Presidio's base class."""
        text = straight(text)
        if "0" not in shape(text) and next(self._wordy.find(text), None) is None:
            return []
        found: dict[tuple[int, int, str], _Found] = {}
        told = list(self._labelled(text))
        places = {(one.start, one.end) for one in told}
        # Where a label stands, it decides: a driver's number in Spain has the form of an identity.
        alone = (one for one in self._by_themselves(text) if (one.start, one.end) not in places)
        for one in (*told, *alone):
            place = (one.start, one.end, one.kind.entity)
            if place not in found or found[place].score < one.score:
                found[place] = one
        return [self._result(one) for one in found.values()]

    def _labelled(self, text: str) -> Iterator[_Found]:
        labels = list(self._labels.find(text))
        inserts = "insert" in folded(text).text
        table: Table | None = None
        line = found_to = -1
        for place, label in enumerate(labels):
            if label.start < found_to:
                continue  # "MRN" in the value MRN-0045123
            later = (one.start for one in labels[place + 1 : place + 9] if one.start >= label.end)
            next_label = next(later, len(text))
            start = text.rfind("\n", 0, label.start) + 1
            if start != line and (table is None or start >= table.end):
                line, table = start, table_at(text, label.start)
            header = table if start == line else None
            if inserts:
                header = insert_at(text, label.start) or header
            if column := _below(text, label, header):
                yield from column
                continue
            beside = _beside(text, label, whole_line=header is None)
            for found in beside or _near(text, label, next_label):
                yield found
                found_to = max(found_to, found.end)

    def _by_themselves(self, text: str) -> Iterator[_Found]:
        if self._somewhere is None:
            return
        for first in _FIRST.finditer(text):
            place = first.start()
            if not self._somewhere.match(text, place):
                continue
            for kind in self._alone:
                match = kind.by_itself.match(text, place)
                if match and kind.confirms(match.group()):
                    yield _Found(kind, *match.span(), _ALONE, "alone")

    def _result(self, found: _Found) -> RecognizerResult:
        return RecognizerResult(
            entity_type=found.kind.entity,
            start=found.start,
            end=found.end,
            score=found.score,
            analysis_explanation=AnalysisExplanation(
                recognizer=self._title,
                original_score=found.score,
                pattern_name=found.how,
                # What a label or check digits confirm is no part of a name beside it.
                validation_result=found.score > _UNCHECKED,
            ),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: self._title,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def _below(text: str, label: Label[Kind], table: Table | None) -> list[_Found]:
    """Return what stands in the label's column, if it heads one."""
    if table is None:
        return []
    found = []
    for start, end in table.under(label.start, label.end):
        one = _at(text, label.kinds, start, "in its column", assigned=True)
        if one and one.end == end:
            found.append(one)
    return found


def _beside(text: str, label: Label[Kind], *, whole_line: bool) -> list[_Found]:
    """Return what stands right beside a label, and more of its form.

    Args:
        text: the window.
        label: the label.
        whole_line: a value may also stand on the next line, if the label ends its own.
    """
    assigned = text[label.start : label.end].rstrip(_OPENING)[-1] in _SIGNS
    first = _at(text, label.kinds, label.end, "beside its label", assigned=assigned)
    line = _NEXT_LINE.match(text, label.end) if whole_line and not first else None
    if line and not text[label.start : label.end].rstrip(_OPENING).endswith((",", ";", "|")):
        first = _at(text, label.kinds, line.end(), "below its label", assigned=assigned)
    if not first and whole_line and (answer := _ANSWER.match(text, label.end)):
        first = _at(text, label.kinds, answer.end(), "said in answer", assigned=False)
    if not first:
        return []
    found = [first]
    while len(found) < _MOST and (more := _MORE.match(text, found[-1].end)):
        further = _at(text, (first.kind,), more.end(), first.how, assigned=assigned)
        if not further or _form(text, further) != _form(text, first):
            break
        found.append(further)
    return found


def _at(text: str, kinds: Sequence[Kind], start: int, how: str, *, assigned: bool) -> _Found | None:
    """Return the value at a place, of the first kind whose check digits fit, or else the first."""
    doubtful = None
    for kind in kinds:
        match = (kind.given if assigned else kind.said).match(text, start)
        if match is None or not kind.accepts(match.group()):
            continue
        if kind.confirms(match.group()):
            return _Found(kind, *match.span(), _BESIDE, how)
        doubtful = doubtful or _Found(kind, *match.span(), _UNCHECKED, how)
    return doubtful


def _near(text: str, label: Label[Kind], next_label: int) -> list[_Found]:
    """Return the first value after a label, up to the next label, else the one right before it."""
    low = max(text.rfind("\n", 0, label.start) + 1, label.start - REACH // 2)
    line_end = text.find("\n", label.end)
    high = min(label.end + REACH, next_label, line_end if line_end >= 0 else len(text))
    for kind in label.kinds:
        if not kind.near:
            continue
        ahead = kind.nearby.finditer(text, label.end, high + REACH)
        after = [one for one in ahead if one.start() < high]
        before = list(kind.nearby.finditer(text, low, label.start))
        joined = [one for one in before[-1:] if _JOINED.fullmatch(text, one.end(), label.start)]
        for match in (*after[:1], *joined):
            if (
                kind.accepts(match.group())
                and kind.confirms(match.group())
                and not _DIALLED.search(text, low, match.start())
            ):
                return [_Found(kind, *match.span(), _NEAR, "near its label")]
    return []


def _form(text: str, found: _Found) -> str:
    """Return which characters of a value are digits and which are letters."""
    value = text[found.start : found.end]
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", value))
