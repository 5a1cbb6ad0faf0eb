"""What each step of the journey costs by itself, in one process and without a socket.

The stages are called as pipeline.py calls them, on a warm conversation, each with what the stage
before it returned; then the whole of `serve`, so that what no stage explains shows too. Detection
is warm: every chunk is known. The two audit steps include the wait for the disk.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import linear_regression, median
from typing import Any, TypeVar, cast

import uvloop

from proxy import pipeline
from proxy.detect.sweep import sweep
from proxy.identity.keys import create_key
from proxy.mask.guard import check
from proxy.mask.masking import number
from proxy.mask.restore import Restorer
from proxy.pipeline import Call, Provider, Services
from proxy.policy.decide import decide
from proxy.recording import Outcome, Request
from proxy.services import detecting, running
from proxy.wire import DIALECTS
from tests.bench.conversations import conversation
from tests.bench.report import print_steps
from tests.bench.upstream import ANSWER
from tests.house import write_configuration

#: Turns of the conversations that slopes are taken from; costs are shown for SHOWN of them.
TURNS = (2, 5, 10, 20, 30, 40, 50)
SHOWN = 10

_SEED = 200
_CHAT = DIALECTS[0]

_Result = TypeVar("_Result")


@dataclass(slots=True)
class Costs:
    """Step -> seconds of each repetition, in the order of the journey."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def take(self, step: str, stage: Callable[..., _Result], *arguments: Any) -> _Result:
        """Time one stage, and give what it returned."""
        start = time.perf_counter()
        result = stage(*arguments)
        self.seconds.setdefault(step, []).append(time.perf_counter() - start)
        return result

    async def wait(self, step: str, stage: Coroutine[Any, Any, _Result]) -> _Result:
        """The same for a stage that is awaited."""
        start = time.perf_counter()
        result = await stage
        self.seconds.setdefault(step, []).append(time.perf_counter() - start)
        return result

    def medians(self) -> dict[str, float]:
        """The median of each step."""
        return {step: median(seconds) for step, seconds in self.seconds.items()}


class _Canned:
    """A provider that answers at once; it is its own reply."""

    status = 200
    headers: Mapping[str, str] = {}
    is_event_stream = False

    async def send(self, _path: str, _body: bytes) -> _Canned:
        return self

    async def read(self) -> bytes:
        return ANSWER

    def close(self) -> None:
        """Nothing is open."""


async def journey(call: Call, services: Services, costs: Costs) -> None:
    """One request, stage by stage."""
    take, wait = costs.take, costs.wait
    principal = take("identify", services.identify, call.headers)
    exchange = take("parse", _CHAT.parse, call.body, call.exchange_id)
    policy, today = services.policies.current, datetime.now(UTC).date()
    found = await wait("detect", services.detector.detect(principal.tenant, exchange.parts))
    accepted = take("accept", lambda: [policy.accept(part) for part in found])
    findings = take("sweep", sweep, exchange.parts, accepted, services.lexicon)
    facts = take("classify", pipeline._facts, exchange, findings)
    request = Request(exchange, principal, policy.name, policy.digest)
    request = take(
        "classify for the record", pipeline._classified, request, policy, facts, findings
    )
    endpoint = services.catalogue.endpoints(exchange.model)[0]
    verdict = take("decide", decide, policy, facts, principal, endpoint, today)
    numbering = take("number", number, exchange.parts, findings)
    masked = take("render", numbering.render, verdict.treatment, services.secret)
    body = take("write", _CHAT.write, exchange, dict(masked.edits), endpoint.model)
    take("guard", check, masked, services.lexicon)
    restorer = take("restorer", Restorer, masked.mapping, exchange.parts)
    intent = services.recorder.intent(request, verdict, 1, body, masked.texts)
    await wait("intent, durable", intent)
    restored = take("restore", lambda: _CHAT.restore(ANSWER, restorer, json_answer=False))
    outcome = Outcome("delivered", 200, "", len(ANSWER), len(restored))
    recorded = services.recorder.outcome(request, verdict, 1, outcome, ANSWER)
    await wait("outcome, durable", recorded)


async def measure(services: Services, key: str, repetitions: int) -> dict[int, Costs]:
    """Turns -> what each stage and the whole cost."""
    canned = dict.fromkeys(services.providers, cast("Provider", _Canned()))
    services = replace(services, providers=canned)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    costs: dict[int, Costs] = {turns: Costs() for turns in TURNS}
    for turns in TURNS:
        await pipeline.serve(_call(turns, headers), _CHAT, services)  # from now on it is warm
    for _ in range(repetitions):
        for turns in TURNS:
            call = _call(turns, headers)
            await journey(call, services, costs[turns])
            await costs[turns].wait("serve, whole", pipeline.serve(call, _CHAT, services))
    return costs


def _call(turns: int, headers: Mapping[str, str]) -> Call:
    return Call(f"pvr-{turns:024d}", headers, conversation(_SEED, turns).body())


def slopes(costs: Mapping[int, Costs]) -> dict[str, float]:
    """Step -> seconds per KB of history, over TURNS."""
    kilobytes = [len(conversation(_SEED, turns).body()) / 1000 for turns in TURNS]
    medians = [costs[turns].medians() for turns in TURNS]
    return {
        step: linear_regression(kilobytes, [each[step] for each in medians]).slope
        for step in medians[0]
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
    print_steps(costs[SHOWN].medians(), slopes(costs))


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]) if sys.argv[1:] else 60))
