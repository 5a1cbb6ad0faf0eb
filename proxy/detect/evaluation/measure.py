"""How good findings are, measured on annotated text. Pure.

A finding is right if some gold span of its entity overlaps it by at least half (intersection over
union); a gold span is found if some finding is right about it. Characters count apart from that:
what is hidden under a wrong type is a lesser error than what isn't hidden at all. What the makers
of a corpus didn't mark (`labels.py`) and what lies in an ignored region isn't judged, except
that it hides the characters under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from proxy.detect.documents import Document
from proxy.detect.evaluation.labels import IMPERSONAL, counts, entity_of, judged
from proxy.exchange import Finding

#: The least overlap, as intersection over union, that counts.
OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class JudgedGold:
    """One gold span, and what became of it.

    Attributes:
        start: where it starts, in characters.
        end: where it ends, exclusive.
        label: the annotator's word.
        entity: what that stands for.
        found: whether a finding is right about it.
        hidden: how many of its characters any finding covers.
        seen: entities of the findings that touch it.
    """

    start: int
    end: int
    label: str
    entity: str
    found: bool
    hidden: int
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedFinding:
    """One finding that counts.

    Attributes:
        finding: what was found.
        entity: what it counts as: the entity of the span that it is right about, else its own.
        right: whether it is right about a gold span.
        real: how many of its characters lie in gold spans.
        beside: entities of the gold spans that it touches.
    """

    finding: Finding
    entity: str
    right: bool
    real: int
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One document. Characters are counted once where spans overlap.

    Attributes:
        document: the document.
        gold: its gold spans, ignored ones left out.
        findings: the findings that count.
        personal: whether any gold span is personal data.
        gold_chars: characters in gold spans.
        hidden_chars: those of them that any finding covers.
        found_chars: characters that the findings cover.
        real_chars: those of them that lie in gold spans.
    """

    document: Document
    gold: tuple[JudgedGold, ...]
    findings: tuple[JudgedFinding, ...]
    personal: bool
    gold_chars: int
    hidden_chars: int
    found_chars: int
    real_chars: int


def judge(
    document: Document, findings: Sequence[Finding], only: frozenset[str] = frozenset()
) -> Judgement:
    """Compare one document's findings with its gold spans.

    Args:
        document: the document.
        findings: what a detector found in it.
        only: entities to limit the judgement to, as if nothing else had been looked for; empty for
            all that its corpus annotates.
    """
    if only:
        findings = [one for one in findings if judged(one.entity, "", only)]
    gold: list[_Span] = []
    ignored = bytearray(len(document.text))
    for span in document.gold:
        entity = entity_of(span.label)
        if entity is None:
            _mark(ignored, span.start, span.end)
        elif judged(entity, document.src, only):
            gold.append(_Span(span.start, span.end, span.label, entity))
    real = _marked(len(ignored), ((one.start, one.end) for one in gold))
    hidden = _marked(len(ignored), ((one.start, one.end) for one in findings))
    judged_findings = [
        one
        for finding in findings
        if judged(finding.entity, document.src, only)
        for one in [_finding(finding, gold, real)]
        if one.right or 2 * _count(ignored, finding.start, finding.end) < _length(finding)
    ]
    counted = _marked(len(ignored), ((f.finding.start, f.finding.end) for f in judged_findings))
    marked_personal = {entity_of(span.label) for span in document.gold} - IMPERSONAL
    return Judgement(
        document,
        tuple(_gold(span, findings, hidden) for span in gold),
        tuple(judged_findings),
        personal=bool(marked_personal),
        gold_chars=sum(real),
        hidden_chars=sum(map(int.__and__, real, hidden)),
        found_chars=sum(counted),
        real_chars=sum(map(int.__and__, counted, real)),
    )


class _Span(NamedTuple):
    """A gold span that is judged."""

    start: int
    end: int
    label: str
    entity: str


def _gold(span: _Span, findings: Sequence[Finding], hidden: bytearray) -> JudgedGold:
    touching = [one for one in findings if one.start < span.end and span.start < one.end]
    return JudgedGold(
        *span,
        found=any(_right(one, span) for one in touching),
        hidden=_count(hidden, span.start, span.end),
        seen=tuple(sorted({one.entity for one in touching})),
    )


def _finding(finding: Finding, gold: Sequence[_Span], real: bytearray) -> JudgedFinding:
    touched = [span for span in gold if finding.start < span.end and span.start < finding.end]
    meant = [span.entity for span in touched if _right(finding, span)]
    return JudgedFinding(
        finding,
        entity=meant[0] if meant else finding.entity,
        right=bool(meant),
        real=_count(real, finding.start, finding.end),
        beside=tuple(sorted({span.entity for span in touched})),
    )


def _right(finding: Finding, span: _Span) -> bool:
    common = min(finding.end, span.end) - max(finding.start, span.start)
    either = _length(finding) + span.end - span.start - common
    return counts(finding.entity, span.entity) and common >= OVERLAP * either


def _length(finding: Finding) -> int:
    return finding.end - finding.start


def _marked(length: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    marks = bytearray(length)
    for start, end in spans:
        _mark(marks, start, end)
    return marks


def _mark(marks: bytearray, start: int, end: int) -> None:
    marks[start:end] = b"\x01" * (end - start)


def _count(marks: bytearray, start: int, end: int) -> int:
    return marks.count(1, start, end)
