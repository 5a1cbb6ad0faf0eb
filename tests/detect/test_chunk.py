"""Text in pieces: no gap, no value cut, and the same findings as the whole."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.detect.chunk import BEFORE, CONTEXT_REACH, chunk, spoken

Find = Callable[..., list[tuple[str, str]]]

PLANTED = (
    "SSN 123-45-6789",
    "DE89 3704 0044 0532 0130 00",
    "4111 1111 1111 1111",
    "anna.schmidt@example.com",
    "call +1 212 555 0199",
    "dob: 1984-03-02",
    "password=hunter2",
    "192.168.10.5",
    "https://example.com/a?b=c",
    "MRN: 00-482-113",
    "NHS number 943 476 5919",
    "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----",
)
WORDS = ("the", "quick", "brown", "fox", "account", "of", "born", "is", "card", "7", "2024", "Über")
SEPARATORS = (" ", " ", " ", ". ", "\n", "\n\n", "\r\n\r\n", ", ")

texts = st.lists(
    st.tuples(st.sampled_from(WORDS + PLANTED), st.sampled_from(SEPARATORS)), max_size=120
).map(lambda pairs: "".join(word + separator for word, separator in pairs))


@given(text=st.one_of(texts, st.text(max_size=600)), size=st.integers(40, 400))
def test_cores_join_to_the_text(text: str, size: int) -> None:
    pieces = chunk(text, size)
    assert "".join(piece.text[piece.start : piece.end] for piece in pieces) == text
    for piece in pieces:
        assert text[piece.origin :].startswith(piece.text)
        assert piece.start < piece.end


@given(text=texts, more=texts, size=st.integers(40, 400))
def test_appending_changes_the_last_chunks_only(text: str, more: str, size: int) -> None:
    before, after = chunk(text, size), chunk(text + more, size)
    settled = [piece for piece in before if piece.origin + len(piece.text) < len(text) - 4 * size]
    assert after[: len(settled)] == settled


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=texts, size=st.integers(120, 600))
def test_patterns_find_the_same_in_pieces(find: Find, text: str, size: int) -> None:
    assert sorted(find(text, size=size)) == sorted(find(text, size=10**9))


@pytest.mark.parametrize("size", [130, 131, 137])
def test_a_value_that_a_cut_falls_into_is_found_whole(find: Find, size: int) -> None:
    iban = "DE89 3704 0044 0532 0130 00"
    row = f"{iban} " * 40  # nowhere to cut but among digits
    cuts = [piece.origin + piece.end for piece in chunk(row, size)]
    assert any(cut % (len(iban) + 1) for cut in cuts)
    assert find(row, size=size).count(("IBAN_CODE", iban)) == 40


def test_a_cut_prefers_the_paragraph_end() -> None:
    text = "One sentence. Another one.\n" * 3 + "\n" + "Next paragraph. " * 20
    first = chunk(text, 120)[0]
    assert first.text[first.start : first.end].endswith("\n\n")
    assert first.text == text[: first.end]  # nothing reaches over a blank line


def test_a_key_block_is_never_cut() -> None:
    block = "-----BEGIN PRIVATE KEY-----\n" + "QUJD\n" * 400 + "-----END PRIVATE KEY-----"
    pieces = chunk(f"{'intro. ' * 30}{block}{' outro.' * 30}", 200)
    assert sum(block in piece.text[piece.start : piece.end] for piece in pieces) == 1


def test_an_endless_run_is_cut_all_the_same() -> None:
    assert max(len(piece.text) for piece in chunk("x" * 100_000, 500)) <= 500 * 4 + 2 * BEFORE + 100


def test_a_label_stands_before_the_text_and_is_no_part_of_it() -> None:
    (piece,) = chunk("1984-03-02", 100, "dateOfBirth")
    assert piece.text == "date of birth: 1984-03-02"
    assert piece.text[piece.start : piece.end] == "1984-03-02"
    assert piece.origin == -len("date of birth: ")


def test_labels_are_spoken() -> None:
    assert spoken("date_of_birth") == spoken("dateOfBirth") == spoken("date-of-birth")
    assert len(spoken("x" * 10_000)) <= CONTEXT_REACH
