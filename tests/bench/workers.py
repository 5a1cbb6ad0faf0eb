"""`python -m tests.bench.workers`: what a request costs with one worker and with two.

CPU seconds of every process of Privet (parent, workers, nursery, detectors) for 1,000 requests with a
new message each, and their memory, shared pages split between those that share them. Both take turns,
so that other work on the machine weighs on both.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import aiohttp
import uvloop

from proxy.identity.keys import create_key
from tests.alive import children_of
from tests.bench.conversations import MODEL
from tests.bench.processes import free_port, serving
from tests.house import write_configuration

REQUESTS = 1_000
CONNECTIONS = 16
TURNS = 3
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Start both, measure in turns, print."""
    with ExitStack() as stack:
        provider = stack.enter_context(serving("upstream", cpu=max(os.sched_getaffinity(0))))
        base_url = f"http://127.0.0.1:{provider.port}/v1"
        running = {}
        for workers in (1, 2):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="privet-bench-")))
            port = free_port()
            write_configuration(
                folder,
                base_url,
                settings={"127.0.0.1:0": f"127.0.0.1:{port}"},
                extra=f"log_level: error\nworkers: {workers}\nvault: {{store: sqlite}}\n",
            )
            key, _ = create_key(folder / "keys.yaml", "support", "desk")
            cpus = os.sched_getaffinity(0)
            served = stack.enter_context(
                serving("served", str(folder / "privet.yaml"), cpu=max(cpus), port=port)
            )
            for pid in _tree(served.pid):
                os.sched_setaffinity(pid, cpus)
            running[workers] = (served.pid, f"http://127.0.0.1:{port}/v1", key)
        taken: dict[int, list[float]] = {workers: [] for workers in running}
        for turn in range(TURNS + 1):
            for workers, (pid, url, key) in running.items():
                before = _cpu_s(pid)
                uvloop.run(_load(url, key, f"{turn}-{workers}"))
                if turn:  # the first warms up
                    taken[workers].append(_cpu_s(pid) - before)
        for workers, (pid, _, _) in running.items():
            cost, memory = median(taken[workers]), _memory_mb(pid)
            print(f"{workers} worker(s): {cost:.2f} CPU s per {REQUESTS} requests, {memory:.0f} MB")
        print(f"ratio {median(taken[2]) / median(taken[1]):.2f}")


async def _load(url: str, key: str, name: str) -> None:
    numbers = iter(range(REQUESTS))

    async def ask_on_one() -> None:
        connector = aiohttp.TCPConnector(limit=1)
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            for number in numbers:
                said = f"I am Jane Hollander, jane@example.com, and this is case {name}-{number}."
                body = {"model": MODEL, "messages": [{"role": "user", "content": said}]}
                async with session.post(f"{url}/chat/completions", json=body) as answer:
                    assert answer.status == 200, await answer.text()
                    assert b"Jane Hollander" in await answer.read()

    await asyncio.gather(*(ask_on_one() for _ in range(CONNECTIONS)))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for child in children_of(pid):
        yield from _tree(child)


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process and all below it (proc(5): fields 14 and 15 of stat)."""
    ticks = 0
    for one in _tree(pid):
        fields = Path(f"/proc/{one}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def _memory_mb(pid: int) -> float:
    """Proportional set sizes (proc(5), smaps_rollup)."""
    sizes = (Path(f"/proc/{one}/smaps_rollup").read_text("ascii") for one in _tree(pid))
    return sum(int(size.partition("Pss:")[2].split()[0]) for size in sizes) / 1024


if __name__ == "__main__":
    main()
