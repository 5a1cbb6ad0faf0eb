"""Judged documents, added up: what `privet detect eval` reports. Pure.

Counts of one entity and of all together; false alarms where nothing personal stands; and how far
scores can be taken for probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxy.detect.evaluation.measure import JudgedFinding, JudgedGold, Judgement


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted, of one entity or of all. A ratio of nothing is None."""

    gold: int
    found: int
    findings: int
    right: int
    gold_chars: int
    hidden_chars: int
    found_chars: int
    real_chars: int

    @property
    def precision(self) -> float | None:
        """The share of findings that are right."""
        return _ratio(self.right, self.findings)

    @property
    def recall(self) -> float | None:
        """The share of gold spans that were found."""
        return _ratio(self.found, self.gold)

    @property
    def char_recall(self) -> float | None:
        """The share of gold characters that any finding hides."""
        return _ratio(self.hidden_chars, self.gold_chars)

    @property
    def char_precision(self) -> float | None:
        """The share of found characters that are gold."""
        return _ratio(self.real_chars, self.found_chars)

    def f(self, beta: float) -> float | None:
        """Return the F score in which recall weighs `beta` times as much as precision."""
        precision, recall = self.precision, self.recall
        if not precision or not recall:
            return None if self.gold == 0 else 0.0
        return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Documents that hold nothing personal, and how often something was found in them."""

    documents: int
    characters: int
    alarms: int

    @property
    def per_10_000(self) -> float | None:
        """False alarms per 10,000 characters."""
        return _ratio(10_000 * self.alarms, self.characters)


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Findings whose scores lie together. Calibrated scores are as high as findings are right."""

    findings: int
    right: int
    mean_score: float


def tally(judgements: Iterable[Judgement]) -> Tally:
    """Add up whole documents."""
    judgements = list(judgements)
    gold = [one for each in judgements for one in each.gold]
    findings = [one for each in judgements for one in each.findings]
    return Tally(
        gold=len(gold),
        found=sum(one.found for one in gold),
        findings=len(findings),
        right=sum(one.right for one in findings),
        gold_chars=sum(each.gold_chars for each in judgements),
        hidden_chars=sum(each.hidden_chars for each in judgements),
        found_chars=sum(each.found_chars for each in judgements),
        real_chars=sum(each.real_chars for each in judgements),
    )


def tally_by_entity(judgements: Iterable[Judgement]) -> dict[str, Tally]:
    """Add up each entity by itself, those with most gold spans first."""
    judgements = list(judgements)
    gold: dict[str, list[JudgedGold]] = {}
    findings: dict[str, list[JudgedFinding]] = {}
    for each in judgements:
        for span in each.gold:
            gold.setdefault(span.entity, []).append(span)
        for finding in each.findings:
            findings.setdefault(finding.entity, []).append(finding)
    tallies = {
        entity: Tally(
            gold=len(spans := gold.get(entity, [])),
            found=sum(one.found for one in spans),
            findings=len(found := findings.get(entity, [])),
            right=sum(one.right for one in found),
            gold_chars=sum(one.end - one.start for one in spans),
            hidden_chars=sum(one.hidden for one in spans),
            found_chars=sum(one.finding.end - one.finding.start for one in found),
            real_chars=sum(one.real for one in found),
        )
        for entity in {*gold, *findings}
    }
    return dict(sorted(tallies.items(), key=lambda item: (-item[1].gold, item[0])))


def quiet(judgements: Iterable[Judgement]) -> Quiet:
    """Count false alarms in the documents that hold nothing personal.

    What touches a gold span there (a town, a date) is at worst a wrong type or boundary, which
    precision counts.
    """
    calm = [each for each in judgements if not each.personal]
    return Quiet(
        documents=len(calm),
        characters=sum(len(each.document.text) for each in calm),
        alarms=sum(not one.beside for each in calm for one in each.findings),
    )


def reliability(judgements: Iterable[Judgement], bins: int = 10) -> tuple[Likelihood, ...]:
    """Return how often findings are right, by score; bins without findings are left out."""
    binned: dict[int, list[JudgedFinding]] = {}
    for each in judgements:
        for one in each.findings:
            binned.setdefault(min(int(one.finding.score * bins), bins - 1), []).append(one)
    return tuple(
        Likelihood(
            findings=len(ones),
            right=sum(one.right for one in ones),
            mean_score=sum(one.finding.score for one in ones) / len(ones),
        )
        for _, ones in sorted(binned.items())
    )


def calibration_error(bins: Sequence[Likelihood]) -> float | None:
    """Return by how much scores are off the share of right findings, weighed by findings."""
    total = sum(one.findings for one in bins)
    off = sum(abs(one.findings * one.mean_score - one.right) for one in bins)
    return _ratio(off, total)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
