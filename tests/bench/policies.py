"""What a large policy costs, to decide with and to judge: `python -m tests.bench.policies`.

Prints; asserts nothing. What issue 4 asks for stands beside each figure. A decision's time is CPU
time of this thread, all else CPU seconds of this process, so that what else runs matters less.
Nothing is remembered from one decision to the next, so every figure is one of requests not seen
before.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from statistics import quantiles

from proxy.exchange import Endpoint, Facts, Principal
from proxy.policy.cases import Claim
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.policy.diff import compare
from proxy.policy.lint import lint
from proxy.policy.load import load, parse
from proxy.policy.prove import prove
from tests.bench.large_policy import (
    PROVIDERS,
    SIZE,
    TEAMS,
    Data,
    edited,
    empty_policy,
    entities,
    large_policy,
    written,
)

TODAY = date(2026, 11, 25)
_ASKED = 20_000
_WARM_UP = 1_000

Question = tuple[Facts, Principal, Endpoint]


def questions(draw: random.Random) -> list[Question]:
    """Requests with up to eight entities, by any team, for any provider; no two alike."""
    return [
        (
            Facts(frozenset(draw.sample(entities(), draw.randrange(9))), dialect="openai.chat"),
            Principal("acme", f"team-{draw.randrange(TEAMS)}", f"app-{number}"),
            Endpoint(f"provider-{draw.randrange(PROVIDERS)}", f"model-{draw.randrange(9)}"),
        )
        for number in range(_ASKED)
    ]


def costs(policy: Policy, asked: Sequence[Question]) -> tuple[float, float]:
    """Median and 99th percentile of a decision, in microseconds."""
    for one in asked[:_WARM_UP]:
        decide(policy, *one, TODAY)
    times = []
    for one in asked[_WARM_UP:]:
        before = time.thread_time_ns()
        decide(policy, *one, TODAY)
        times.append((time.thread_time_ns() - before) / 1000)
    hundredths = quantiles(times, n=100)
    return hundredths[49], hundredths[98]


def _say(what: str, figure: str, told: str, asked: str = "") -> None:
    sys.stdout.write(f"{what:<38} {figure:>20}   {asked:<26} {told}\n")


def _timed(what: str, asked: str, run: Callable[[], str]) -> None:
    start = time.process_time()
    told = run()
    _say(what, f"{time.process_time() - start:.2f} s", told, asked)


def _diff(old: Policy, new: Policy) -> str:
    found = compare(old, new, TODAY)
    changed = f"{len(found.loosenings)} loosen, {len(found.tightenings)} tighten"
    return f"{found.corners} corners, {found.cells} cells; {changed}"


def _prove(policy: Policy, claim: Data) -> str:
    proof = prove(policy, Claim.model_validate(claim), TODAY)
    return f"{proof.partition.cells} cells; {'broken' if proof.counterexample else 'proved'}"


def _decisions(policy: Policy) -> None:
    """A decision's cost, beside that of a policy with one permit."""
    asked, bare = questions(random.Random(4)), parse(written(empty_policy()), "empty.yaml")
    medians = []
    for each, goal in ((policy, "at most 300 / 1000 µs"), (bare, "")):
        median, worst = costs(each, asked)
        allowed = sum(decide(each, *one, TODAY).allowed for one in asked) / len(asked)
        medians.append(median)
        figure, told = f"{median:.0f} / {worst:.0f} µs", f"{allowed:.0%} of {_ASKED} allowed"
        _say(f"decide, p50 / p99: {each.name}", figure, told, goal)
    _say("decide, ratio of the medians", f"{medians[0] / medians[1]:.1f}", "")


def main() -> None:
    """Measure, and print a line for each."""
    data = large_policy(1)
    text = written(data)
    sys.stdout.write(f"{SIZE}; {len(text)} characters\n")
    policy = parse(text, "large.yaml")
    _decisions(policy)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.yaml"
        path.write_text(text)
        _timed("load", "", lambda: load(path).digest[:12])
        _timed("lint", "at most 1 s", lambda: f"{len(lint(path, None, TODAY))} problems and notes")
    everything = {"entities": ("any",), "opaque": True, "never": "shown"}
    off_premises = everything | {"to": {"on_prem": False}}
    claims = {
        "nothing shown outside": off_premises,
        "one entity sent nowhere": {"entities": ("ENTITY_1",), "never": "sent"},
        "nothing sent at all": everything | {"never": "sent"},
    }
    for name, claim in claims.items():
        _timed(f"prove: {name}", "at most 10 s", lambda claim=claim: _prove(policy, claim))  # type: ignore[misc]
    others = {
        "itself": policy,
        "a working day's changes": parse(written(edited(data)), "edited.yaml"),
        "another policy altogether": parse(written(large_policy(2)), "other.yaml"),
    }
    for name, other in others.items():
        _timed(f"diff with {name}", "at most 10 s", lambda other=other: _diff(policy, other))  # type: ignore[misc]


if __name__ == "__main__":
    main()
