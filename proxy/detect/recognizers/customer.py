"""What a customer taught: terms of dictionaries, and patterns. Built anew when it changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from presidio_analyzer import AnalysisExplanation, LocalRecognizer, RecognizerResult

from proxy.detect.knowledge.regex import Bounded
from proxy.detect.knowledge.terms import TermList, Terms
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer
from proxy.spelling import Lexicon

_DICTIONARY = "dictionary"


def taught_recognizers(
    taught: Mapping[str, Any], lexicon: Lexicon, language: str
) -> list[LocalRecognizer]:
    """Return recognizers for what `knowledge.Knowledge.taught` says.

    Args:
        taught: that, parsed.
        lexicon: says which terms dictionaries find only as they are written, or in capitals.
        language: of the recognizers.
    """
    patterns = [CustomerPattern(one, language) for one in taught["patterns"]]
    if not taught["dictionaries"]:
        return [*patterns]
    return [CustomerDictionary(taught["dictionaries"], lexicon, language), *patterns]


class CustomerPattern(ValueRecognizer):
    """One expression, for one entity."""

    def __init__(self, said: Mapping[str, Any], supported_language: str) -> None:
        LocalRecognizer.__init__(
            self,
            supported_entities=[said["entity"]],
            supported_language=supported_language,
            name=f"pattern:{said['name']}",
            context=list(said["context"]) or None,
        )
        compiled: Any = Bounded(said["regex"], ignore_case=said["ignore_case"])
        self.patterns = (ValuePattern(said["name"], compiled, said["score"]),)

    def _title(self) -> str:
        return str(self.name)  # type: ignore[has-type]  # set in a constructor without types


class CustomerDictionary(LocalRecognizer):
    """All dictionaries."""

    def __init__(
        self, said: Sequence[Mapping[str, Any]], lexicon: Lexicon, supported_language: str
    ) -> None:
        super().__init__(
            supported_entities=sorted({one["entity"] for one in said}),
            supported_language=supported_language,
            name=_DICTIONARY,
        )
        self._said = [(one["entity"], one["score"]) for one in said]
        self._terms = Terms([TermList(one["terms"], one["exact"]) for one in said], lexicon)

    def load(self) -> None:
        """Do nothing: the terms were taken with the object."""

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return each term that stands in the text; see Presidio's base class."""
        return [
            self._result(*self._said[number], start, end)
            for start, end, numbers in self._terms.occurrences(text)
            for number in range(len(self._said))
            if numbers >> number & 1
        ]

    def _result(self, entity: str, score: float, start: int, end: int) -> RecognizerResult:
        return RecognizerResult(
            entity_type=entity,
            start=start,
            end=end,
            score=score,
            analysis_explanation=AnalysisExplanation(
                recognizer=_DICTIONARY, original_score=score, pattern_name="a term"
            ),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: _DICTIONARY,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


def confirming(taught: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the words that confirm an entity, lower case, one space between words."""
    return {
        entity: tuple(" ".join(re.findall(r"[^\W_]+", phrase.lower())) for phrase in phrases)
        for entity, phrases in taught["context"].items()
    }
