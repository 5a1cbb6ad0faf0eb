"""Mutated policy files: `python -m tests.policy.fuzzing 100000` (`make fuzz`).

Three files are mutated as text (characters, lines, tokens of YAML) and as data (keys and values
taken out, moved, doubled, exchanged). Whatever comes: a policy, or problems that each point to a
line of the file, within seconds; and what loads can be linted and, written out and read again, is
the same policy.
"""

from __future__ import annotations

import copy
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from proxy.policy.lint_keys import Keys
from proxy.policy.load import compile_policy, digest, read_checked
from proxy.policy.model import PolicyForm
from proxy.yaml_file import ConfigError, Document, Problem

HERE = Path(__file__).parent
POLICIES = HERE.parent.parent / "policies"
_TODAY = date(2026, 11, 25)
#: No file may take longer, on however slow a machine.
_SECONDS = 60
#: Files that one process takes at a time.
_SLICE = 500
_PIECES = (
    *("", " ", "\n", "\n  ", "\t", ": ", "- ", "{", "}", "[", "]", ",", "#", "'", '"', "|", ">"),
    *(
        "&a ",
        "*a",
        "!!str ",
        "%YAML 1.1\n",
        "---\n",
        "...\n",
        "? ",
        "<<: ",
        "~",
        "null",
        "\0",
        "\ufeff",
    ),
    *("true", "yes", "0", "-1", "1e99", ".nan", "99999999999999999999", "2027-13-45", "24:61"),
    *("any", "PERSON", "restricted", "block", "{}", "[]", "é", "\U0001f600", "\ud800", "x" * 500),
)


def seeds() -> list[str]:
    """The files that are mutated: the design's sample, the starter, and one with every key."""
    readme = (POLICIES / "README.md").read_text()
    sample = re.search(r"```yaml\n(policy: acme.*?)```", readme, re.DOTALL)
    assert sample is not None
    return [(HERE / "acme.yaml").read_text(), (POLICIES / "starter.yaml").read_text(), sample[1]]


def mutated(text: str, chance: random.Random) -> str:
    """Another file: between one and four mutations away."""
    if chance.random() < 0.5:
        data = Document(text, "seed.yaml").value
        for _ in range(chance.choice([1, 1, 1, 3])):
            _mutate_data(data, chance)
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        if chance.random() < 0.7:
            return text
    for _ in range(chance.choice([1, 1, 2, 4])):
        text = _mutate_text(text, chance)
    return text


def _mutate_text(text: str, chance: random.Random) -> str:
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice([0, 0, 1, 5, 40]))
    match chance.randrange(4):
        case 0:  # a piece of another place
            at = chance.randrange(len(text) + 1)
            piece = text[at : at + chance.randrange(60)]
        case 1:  # a line twice, or gone
            lines = text.splitlines(keepends=True) or [""]
            at = chance.randrange(len(lines))
            lines[at : at + 1] = chance.choice([[], [lines[at]] * 2, [lines[at]] * 50])
            return "".join(lines)
        case _:
            piece = chance.choice(_PIECES) * chance.choice([1, 1, 1, 2, 40])
    return text[:start] + piece + text[end:]


def _mutate_data(data: Any, chance: random.Random) -> None:
    places = list(_places(data))
    if not places:
        return
    holder, key = chance.choice(places)
    other_holder, other = chance.choice(places)
    match chance.randrange(5):
        case 0:
            del holder[key]
        case 1:
            holder[key] = copy.deepcopy(other_holder[other])
        case 2:
            odd: list[Any] = ["", 0, -1, 1.5, True, [], {}, "any", "none", ["x"], {"x": "y"}]
            holder[key] = chance.choice(odd)
        case 3 if isinstance(holder, dict):
            name = other if isinstance(other, str) else "unheard_of"
            holder[name] = holder.pop(key)
        case _ if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case _:
            holder[key], other_holder[other] = other_holder[other], holder[key]


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and item, with what holds it."""
    keys: list[Any] = []
    if isinstance(node, dict):
        keys = list(node)
    elif isinstance(node, list):
        keys = list(range(len(node)))
    for key in keys:
        yield node, key
        yield from _places(node[key])


def judge(text: str) -> str:
    """``loaded`` or ``refused``; AssertionError where neither is done well."""
    problems: tuple[Problem, ...] = ()
    try:
        document, form = read_checked(text, "fuzzed.yaml")
    except ConfigError as error:
        problems = error.problems
    else:
        return _judge_loaded(document, form)
    lines = 2 + sum(map(text.count, "\n\r\x85\u2028\u2029"))
    assert problems
    for problem in problems:
        assert 1 <= problem.line <= lines, problem
        assert problem.column >= 1, problem
        assert problem.message, problem
    return "refused"


def _judge_loaded(document: Document, form: PolicyForm) -> str:
    for told in Keys(document, form, compile_policy(form), _TODAY).notes(()):
        assert told.line >= 1, told
    again = written_out(form)
    _, read_again = read_checked(again, "again.yaml")
    assert digest(read_again) == digest(form), again
    assert read_again.model_dump() == form.model_dump(), again
    return "loaded"


def written_out(form: PolicyForm) -> str:
    """A policy as text again: what was said, and nothing of what wasn't."""
    said = form.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


def campaign(count: int, first: int = 0) -> Counter[str]:
    """Judge `count` files; each is known by its number, so that it can be made again."""
    texts, seen = seeds(), Counter[str]()
    for number in range(first, first + count):
        chance = random.Random(number)
        text = mutated(chance.choice(texts), chance)
        signal.alarm(_SECONDS)
        try:
            seen[judge(text)] += 1
        except BaseException:
            print(f"file number {number}:\n{text}", file=sys.stderr)
            raise
        finally:
            signal.alarm(0)
    return seen


def main(count: int) -> None:
    """A campaign in as many processes as there are CPUs."""
    seen: Counter[str] = Counter()
    with ProcessPoolExecutor() as pool:
        for some in pool.map(partial(campaign, _SLICE), range(0, count, _SLICE)):
            seen += some
            print(dict(seen), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
