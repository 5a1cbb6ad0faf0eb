"""Recognizers asked about one text, as Presidio's `AnalyzerEngine.analyze` asks them.

What is written for Presidio drops in: `analyze` with entities and artifacts, a recognizer's own
`enhance_using_context`, its thresholds, results without metadata, all as there. The class itself
isn't used because it collects every recognizer's entities, copies its registry and walks over all
recognizers several times for each text, which cost a sentence as much as all patterns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerResult

from proxy.detect.context import NearbyWords

_ID = RecognizerResult.RECOGNIZER_IDENTIFIER_KEY
_NAME = RecognizerResult.RECOGNIZER_NAME_KEY


class Asker:
    """Asks, raises scores by context, and leaves out what is weak or covered.

    Attributes:
        words: says which context words stand before a result.
    """

    def __init__(self, words: NearbyWords, min_score: float) -> None:
        """Set it up.

        Args:
            words: says which context words stand before a result.
            min_score: least score of a result whose recognizer has no threshold of its own.
        """
        self.words = words
        self._min_score = min_score

    def ask(
        self, text: str, recognizers: Sequence[EntityRecognizer], artifacts: Any
    ) -> list[RecognizerResult]:
        """Return what recognizers find in a text, the best score first.

        Args:
            text: the text.
            recognizers: loaded ones.
            artifacts: Presidio's `NlpArtifacts` of the text.
        """
        found: list[tuple[EntityRecognizer, list[RecognizerResult]]] = []
        for one in recognizers:
            # None in some of Presidio's recognizers, whatever their types say.
            if results := one.analyze(text, one.supported_entities, artifacts):
                for result in results:
                    _name(result, one)
                found.append((one, results))
        if not found:
            return []
        found = _in_their_own_way(text, recognizers, found, artifacts)
        raw = [result for _, results in found for result in results]
        self.words.enhance_using_context(text, raw, artifacts, list(recognizers))
        return strongest(
            [
                result
                for one, results in found
                for result in results
                if result.score >= self._least(one, result.entity_type)
            ]
        )

    def _least(self, recognizer: EntityRecognizer, entity: str) -> float:
        own = recognizer.score_thresholds
        return own.get(entity, own.get("default", self._min_score)) if own else self._min_score


def _name(result: RecognizerResult, recognizer: EntityRecognizer) -> None:
    """Say in a result who found it, if it doesn't."""
    if not result.recognition_metadata:
        result.recognition_metadata = {}
    result.recognition_metadata.setdefault(_ID, recognizer.id)
    result.recognition_metadata.setdefault(_NAME, recognizer.name)  # type: ignore[has-type]


def _in_their_own_way(
    text: str,
    recognizers: Sequence[EntityRecognizer],
    found: list[tuple[EntityRecognizer, list[RecognizerResult]]],
    artifacts: Any,
) -> list[tuple[EntityRecognizer, list[RecognizerResult]]]:
    """Return results with scores raised by recognizers that know a way of their own to do so."""
    usual = EntityRecognizer.enhance_using_context
    if all(type(one).enhance_using_context is usual for one in recognizers):
        return found
    own = {id(one): results for one, results in found}
    return [
        (
            one,
            one.enhance_using_context(
                text=text,
                raw_recognizer_results=own.get(id(one), []),
                other_raw_recognizer_results=[
                    result for other, some in found if other is not one for result in some
                ],
                nlp_artifacts=artifacts,
                context=None,
            ),
        )
        for one in recognizers
    ]


def strongest(results: Sequence[RecognizerResult]) -> list[RecognizerResult]:
    """Return the results that none of the same entity covers with as good a score; no empty score.

    As Presidio's `EntityRecognizer.remove_duplicates` does, in the same order, without a string for
    each result.
    """
    by_entity: dict[str, list[RecognizerResult]] = {}
    for result in results:
        if result.score:
            by_entity.setdefault(result.entity_type, []).append(result)
    kept: list[RecognizerResult] = []
    for entity in sorted(by_entity):
        covering: list[RecognizerResult] = []  # those that reach as far as here
        for result in sorted(by_entity[entity], key=lambda one: (one.start, -one.end, -one.score)):
            covering = [one for one in covering if one.end >= result.start]
            if not any(one.end >= result.end and one.score >= result.score for one in covering):
                covering.append(result)
                kept.append(result)
    kept.sort(key=lambda one: (-one.score, one.start, one.start - one.end))
    return kept
