"""What recognizers may ask of the language model, made when one asks.

Presidio hands every recognizer the tokens and lemmas of the whole text. Its pattern recognizers
never look at them, and making them costs as much as all patterns, so here they wait until a
recognizer written for Presidio asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from presidio_analyzer.nlp_engine import NlpArtifacts

from proxy.detect.names.pieces import Named


class LazyArtifacts(NlpArtifacts):
    """Presidio's artifacts of one text.

    Attributes:
        entities: the names in it, under Privet's entities.
        scores: how sure each is.
        language: ISO 639-1 code.
        nlp_engine: none is needed.
        keywords: empty; only Presidio's own context enhancer reads them.
    """

    def __init__(self, names: Sequence[Named], language: str, read: Callable[[], Any]) -> None:
        """Take the names, and a function that returns the text as a spaCy document."""
        self.entities: list[Any] = list(names)
        self.scores = [name.score for name in names]
        self.language = language
        self.nlp_engine = None
        self.keywords: list[str] = []
        self._read = read

    @cached_property
    def tokens(self) -> Any:  # type: ignore[override]  # an attribute in the base class
        """The text as a spaCy document."""
        return self._read()

    @cached_property
    def tokens_indices(self) -> list[int]:  # type: ignore[override]
        """Where each token starts."""
        return [token.idx for token in self.tokens]

    @cached_property
    def lemmas(self) -> list[str]:  # type: ignore[override]
        """Each token's lower-case form, which stands for its lemma."""
        return [token.lower_ for token in self.tokens]
