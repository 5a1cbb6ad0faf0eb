"""The frame of most recognizers here: patterns that look at more than they report.

Presidio's `PatternRecognizer` reports the whole match. `password = hunter2` needs its label to be
found, but only the value hidden, so here the span is the pattern's group ``value``.

Rule for every pattern in this folder: linear time on any text. No repetition stands beside another
that can match the same characters, and what may stand between a label and its value is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult

from proxy.detect.recognizers.anchored import Before
from proxy.detect.recognizers.needs import Need


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """A named pattern with a group ``value``, and the score of what it finds.

    Attributes:
        name: what it is called in explanations.
        regex: the pattern.
        score: of what it finds.
        need: what it needs besides the strings that `required.py` reads off it; None for nothing.
        within: the stretches in which all of its matches lie; None for the whole text.
    """

    name: str
    regex: re.Pattern[str]
    score: float
    need: Need | None = None
    within: Before | None = None


class ValueRecognizer(LocalRecognizer):
    """A Presidio recognizer over `PATTERNS`, for one entity."""

    ENTITY: ClassVar[str]
    PATTERNS: ClassVar[tuple[ValuePattern, ...]]
    CONTEXT: ClassVar[tuple[str, ...]] = ()
    NEEDS: ClassVar[tuple[Need, ...]] = ()
    #: By which it is enabled and explained; the class's own name if empty.
    NAME: ClassVar[str] = ""

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(
            supported_entities=[self.ENTITY],
            supported_language=supported_language,
            name=self._title(),
            context=list(self.CONTEXT) or None,
        )
        #: As in Presidio's `PatternRecognizer`: what `analyze` looks for.
        self.patterns = self.PATTERNS

    def load(self) -> None:
        """Do nothing: patterns are compiled with their module."""

    def plausible(self, value: str) -> bool:
        """Say whether a matched value can be meant; recognizers narrow this where format can't."""
        return bool(value)

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return one result for each plausible value; see Presidio's base class."""
        return [
            self._result(pattern, *match.span("value"))
            for pattern in self.patterns
            for match in pattern.regex.finditer(text)
            if self.plausible(match["value"])
        ]

    def _title(self) -> str:
        return self.NAME or type(self).__name__

    def _result(self, pattern: ValuePattern, start: int, end: int) -> RecognizerResult:
        return RecognizerResult(
            entity_type=self.supported_entities[0],
            start=start,
            end=end,
            score=pattern.score,
            analysis_explanation=AnalysisExplanation(
                recognizer=self._title(),
                original_score=pattern.score,
                pattern_name=pattern.name,
            ),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: self._title(),
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )
