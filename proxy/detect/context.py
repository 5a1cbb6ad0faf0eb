"""Context words: a weak pattern beside a word that names it is no longer weak.

Presidio's own enhancer needs lemmas of the whole text, which costs more than finding the names.
This one reads the characters before a value, so it needs no model, and what it says depends on
`CONTEXT_REACH` characters only: the same for a text in one piece and in chunks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from presidio_analyzer import ContextAwareEnhancer, EntityRecognizer, RecognizerResult

from proxy.detect.chunk import CONTEXT_REACH

#: How many words before a value count; stop words don't.
_WORDS = 5
#: Context words up to this length must stand alone: "us" is not in "customer".
_SHORT = 3
_WORD = re.compile(r"[^\W_]+")
_CUT_WORD = re.compile(r"\A\S+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class NearbyWords(ContextAwareEnhancer):
    """Raises the score of results whose recognizer's context words stand shortly before them."""

    def __init__(
        self, stop_words: frozenset[str], confirming: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Take the words; the factor and the least score are those of Presidio's own enhancer.

        Args:
            stop_words: the language's, lower case.
            confirming: entity -> phrases, lower case, that a customer adds to its recognizers' own.
        """
        super().__init__(
            context_similarity_factor=0.35,
            min_score_with_context_similarity=0.4,
            context_prefix_count=_WORDS,
            context_suffix_count=0,
        )
        self._stop_words = stop_words
        self._confirming = confirming or {}
        self._phrases: dict[str, tuple[str, ...]] = {}  # recognizer id -> its context words

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: Any,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """Raise scores in place (the results are ours); see Presidio's base class."""
        if not raw_results:
            return raw_results
        for recognizer in recognizers:
            if recognizer.id not in self._phrases:
                split = [_WORD.findall(phrase.lower()) for phrase in recognizer.context or ()]
                self._phrases[recognizer.id] = tuple(" ".join(words) for words in split)
        for result in raw_results:
            metadata = result.recognition_metadata
            phrases = (
                *self._phrases[metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY]],
                *self.confirming(result.entity_type),
            )
            if not phrases or metadata.get(RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY):
                continue
            nearby = " ".join([*(context or ()), *self.words_before(text, result.start)])
            if any(_stands_in(phrase, nearby) for phrase in phrases):
                raised = result.score + self.context_similarity_factor
                result.score = min(1.0, max(raised, self.min_score_with_context_similarity))
        return raw_results

    def confirming(self, entity: str) -> Sequence[str]:
        """Return the phrases that a customer adds for an entity."""
        return self._confirming.get(entity, ())

    def words_before(self, text: str, start: int) -> list[str]:
        """Return up to five words before `start`, lower case, nearest last, without stop words."""
        low = max(0, start - CONTEXT_REACH)
        before = text[low:start]
        if low and not text[low - 1].isspace():
            before = _CUT_WORD.sub("", before)  # half a word says nothing
        words = [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", before))]
        return [word for word in words if word not in self._stop_words][-_WORDS:]


def _stands_in(phrase: str, nearby: str) -> bool:
    if len(phrase) > _SHORT:
        return phrase in nearby
    return f" {phrase} " in f" {nearby} "
