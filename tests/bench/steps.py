"""What each step of the journey costs by itself, in one process and without a socket.

The pipeline runs as it is, on warm conversations and with a provider that answers at once. A clock
stands before each stage that it calls, so nothing is measured that isn't done, and what no stage
explains shows too. The intent includes the wait for the disk; the outcome follows the answer, and its
row is the processor time that it takes.
"""

from __future__ import annotations

import inspect
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

import uvloop

from proxy import pipeline
from proxy.detect.detector import Detector
from proxy.identity.keys import create_key
from proxy.mask.masking import Numbering
from proxy.policy.compiled import Policy
from proxy.providers import Provider
from proxy.recording import Recorder
from proxy.serving.services import detecting, running
from proxy.steps import departure
from proxy.steps.journey import Call, Services
from proxy.steps.memory import Memory
from proxy.wire import DIALECTS, Dialect
from tests.bench.conversations import conversation
from tests.bench.report import print_steps
from tests.bench.upstream import ANSWER
from tests.house import write_configuration

#: Turns of the conversations that slopes are taken from; costs are shown for SHOWN of them.
TURNS = (2, 5, 10, 20, 30, 40, 50)
SHOWN = 10
WHOLE = "serve, whole"
AFTERWARDS = "outcome, afterwards"

#: Step -> where the pipeline finds its stage; those of the services and the dialect come besides.
STAGES: dict[str, tuple[Any, str]] = {
    "detect": (Detector, "detect"),
    "remember": (Memory, "turn"),
    "accept": (pipeline, "accept"),
    "sweep": (pipeline, "sweep"),
    "gather": (pipeline, "gather"),
    "classify": (Policy, "classify"),
    "decide": (pipeline, "decide"),
    "number": (pipeline, "number"),
    "render": (Numbering, "render"),
    "guard": (departure, "check"),
    "restorer": (departure, "Restorer"),
    "intent, durable": (Recorder, "intent"),
}
_ORDER = (
    *("identify", "parse", "remember", "detect", "accept", "sweep", "gather", "classify", "decide"),
    *("number", "render", "write", "guard", "restorer", "intent, durable", "restore"),
    AFTERWARDS,
)
_SEED = 200

Costs = Mapping[str, float]


class Clock:
    """Stands before stages and adds up what they take, by step, until it is read."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    def read(self) -> dict[str, float]:
        """The seconds of each step since the last reading."""
        seconds, self._seconds = self._seconds, defaultdict(float)
        return dict(seconds)

    def before(self, step: str, stage: Callable[..., Any]) -> Callable[..., Any]:
        """The same stage, timed."""

        def call(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return stage(*arguments, **named)
            finally:
                self._seconds[step] += time.perf_counter() - start

        async def wait(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return await stage(*arguments, **named)
            finally:
                self._seconds[step] += time.perf_counter() - start

        return wait if inspect.iscoroutinefunction(stage) else call


class _Canned:
    """The reply of a provider that answers at once."""

    status = 200
    headers: Mapping[str, str] = {}
    is_event_stream = False

    async def chunks(self) -> AsyncIterator[bytes]:
        yield ANSWER

    def close(self) -> None:
        """Nothing is open."""


async def _at_once(*_: Any, **__: Any) -> _Canned:
    return _Canned()


async def measure(services: Services, key: str, repetitions: int) -> dict[int, Costs]:
    """Turns -> the median of what each step and the whole cost."""
    clock = Clock()
    services, chat = _timed(services, clock)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    calls = {turns: _call(turns, headers) for turns in TURNS}
    for call in calls.values():
        await pipeline.serve(call, chat, services)  # from now on it is warm
    taken: dict[int, list[Costs]] = {turns: [] for turns in TURNS}
    for _ in range(repetitions):
        for turns, call in calls.items():
            clock.read()
            start = time.perf_counter()
            await pipeline.serve(call, chat, services)
            whole = time.perf_counter() - start
            took, spent = clock.read(), time.thread_time()
            await services.recorder.settled()
            taken[turns].append(took | {WHOLE: whole, AFTERWARDS: time.thread_time() - spent})
    return {turns: _medians(costs) for turns, costs in taken.items()}


def _timed(services: Services, clock: Clock) -> tuple[Services, Dialect]:
    """The services and the dialect with a clock before every stage; in this process, for good."""
    for step, (owner, name) in STAGES.items():
        setattr(owner, name, clock.before(step, getattr(owner, name)))
    chat = DIALECTS[0]
    chat = replace(
        chat,
        parse=clock.before("parse", chat.parse),
        write=clock.before("write", chat.write),
        restore=clock.before("restore", chat.restore),
    )
    Provider.send = _at_once  # type: ignore[method-assign,assignment]  # as the stages above
    identify = clock.before("identify", services.identify)
    return replace(services, identify=identify), chat


def _medians(costs: list[Costs]) -> Costs:
    """In the order of the journey, with what lies between the steps before the whole."""
    # What an earlier turn left isn't done again: such a step costs nothing.
    medians = {step: median(each.get(step, 0.0) for each in costs) for step in (*_ORDER, WHOLE)}
    whole, afterwards = medians.pop(WHOLE), medians.pop(AFTERWARDS)
    between = whole - sum(medians.values())
    return medians | {"between them": between, WHOLE: whole, AFTERWARDS: afterwards}


def _call(turns: int, headers: Mapping[str, str]) -> Call:
    return Call(f"pvr-{turns:024d}", headers, conversation(_SEED, turns).body())


def slopes(costs: Mapping[int, Costs]) -> dict[str, float]:
    """Step -> seconds per KB of history, over TURNS."""
    kilobytes = [len(conversation(_SEED, turns).body()) / 1000 for turns in TURNS]
    return {
        step: linear_regression(kilobytes, [costs[turns][step] for turns in TURNS]).slope
        for step in costs[SHOWN]
    }


@asynccontextmanager
async def _house(folder: Path) -> AsyncGenerator[tuple[Services, str], None]:
    configuration = write_configuration(folder, "http://127.0.0.1:9/v1")
    key, _ = create_key(folder / "keys.yaml", "support", "desk")
    async with detecting(configuration) as detector, running(configuration, detector) as services:
        yield services, key


async def run(repetitions: int) -> None:
    """Start what is needed, measure and print."""
    with tempfile.TemporaryDirectory(prefix="privet-bench-") as folder:
        async with _house(Path(folder)) as (services, key):
            costs = await measure(services, key, repetitions)
    print_steps(costs[SHOWN], slopes(costs), WHOLE)


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]) if sys.argv[1:] else 60))
