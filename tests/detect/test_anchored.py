"""Patterns that are tried only where they can begin find what they would find anywhere."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from proxy.detect.recognizers.anchored import Anchored, Before, Words, beginning, matches_in

#: What stands in a match, and a pattern that holds no space, looks at both sides, and has one.
_MARK, _WORD = re.compile("2"), re.compile(r"(?<![b-])[a1-]{0,3}2b?(?![a-])")
#: What a match ends with, and a pattern of at most eight characters that ends with it.
_END, _ENDING = re.compile("2b"), re.compile(r"(?<!a)[1 ][ab1 \n]{0,4}2b\b")

_TEXTS = st.text(st.sampled_from("ab1 2-\n"), max_size=30)


@given(_TEXTS)
def test_the_same_matches_as_with_its_looks_in_front(text: str) -> None:
    anchored = Anchored(beginning("12", "[a-]", "1[ ]"), r"[12](?:-?[12b ]){0,3}")
    behind = re.compile(r"(?<![a-])(?<!1[ ])[12](?:-?[12b ]){0,3}")
    assert [one.span() for one in anchored.finditer(text)] == [
        one.span() for one in behind.finditer(text)
    ]


@given(_TEXTS)
def test_nothing_is_tried_where_what_it_needs_is_missing(text: str) -> None:
    anchored = Anchored(beginning("12"), "[12]b", somewhere="2b")
    found = [one.span() for one in anchored.finditer(text)]
    assert found == ([one.span() for one in re.finditer("[12]b", text)] if "2b" in text else [])


@given(_TEXTS)
def test_words_and_stretches_leave_out_no_match(text: str) -> None:
    for pattern, places in (
        (_WORD, Words(_MARK).places(text)),
        (_ENDING, Before(_END, 8).places(text)),
    ):
        found = [one.span() for one in matches_in(pattern, text, places)]
        assert found == [one.span() for one in pattern.finditer(text)]
