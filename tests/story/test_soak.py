"""`make soak` for some seconds: everything that it judges, once."""

from __future__ import annotations

import pytest

from tests.soak.__main__ import soak
from tests.soak.judging import Verdict


async def test_a_short_soak_is_good() -> None:
    verdict = await soak(minutes=0.1, callers=1, seed=7, disk_mb=64)
    assert verdict.problems == [], "\n".join(verdict.lines)
    assert any("killed" in line for line in verdict.lines), verdict.lines


def test_what_grows_is_seen() -> None:
    verdict = Verdict()
    verdict.judge_growth({"flat": (90_000, 95_000, 40, 44)})
    assert verdict.problems == []
    verdict.judge_growth({"memory": (90_000, 120_000, 40, 40), "files": (90_000, 90_000, 40, 90)})
    assert len(verdict.problems) == 2


@pytest.mark.parametrize("text", ["x@planted.example", "HOLLANDER", "4929-1234 5678 9012"])
def test_what_is_planted_is_seen(text: str) -> None:
    from tests.soak.planted import leaks

    assert leaks(f"so much for {text}.")
