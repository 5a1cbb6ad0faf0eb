"""What is measured, in rounds: the provider alone, the bare pass-through, Privet, and again.

A shared machine is noisy and drifts. So each figure is a difference or a ratio of neighbours within
a round, and what is reported is the median over the rounds. *Added* is always over asking the
provider directly.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median, quantiles

from tests.bench.conversations import conversation
from tests.bench.load import Reply, Target, ask_all

#: Turns of the conversations that the slope is taken from.
SLOPE_TURNS = (2, 5, 10, 20, 30, 40, 50)

#: What Privet is asked: a conversation that it has seen, one with a new message, a new one.
PRIVET = ("warm", "one new message", "cold")

_CONCURRENCY = 16
_SEEDS_WARM = range(8)
_SEED_LONG = 100
_SEEDS_COLD = 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked in each round, and how many rounds there are."""

    rounds: int = 7
    latency: int = 200
    rate: int = 1000
    new_message: int = 30
    cold: int = 6
    streams: int = 12
    slope: int = 25
    steps: int = 60
    beside: int = 100
    documents: int | None = None


QUICK = Size(
    rounds=2,
    latency=60,
    rate=200,
    new_message=8,
    cold=2,
    streams=3,
    slope=6,
    steps=15,
    beside=20,
    documents=30,
)


@dataclass(frozen=True, slots=True)
class Added:
    """Seconds over asking the provider directly."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians over all rounds.

    Attributes:
        direct: seconds of asking the provider directly, median.
        added: case -> seconds added to one request at a time.
        rates: case -> requests a second, many at a time.
        cpu: case -> seconds of the CPU that the process spent on a request; detectors are others.
        rate_ratios: case -> its rate over the bare pass-through's of the same round.
        first_event, events: target -> seconds added to a stream's first event, and to each.
        slopes: target -> seconds added per KB of history.
        by_turns: target -> seconds added at each of SLOPE_TURNS.
        work: case -> what was counted, and for how many requests.
    """

    direct: float
    added: Mapping[str, Added]
    rates: Mapping[str, float]
    rate_ratios: Mapping[str, float]
    cpu: Mapping[str, float]
    first_event: Mapping[str, Added]
    events: Mapping[str, Added]
    slopes: Mapping[str, float]
    by_turns: Mapping[str, list[float]]
    work: Mapping[str, tuple[Mapping[str, int], int]]


