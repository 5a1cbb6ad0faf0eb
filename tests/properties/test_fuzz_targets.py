"""Every target of `make fuzz`, with bytes that hypothesis makes of its seeds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import targets

_PIECES = st.one_of(
    st.binary(max_size=4),
    st.sampled_from([b'"', b"\\", b"{", b"}", b"\n\n", b"\r", b"<", b"_1", b"\xff", b"\0", b"1e9"]),
    st.sampled_from([b"\\u0041", b"\xef\xbb\xbf", b"PERSON_1", b"data: ", b'{"a":', b"[" * 200]),
)
_EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 9), _PIECES), max_size=4)


def mutated(seed: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """The seed with pieces put in the place of some of its bytes."""
    for at, over, piece in edits:
        start = at % (len(seed) + 1)
        seed = seed[:start] + piece + seed[start + over :]
    return seed


@pytest.mark.parametrize("name", targets())
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_bytes_do_what_none_may(name: str, data: st.DataObject) -> None:
    target = targets()[name]
    seed = data.draw(st.sampled_from(target.seeds), label="seed")
    target.run(mutated(seed, data.draw(_EDITS, label="edits")))


@pytest.mark.parametrize("name", targets())
def test_the_seeds_hold(name: str) -> None:
    for seed in targets()[name].seeds:
        targets()[name].run(seed)


def test_make_fuzz_runs_them_all() -> None:
    text = Path("tests/fuzz/guided.py").read_text()
    (names,) = re.findall(r"(?m)^NAMES = (\(.*\))$", text)  # importing it takes atheris
    assert ast.literal_eval(names) == tuple(targets())


def test_a_target_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restorer that drops what it holds at the end of a stream is found by the first seed."""
    monkeypatch.setattr("proxy.mask.restore.Stream.close", lambda _self: "")
    with pytest.raises(AssertionError):
        targets()["restorer"].run(b"it ends in <PERSON_")
