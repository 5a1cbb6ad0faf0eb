"""Labels are read in one spelling, whatever way is taken to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.detect.recognizers import labels
from proxy.detect.recognizers.labelled import Kind, LabelledRecognizer
from proxy.detect.recognizers.labels import LabelFinder
from proxy.detect.required import shape

#: Every character that is rewritten and some that aren't, within Latin-1 and beyond.
_CHARACTERS = st.text(
    st.characters(codec="utf-8")
    | st.sampled_from(" -_aÉß\u00a0\u0130\u017f\uff11\U0001d7ce\U0001f44d"),
    max_size=20,
)


@given(_CHARACTERS)
def test_a_text_in_one_spelling_is_that_of_its_characters(text: str) -> None:
    assert labels.fold(text) == "".join(map(labels.fold, text))
    shaped = shape(text).replace("\u03c2", "\u03c3")  # a word's last sigma has a form of its own
    assert shaped == "".join(map(shape, text)).replace("\u03c2", "\u03c3")


@given(_CHARACTERS)
def test_each_letter_is_found_where_it_stands(text: str) -> None:
    folded = labels.folded(text)
    assert folded.text == labels.fold(text)
    places = [folded.place(letter) for letter in range(len(folded.letters))]
    assert places == [place for place, one in enumerate(folded.text) if one != " "]


@pytest.mark.parametrize(
    "rest", ["", "a", " no 5", "number", " of the applicant is", "s no", ": 5"]
)
def test_what_follows_a_label_most_often_is_read_as_the_expressions_read_it(rest: str) -> None:
    for character in map(chr, range(0x180)):
        text = character + rest
        spelled = labels.fold(text)
        tail = labels._TAIL.match(spelled)
        assert labels._tail(spelled, 0) == (tail.end() if tail else None)
        link = labels._LINK.match(text)
        assert link is not None
        assert labels._linked(text, 0) == link.end()


def _said(recognizer: LabelledRecognizer, text: str) -> list[tuple[str, str]]:
    results = recognizer.analyze(text, recognizer.supported_entities)
    return [(one.entity_type, text[one.start : one.end]) for one in results]


def test_in_a_text_without_a_digit_only_what_needs_none_is_looked_for() -> None:
    numbers, words = Kind("BADGE", ("badge",), r"\w+"), Kind("CREW", ("crew",), r"\w+", wordy=True)
    recognizer = LabelledRecognizer((numbers, words), "en", "Both")
    assert _said(recognizer, "badge: x1") == [("BADGE", "x1")]
    assert _said(recognizer, "badge: xy") == []
    assert _said(recognizer, "crew: xy") == [("CREW", "xy")]


def test_the_longest_label_is_meant_of_those_that_begin_alike() -> None:
    spelled = ("client", "client id", "client identification of the holder")
    finder = LabelFinder([(one, [one]) for one in spelled])
    for text, label in (
        ("the client: x", "client"),
        ("clientId=7", "client id"),
        ("CLIENT IDENTIFICATION (OF THE HOLDER) 5", "client"),
        ("Client-identification of the holder: 5", "client identification of the holder"),
        ("a clientele", None),
        ("client identification of the hold", "client"),
    ):
        found = [one.kinds[0] for one in finder.find(text)]
        assert found == ([label] if label else []), text
