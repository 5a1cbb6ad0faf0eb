"""spaCy's names, read in one pass, are the names that spaCy itself reads."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import spacy

from proxy.detect.names.with_spacy import NameRecogniser, reader
from proxy.detect.settings import DetectSettings
from tests.corpora.load import load

_HARD = (
    "Anna",
    " ",
    "\n\n",
    "Dr.  Anna\tvan der Meer\n\nBerlin",
    "On 3 March 2024 the European Central Bank met Christine Lagarde in New York",
    "I do n't know; I can't: he's Tom O'Neil's. 🙂 \u00a0 É\u0301clair",
)


def _load() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        return spacy.load(DetectSettings().model, exclude=["tagger", "parser", "lemmatizer"])


@pytest.fixture(scope="module")
def as_it_comes() -> Any:
    return _load()


@pytest.fixture(scope="module")
def recogniser() -> NameRecogniser:
    return NameRecogniser(_load(), 0.85)


def _names(as_it_comes: Any, text: str) -> list[tuple[int, int, str]]:
    return [(one.start_char, one.end_char, one.label_) for one in as_it_comes(text).ents]


def test_every_name_in_the_corpora_is_the_same(
    as_it_comes: Any, recogniser: NameRecogniser
) -> None:
    texts = [document.text for document in load()]
    expected = [_names(as_it_comes, text) for text in texts]
    assert sum(map(len, expected)) > 1_000
    assert [[one[:3] for one in recogniser.read(text)[1]] for text in texts] == expected


@pytest.mark.parametrize("text", _HARD)
def test_hard_texts_read_the_same(as_it_comes: Any, recogniser: NameRecogniser, text: str) -> None:
    assert [one[:3] for one in recogniser.read(text)[1]] == _names(as_it_comes, text)


def test_an_empty_text_holds_no_name(recogniser: NameRecogniser) -> None:
    doc, names = recogniser.read("")
    assert (len(doc), names) == (0, [])


def test_words_that_were_forgotten_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.detect.names.vectors._REMEMBERED", 5)
    recogniser = NameRecogniser(_load(), 0.85)
    first = recogniser.read("Anna Kowalska lives in Berlin")[1]
    recogniser.read("Tom and Eve went to Paris with Peter Smith")
    assert recogniser.read("Anna Kowalska lives in Berlin")[1] == first != []


def test_another_kind_of_model_is_read_as_it_comes() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(  # type: ignore[attr-defined]  # an EntityRuler
        [{"label": "PERSON", "pattern": "Anna"}]
    )
    nlp.rename_pipe("entity_ruler", "ner")
    doc, (name,) = reader(nlp, 0.5)("This is Anna")
    assert doc.text[name.start_char : name.end_char] == "Anna"
    assert (name.label_, name.score) == ("PERSON", 0.5)
