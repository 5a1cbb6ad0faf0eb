"""The finder answers as a search would, and remembers no text."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import finder as module
from proxy.finder import Finder
from proxy.matching import Lexicon, Matcher

WORDS = st.sampled_from(["Jane Hollander", "Ann", "4111 1111 1111 1111", "jane@example.com", "x"])
TEXTS = st.lists(WORDS, max_size=6).map(" and ".join)


@given(st.lists(WORDS, max_size=3, unique=True), st.lists(TEXTS, max_size=6), st.integers(1, 4))
def test_it_finds_what_a_search_finds(values: list[str], texts: list[str], entries: int) -> None:
    finder = Finder(Lexicon(), entries)
    wanted = Matcher(values, Lexicon()).occurrences_in(texts)
    for _ in range(3):
        assert finder.occurrences("t", values, texts) == wanted


def test_a_turn_searches_its_own_text_only(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []

    class Counting(Matcher):
        def occurrences_in(self, texts: Any, edges: Any = ()) -> Any:
            searched.append(len(texts))
            return super().occurrences_in(texts, edges)

    monkeypatch.setattr(module, "Matcher", Counting)
    finder = Finder(Lexicon())
    turns = [f"Jane Hollander, turn {number}" for number in range(5)]
    for number in range(1, 6):
        finder.occurrences("t", ["Jane Hollander"], turns[:number])
    assert searched == [1] * 5
    finder.occurrences("another tenant", ["Jane Hollander"], turns)
    assert searched[-1] == 5, "one tenant's timing tells nothing about another's text"


def test_edges_are_part_of_what_is_asked() -> None:
    finder = Finder(Lexicon())
    assert finder.occurrences("t", ["Ann"], ["MaryAnn"], [set()]) == [[]]
    assert len(finder.occurrences("t", ["Ann"], ["MaryAnn"], [{4}])[0]) == 1


def test_no_text_is_remembered() -> None:
    finder = Finder(Lexicon())
    finder.occurrences("t", ["Jane Hollander"], ["I am Jane Hollander."])
    todo: list[object] = [finder._known]
    while todo:
        node = todo.pop()
        assert not isinstance(node, str)
        todo.extend(gc.get_referents(node) if not isinstance(node, type) else [])
