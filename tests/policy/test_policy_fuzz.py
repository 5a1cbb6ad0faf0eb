"""A few hundred mutated policy files; `make fuzz` judges a hundred thousand. Bombs are refused."""

from __future__ import annotations

import pytest

from proxy.policy.load import parse
from proxy.yaml_file import MAX_PROBLEMS, ConfigError
from tests.policy.fuzzing import campaign, judge, seeds


def test_mutated_files_load_or_have_placed_problems() -> None:
    seen = campaign(200)
    assert min(seen["loaded"], seen["refused"]) > 10  # both are tried


@pytest.mark.parametrize("text", seeds(), ids=["sample", "starter", "every key"])
def test_what_is_written_out_says_the_same(text: str) -> None:
    assert judge(text) == "loaded"


BILLION = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    "bomb",
    [
        BILLION,
        "policy: &p [*p]\n",
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "policy: " + "x" * 2_000_000,
        "? " * 50_000 + "x",
        "".join(f"k{n}: 1\n" for n in range(100_000)),
        "k: 1\n" * 100_000,
        seeds()[0] + "  - {id: x, waive: {rule: y, lifts: block, to: {provider: z}}}\n" * 10_000,
    ],
    ids=["aliases", "itself", "lists", "maps", "items", "long", "keys", "wide", "twice", "wrong"],
)
def test_bombs_are_refused(bomb: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(bomb, "bomb.yaml")
    assert all(problem.line >= 1 for problem in caught.value.problems)
    assert len(caught.value.problems) <= MAX_PROBLEMS
