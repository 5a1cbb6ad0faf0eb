"""What a score is worth: the share of findings like it that were right in annotated text. Pure.

Recognizers score as Presidio's do, by how sure their authors were. `calibration.json` holds, for
each recognizer and entity, which share was right at which score (`calibrating.py` makes it and says
from what); between two points of such a curve the share is interpolated. Invariants: a curve never
falls, so of two findings of one recognizer and entity the surer one stays the surer one; a
recognizer that no curve is about (a customer's, a third party's) keeps its own scores.

The table also says, for some entities, below which probability a finding doesn't count: the
threshold at which a stated share of what was right stays.

What a name's probability is depends on its surroundings, too. In a text of some length in which
nothing else is personal data, doubtful names are seldom right (business texts, recipes, manuals):
there they don't count.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from proxy.exchange import Finding

TABLE = Path(__file__).with_name("calibration.json")
#: Entities that models guess, and those that say nothing about a person by themselves.
_GUESSED = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP"})
_IMPERSONAL = frozenset({"DATE_TIME", "LOCATION", "ORGANIZATION", "NRP", "URL"})
#: Who guesses.
_GUESSES = frozenset({"SpacyRecognizer", "PersonGivenNameRecognizer"})
#: From which length on a text says something by what isn't in it, in characters.
_LONG = 250
#: A finding that sure of something personal is evidence that the text is about somebody; without
#: any, a guess below the second counts for nothing.
_SURE, _LEAST_ALONE = 0.8, 0.76
#: Points of a curve, in order: a score, and the probability that it stands for (both 0 to 1).
Curve = Sequence[tuple[float, float]]


class Calibration:
    """Curves by recognizer and entity, and thresholds by entity."""

    def __init__(
        self, curves: Mapping[str, Curve], thresholds: Mapping[str, float] | None = None
    ) -> None:
        """Take the table; without any, scores stay as they are and all findings count.

        Args:
            curves: by `Recognizer ENTITY`.
            thresholds: by entity, the least probability that counts.
        """
        self._thresholds = thresholds or {}
        self._curves = {
            name: ([score for score, _ in curve], [share for _, share in curve])
            for name, curve in curves.items()
        }

    def of(self, finding: Finding) -> Finding | None:
        """Return a finding with its probability for a score; None if that is too low."""
        curve = self._curves.get(f"{finding.recognizer} {finding.entity}")
        if curve is None:
            return finding
        likely = round(_between(*curve, finding.score), 4)
        if not self._counts(finding.entity, likely):
            return None
        # By hand: `dataclasses.replace` takes several times as long.
        return Finding(
            finding.entity,
            finding.start,
            finding.end,
            likely,
            finding.recognizer,
            finding.shown,
        )

    def all_of(self, findings: Iterable[Finding], length: int) -> tuple[Finding, ...]:
        """Return the findings of a window of so many characters that count, with probabilities."""
        likely = tuple(one for found in findings if (one := self.of(found)))
        if not self._curves or length < _LONG or any(map(_is_evidence, likely)):
            return likely
        return tuple(one for one in likely if not _is_a_guess(one))

    def _counts(self, entity: str, likely: float) -> bool:
        return likely >= self._thresholds.get(entity, 0.0)


def _is_evidence(finding: Finding) -> bool:
    return finding.entity not in _IMPERSONAL and finding.score >= _SURE


def _is_a_guess(finding: Finding) -> bool:
    guessed = finding.entity in _GUESSED and finding.recognizer in _GUESSES
    return guessed and finding.score < _LEAST_ALONE


@cache
def shipped() -> Calibration:
    """Return the curves that come with Privet."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    thresholds = {entity: said["least"] for entity, said in table["thresholds"].items()}
    return Calibration(table["curves"], thresholds)


def rising(points: Sequence[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Return the curve that never falls and lies nearest to the points (least squares).

    Neighbours that fall are replaced by their mean, again and again ("pool adjacent violators",
    Ayer and others 1955).

    Args:
        points: score, share that was right, and weight of each, in order of score.
    """
    pools: list[tuple[float, float, float, float]] = []  # lowest and highest score, share, weight
    for score, share, weight in points:
        pool = (score, score, share, weight)
        while pools and pools[-1][2] >= pool[2]:
            low, _, before, heavy = pools.pop()
            both = heavy + pool[3]
            pool = (low, pool[1], (before * heavy + pool[2] * pool[3]) / both, both)
        pools.append(pool)
    return [
        point
        for low, high, share, _ in pools
        for point in ([(low, share)] if low == high else [(low, share), (high, share)])
    ]


def _between(scores: Sequence[float], shares: Sequence[float], score: float) -> float:
    place = bisect_left(scores, score)
    if place == len(scores):
        return shares[-1]
    if place == 0 or scores[place] == score:
        return shares[place]
    before = scores[place - 1]
    part = (score - before) / (scores[place] - before)
    return shares[place - 1] + part * (shares[place] - shares[place - 1])