class Rounds:
    """Asks, and keeps what each round gave."""

    def __init__(self, direct: Target, bare: Target, privet: Target) -> None:
        self._direct, self._bare, self._privet = direct, bare, privet
        self._seeds = itertools.count(_SEEDS_COLD)
        self._warm = [conversation(seed).body() for seed in _SEEDS_WARM]
        self._streams = [conversation(seed).body(stream=True) for seed in _SEEDS_WARM]
        self._long = [conversation(_SEED_LONG, turns).body() for turns in SLOPE_TURNS]
        self._kept: dict[tuple[str, str], list[float]] = {}
        self._work: dict[str, tuple[Counter[str], int]] = {}

    async def warm_up(self) -> None:
        """Have Privet see the conversations once, and everybody's code run; check an answer."""
        await ask_all(self._privet, self._warm, len(self._warm))
        await ask_all(self._privet, self._long, len(self._long))
        for target in (self._direct, self._bare, self._privet):
            await ask_all(target, self._warm, 100)
        customer = conversation(_SEEDS_WARM[0]).customer.encode()
        for bodies in (self._warm, self._streams):
            hidden, _ = await ask_all(self._direct, bodies, 1)
            restored, _ = await ask_all(self._privet, bodies, 1)
            answer = restored[0].raw
            if customer in hidden[0].raw or customer.split()[0] not in answer or b"_1>" in answer:
                raise RuntimeError("Privet didn't hide and restore, so there is nothing to measure")

    async def run(self, size: Size) -> Figures:
        """All rounds, one after the other."""
        for _ in range(size.rounds):
            await self._latencies(size)
            await self._rates(size)
            await self._stream_delays(size)
            await self._slopes(size)
        return self._figures()

    async def _latencies(self, size: Size) -> None:
        direct, _ = await ask_all(self._direct, self._warm, size.latency)
        base = _Percentiles([reply.seconds for reply in direct])
        self._keep("direct", "p50", base.p50)
        bare, _ = await ask_all(self._bare, self._warm, size.latency)
        self._keep_added("latency", "bare", [reply.seconds for reply in bare], base)
        for case in PRIVET:
            bodies, count = self._bodies(case, size)
            replies = await self._counted(case, bodies, min(count, size.latency))
            self._keep_added("latency", case, [reply.seconds for reply in replies], base)

    async def _rates(self, size: Size) -> None:
        reference = 0.0
        for case, target in (("bare", self._bare), *((case, self._privet) for case in PRIVET)):
            bodies, count = self._bodies(case, size)
            before = target.served.cpu_seconds()
            _, seconds = await ask_all(target, bodies, count, _CONCURRENCY)
            spent = target.served.cpu_seconds() - before
            rate = count / seconds
            reference = reference or rate
            self._keep("rate", case, rate)
            self._keep("rate ratio", case, rate / reference)
            self._keep("cpu", case, spent / count)

    def _bodies(self, case: str, size: Size) -> tuple[Sequence[bytes], int]:
        """What is asked in a case, and how often; texts that are new are new in each call."""
        if case == "one new message":
            bodies = [
                conversation(0, last=next(self._seeds)).body() for _ in range(size.new_message)
            ]
        elif case == "cold":
            bodies = [conversation(next(self._seeds)).body() for _ in range(size.cold)]
        else:
            return self._warm, size.rate
        return bodies, len(bodies)

    async def _stream_delays(self, size: Size) -> None:
        bases: tuple[_Percentiles, _Percentiles] | None = None
        for case, target in self._targets():
            replies, _ = await ask_all(target, self._streams, size.streams)
            first = [reply.first_event() for reply in replies]
            delays = [delay for reply in replies for delay in reply.delays()]
            if bases is None:
                bases = _Percentiles(first), _Percentiles(delays)
            else:
                self._keep_added("first event", case, first, bases[0])
                self._keep_added("event", case, delays, bases[1])

    async def _slopes(self, size: Size) -> None:
        base: list[float] = []
        for case, target in self._targets():
            seconds = []
            for body in self._long:
                replies, _ = await ask_all(target, [body], size.slope)
                seconds.append(median(reply.seconds for reply in replies))
            if not base:
                base = seconds
                continue
            added = [here - there for here, there in zip(seconds, base, strict=True)]
            kilobytes = [len(body) / 1000 for body in self._long]
            self._keep("slope", case, linear_regression(kilobytes, added).slope)
            for turns, value in zip(SLOPE_TURNS, added, strict=True):
                self._keep(f"turns {case}", str(turns), value)

    def _targets(self) -> Iterator[tuple[str, Target]]:
        yield from (("direct", self._direct), ("bare", self._bare), ("warm", self._privet))

    async def _counted(self, case: str, bodies: Sequence[bytes], count: int) -> list[Reply]:
        before = Counter(self._privet.served.counts())
        replies, _ = await ask_all(self._privet, bodies, count)
        done = Counter(self._privet.served.counts())
        done.subtract(before)
        known, asked = self._work.get(case, (Counter(), 0))
        known.update(done)
        self._work[case] = known, asked + count
        return replies

    def _keep(self, figure: str, case: str, value: float) -> None:
        self._kept.setdefault((figure, case), []).append(value)

    def _keep_added(self, figure: str, case: str, values: list[float], base: _Percentiles) -> None:
        here = _Percentiles(values)
        self._keep(f"{figure} p50", case, here.p50 - base.p50)
        self._keep(f"{figure} p99", case, here.p99 - base.p99)

    def _of(self, figure: str) -> dict[str, float]:
        return {case: median(kept) for (name, case), kept in self._kept.items() if name == figure}

    def _added(self, figure: str) -> dict[str, Added]:
        p50, p99 = self._of(f"{figure} p50"), self._of(f"{figure} p99")
        return {case: Added(p50[case], p99[case]) for case in p50}

    def _figures(self) -> Figures:
        return Figures(
            direct=self._of("direct")["p50"],
            added=self._added("latency"),
            rates=self._of("rate"),
            rate_ratios=self._of("rate ratio"),
            cpu=self._of("cpu"),
            first_event=self._added("first event"),
            events=self._added("event"),
            slopes=self._of("slope"),
            by_turns={case: list(self._of(f"turns {case}").values()) for case in ("bare", "warm")},
            work=self._work,
        )


class _Percentiles:
    def __init__(self, values: Sequence[float]) -> None:
        self.p50 = median(values)
        self.p99 = quantiles(values, n=100, method="inclusive")[98]
