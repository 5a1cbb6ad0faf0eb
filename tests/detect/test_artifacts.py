"""Tokens are made when a recognizer asks for them, and only then."""

from __future__ import annotations

from typing import Any

import spacy

from proxy.detect.artifacts import LazyArtifacts
from proxy.detect.names.pieces import Named


def test_a_text_is_tokenized_once_and_only_when_asked() -> None:
    reads: list[Any] = []

    def read() -> Any:
        reads.append(spacy.blank("en")("Ask Jane Doe."))
        return reads[-1]

    artifacts = LazyArtifacts([Named(4, 12, "PERSON", 0.9)], "en", read)
    assert (artifacts.entities[0].start_char, artifacts.scores) == (4, [0.9])
    assert reads == []
    assert artifacts.lemmas == ["ask", "jane", "doe", "."]
    assert artifacts.tokens_indices == [0, 4, 9, 12]
    assert artifacts.tokens is reads[0]
    assert len(reads) == 1
