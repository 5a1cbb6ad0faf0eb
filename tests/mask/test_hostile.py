"""Hiding, guarding and restoring the worst text that we could think of takes linear time.

Each text repeats what makes some pattern start, or go on, without ever ending. It is 100,000
characters long. One quadratic pattern over one of them needs minutes, and the process that runs
them all isn't given as much.
"""

from __future__ import annotations

from proxy.detect.sweep import sweep
from proxy.exchange import Alphabet, Channel, Finding, TextPart
from proxy.ladder import PLACEHOLDER
from proxy.mask import Restorable, Restorer, check, number
from proxy.spelling import Lexicon
from tests.limited import run

LENGTH = 100_000
#: CPU seconds for each half, over all texts: several times what it takes.
_LIMIT_S = 90
UNITS = (
    "a", "A", "1", "_", "é", " ", "\\", "%41", "+", "a+", "&", "&lt;", "&#x41;", "<", "<A", "&lt;A",
    "A_", "A1", "_A", "A\\_", "ACGT", "1A_", "aB", "a.", "A.", "a-", "1-", "1.", "`", "(", "[x](",
    '{"', '"', "\\u0041", "\\u003C", "\\\\", "\\n", "http:", "://", "mailto:", "data:", "sms:",
    "href= ", "href='", "PERSON_1_", "PERSON_1", "<PERSON_1>", "<PERSON_1>a", "88123", "\u200b",
    f"{'A' * 60}\n", f"{'A' * 41} ",
)  # fmt: skip
_PERSON = Finding("PERSON", 0, 14, 0.9, "test")
_MAPPING = Restorable({"PERSON_1": "Jane Hollander"}, {"8812345": "5550199"})
_HIDE = """
from tests.mask.test_hostile import UNITS, hide

for unit in UNITS:
    hide(unit)
"""
_RESTORE = """
from tests.mask.test_hostile import UNITS, restore

for unit in UNITS:
    restore(unit)
"""


def hide(unit: str) -> None:
    """Sweep, mask and guard texts and identifiers that repeat `unit`."""
    half = (unit * LENGTH)[: LENGTH // 2]
    for alphabet in (Alphabet.TEXT, Alphabet.NAME):
        hostile = TextPart((1,), f"{half} Jane Hollander {half}", alphabet=alphabet)
        parts = [TextPart((0,), "Jane Hollander"), hostile]
        found = sweep(parts, [[_PERSON], []], Lexicon())
        masked = number(parts, found).render({"PERSON": PLACEHOLDER}, bytes(32))
        check(masked, Lexicon())


def restore(unit: str) -> None:
    """Restore answers that repeat `unit`: whole, in small pieces, and between placeholders."""
    restorer = Restorer(_MAPPING, [TextPart((0,), "Jane Hollander")])
    answer = (unit * LENGTH)[:LENGTH]
    for channel in Channel:
        restorer.text(f"{answer}_<PERSON_1>", channel)
        stream = restorer.stream(channel)
        for at in range(0, LENGTH // 10, 4):
            stream.feed(answer[at : at + 4])
        stream.close()
        restorer.text(f"<PERSON_1>{unit}" * 500, channel)


def test_hiding_is_linear() -> None:
    assert run(_HIDE, _LIMIT_S) == 0


def test_restoring_is_linear() -> None:
    assert run(_RESTORE, _LIMIT_S) == 0
