"""What is kept of a conversation serves its next turn, belongs to one principal, and says nothing."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from proxy.detect.sweep import sweep
from proxy.exchange import Finding, Principal, TextPart
from proxy.ladder import PLACEHOLDER
from proxy.mask import Masked, number
from proxy.spelling import Lexicon
from proxy.steps.memory import Memory, Turn

JANE = Principal("acme", "support", "desk", "jane")
NAME = "Jane Hollander"
UNDER = ("policy", "detection")
ROOM = 10**6
HIDDEN = {"PERSON": PLACEHOLDER}


def conversation(turns: int) -> list[TextPart]:
    return [TextPart(("messages", turn), f"Turn {turn} of {NAME}.") for turn in range(turns)]


def take(
    memory: Memory, parts: Sequence[TextPart], who: Principal = JANE, under: Sequence[str] = UNDER
) -> tuple[Turn, Masked]:
    """One request, as the pipeline takes it; the detector finds the name in every part."""
    turn = memory.turn(who, under, parts)
    known = turn.before.findings
    starts = [part.text.index(NAME) for part in parts[len(known) :]]
    found = [[Finding("PERSON", at, at + len(NAME), 0.9, "test")] for at in starts]
    numbering = number(parts, sweep(parts, found, Lexicon(), known), turn.before)
    turn.numbered(numbering.numbered)
    masked = numbering.render(HIDDEN, b"key", turn.plan(HIDDEN))
    turn.masked(HIDDEN, masked.plan)
    return turn, masked


def known_parts(
    memory: Memory, turns: int, who: Principal = JANE, under: Sequence[str] = UNDER
) -> int:
    return len(memory.turn(who, under, conversation(turns)).before.placed)


def test_a_turn_goes_on_from_the_longest_beginning() -> None:
    memory = Memory(ROOM)
    take(memory, conversation(2))
    take(memory, conversation(4))
    assert known_parts(memory, 6) == 4
    assert known_parts(memory, 3) == 2
    assert known_parts(memory, 1) == 0
    _, masked = take(memory, conversation(6))
    assert masked.texts == tuple(f"Turn {turn} of <PERSON_1>." for turn in range(6))


def test_what_is_known_belongs_to_one_principal_under_one_policy() -> None:
    memory = Memory(ROOM)
    take(memory, conversation(2))
    for who in (
        Principal("other", "support", "desk", "jane"),
        Principal("acme", "other", "desk", "jane"),
        Principal("acme", "support", "other", "jane"),
        Principal("acme", "support", "desk", "john"),
    ):
        assert known_parts(memory, 2, who) == 0
    assert known_parts(memory, 2, under=("another policy", "detection")) == 0
    assert known_parts(memory, 2) == 2


def test_a_body_passes_the_guard_once_for_what_is_hidden_in_it() -> None:
    memory = Memory(ROOM)
    turn, _ = take(memory, conversation(2))
    assert not turn.passed(HIDDEN, b"digest")
    turn.guarded(HIDDEN, b"digest")
    again, _ = take(memory, conversation(2))
    assert again.passed(HIDDEN, b"digest")
    assert not again.passed(HIDDEN, b"another body")
    assert not again.passed({}, b"digest"), "less was hidden then"
    longer, _ = take(memory, conversation(3))
    assert not longer.passed(HIDDEN, b"digest")


def test_the_same_parts_in_ever_other_bodies_take_no_ever_more_room() -> None:
    memory = Memory(ROOM)
    turn, _ = take(memory, conversation(2))
    for body in range(1_000):
        turn.guarded(HIDDEN, b"%d" % body)
    assert turn.passed(HIDDEN, b"999")
    assert sum(turn.passed(HIDDEN, b"%d" % body) for body in range(1_000)) <= 16


def test_it_is_bounded() -> None:
    memory = Memory(room=18 * 300)
    take(memory, conversation(2))
    take(memory, [TextPart(("other",), f"Another {NAME}")])
    take(memory, conversation(3))
    assert known_parts(memory, 2) == 0, "the least recently used went"
    assert known_parts(memory, 3) == 3


def test_no_text_is_kept() -> None:
    memory = Memory(ROOM)
    take(memory, conversation(3))
    todo: list[object] = [memory]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if id(node) in seen or isinstance(node, type):
            continue
        seen.add(id(node))
        assert not (isinstance(node, str | bytes) and "Hollander" in str(node))
        todo.extend(gc.get_referents(node))
    assert len(seen) > 50, "it looked at what is kept"
