"""Recognizers written for Presidio are asked as its analyzer asks them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from presidio_analyzer import EntityRecognizer, LocalRecognizer, RecognizerResult

from proxy.detect.asking import Asker, strongest
from proxy.detect.context import NearbyWords


class _Says(LocalRecognizer):
    """A recognizer that says what it was told to say."""

    def __init__(self, name: str, *said: tuple[str, int, int, float], **options: Any) -> None:
        self.said = said
        super().__init__(sorted({"BADGE", *(one[0] for one in said)}), name=name, **options)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> Any:
        results = [RecognizerResult(*one) for one in self.said if one[0] in entities]
        return results or None  # as some of Presidio's do


def _ask(text: str, *recognizers: EntityRecognizer) -> list[tuple[str, int, int, float, str]]:
    found = Asker(NearbyWords(frozenset({"the"})), 0.4).ask(text, recognizers, None)
    return [
        (
            one.entity_type,
            one.start,
            one.end,
            one.score,
            one.recognition_metadata["recognizer_name"],
        )
        for one in found
    ]


def test_who_found_it_is_said_for_a_recognizer_that_doesnt() -> None:
    assert _ask("a 12345", _Says("Silent"), _Says("Badges", ("BADGE", 2, 7, 0.5))) == [
        ("BADGE", 2, 7, 0.5, "Badges")
    ]


def test_context_words_raise_and_the_threshold_decides() -> None:
    weak = _Says("Badges", ("BADGE", 10, 15, 0.25), context=["badge"])
    assert _ask("the badge 12345", weak) == [("BADGE", 10, 15, 0.6, "Badges")]
    assert _ask("the horse 12345", weak) == []


def test_a_recognizers_own_threshold_counts_before_the_engines() -> None:
    said = ("BADGE", 0, 5, 0.3), ("DOOR", 6, 9, 0.3)
    assert _ask("12345 678", _Says("Own", *said, score_thresholds={"BADGE": 0.2})) == [
        ("BADGE", 0, 5, 0.3, "Own")
    ]
    assert len(_ask("12345 678", _Says("Own", *said, score_thresholds={"default": 0.2}))) == 2
    assert _ask("12345 678", _Says("Own", *said)) == []


class _Doubled(_Says):
    """Raises its scores in a way of its own: where somebody else found something."""

    def enhance_using_context(
        self,
        text: str,
        raw_recognizer_results: Any,
        other_raw_recognizer_results: Any,
        nlp_artifacts: Any,
        context: Any = None,
    ) -> Any:
        for one in raw_recognizer_results:
            one.score *= 1 + len(other_raw_recognizer_results)
        return raw_recognizer_results


def test_one_may_raise_scores_in_its_own_way() -> None:
    unsure = _Doubled("Badges", ("BADGE", 2, 7, 0.25))
    assert _ask("a 12345 ", unsure) == []
    assert _ask("a 12345 ", unsure, _Says("Other", ("DOOR", 0, 1, 0.45))) == [
        ("BADGE", 2, 7, 0.5, "Badges"),
        ("DOOR", 0, 1, 0.45, "Other"),
    ]


_RESULTS = st.builds(
    lambda entity, start, length, score: RecognizerResult(entity, start, start + length, score),
    st.sampled_from(["BADGE", "DOOR"]),
    st.integers(0, 6),
    st.integers(1, 5),
    st.sampled_from([0.0, 0.4, 0.5, 1.0]),
)


@given(st.lists(_RESULTS, max_size=9))
def test_what_is_covered_goes_as_presidio_has_it_go(results: list[RecognizerResult]) -> None:
    assert strongest(results) == EntityRecognizer.remove_duplicates(results)
