"""The README shows what is run, and every step of the story is in it."""

from __future__ import annotations

import re
from pathlib import Path

from proxy import pipeline
from tests.faults.killable import STEPS
from tests.faults.table import shown, tables
from tests.faults.test_steps import CELLS


def test_the_readme_shows_what_is_run() -> None:
    assert shown() == tables()


def test_every_step_of_the_journey_is_a_row() -> None:
    story = Path(pipeline.__file__).read_text(encoding="utf-8")
    told = re.findall(r"(?:# |, )\d+\. ([a-z]+(?: intent| outcome)?)", story)
    assert list(dict.fromkeys(told)) == list(STEPS)
    assert {step for step, _ in CELLS} == set(STEPS)
