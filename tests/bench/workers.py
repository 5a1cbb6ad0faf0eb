"""`python -m tests.bench.workers`: what a request costs with one worker and with two.

Requests with a new message each, at a pace: first as many for both, so that two workers have half each to
do, then as many for each worker, from as many callers; and conversations whose turns come to whichever
worker. For all, CPU seconds by kind of process, and the work: chunks analysed, batches of records synced,
checkpoints. Each log is synced by itself, so what comes to two of them comes in smaller batches; and a
process that is asked by fewer callers at once does less in each of its rounds, whoever its siblings are.

Both CPUs are kept busy by programs that run when nobody else wants to (SCHED_IDLE), in both arms alike:
where two CPUs are the two threads of one core, a program takes more seconds while the other is busy,
and two workers would pay for being two. The arms take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import uvloop

from audit.layout import HISTORY
from proxy.identity.keys import create_key
from tests.alive import children_of
from tests.bench.conversations import MODEL
from tests.bench.processes import free_port, serving
from tests.house import write_configuration

#: Case -> turns of a conversation, and whether each worker gets as much and as many callers as the one.
CASES = {
    "one new message, as many for both": (1, False),
    "one new message, as many for each worker": (1, True),
    "conversations of ten turns, as many for each worker": (10, True),
}
_TICKS = os.sysconf("SC_CLK_TCK")
_COUNTED = {
    "chunks analysed": 'privet_detect_chunks_total{by="process"}',
    "batches synced": 'privet_audit_seconds_count{part="write"}',
}


@dataclass(frozen=True)
class Arm:
    """One running Privet."""

    pid: int
    base_url: str
    admin: str
    key: str
    folder: Path

    def spent(self) -> Counter[str]:
        """CPU seconds of its processes so far, by kind, and its work."""
        so_far: Counter[str] = Counter()
        for pid, kind in self.processes():
            so_far[kind] += _cpu_s(pid)
        with urllib.request.urlopen(f"{self.admin}/metrics") as answer:  # noqa: S310 — our own
            text = answer.read().decode()
        for what, line in _COUNTED.items():
            found = re.search(rf"(?m)^{re.escape(line)} (.*)$", text)
            so_far[what] = float(found[1]) if found else 0  # type: ignore[assignment]
        logs = [slot / HISTORY for slot in (self.folder / "audit").iterdir()]
        so_far["checkpoints"] = sum(log.read_text().count("\n\n\u2014 ") for log in logs)
        return so_far

    def processes(self) -> Iterator[tuple[int, str]]:
        """All of them: the parent, workers, the models', detector processes."""
        yield self.pid, "serving"
        for child in children_of(self.pid):
            command = Path(f"/proc/{child}/cmdline").read_text("utf-8")
            yield child, "serving" if "proxy.serving.working" in command else "detecting"
            for grandchild in children_of(child):
                yield grandchild, "detecting"


def main() -> None:
    """Start both, measure in turns, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workers", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--pace", type=float, default=20, help="requests a second")
    parser.add_argument("--callers", type=int, default=32, help="that ask at the same time")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        provider = stack.enter_context(serving("upstream", cpu=max(os.sched_getaffinity(0))))
        upstream = f"http://127.0.0.1:{provider.port}/v1"
        arms = {workers: _start(workers, upstream, stack) for workers in (1, 2)}
        stack.enter_context(_busy())
        taken: dict[tuple[str, int], list[Counter[str]]] = {}
        for round_number in range(chosen.rounds + 1):
            for (case, (turns, each)), (workers, arm) in product(CASES.items(), arms.items()):
                before, times = arm.spent(), workers if each else 1
                name = f"{round_number}-{workers}-{turns}-{each}"
                load = _load(arm, name, times, chosen, turns)
                uvloop.run(load)
                if round_number:  # the first warms up
                    spent = arm.spent()
                    spent.subtract(before)
                    shares = Counter({what: spent[what] / times for what in spent})
                    taken.setdefault((case, workers), []).append(shares)
        _print(taken, chosen.requests)
        for workers, arm in arms.items():
            print(f"{workers} worker(s): {_memory_mb(arm):.0f} MB")


def _print(taken: dict[tuple[str, int], list[Counter[str]]], requests: int) -> None:
    for case in dict.fromkeys(case for case, _ in taken):
        print(f"\n{case}, per {requests} requests: one worker, two, ratio")
        middle = {
            workers: {what: median(one[what] for one in taken[case, workers]) for what in _WHAT}
            for workers in (1, 2)
        }
        for figures in middle.values():
            figures["CPU s"] = figures["serving"] + figures["detecting"]
        for what in ("CPU s", *_WHAT):
            one, two = middle[1][what], middle[2][what]
            ratio = f"{two / one:.2f}" if one else "-"
            print(f"  {what:16} {one:8.2f} {two:8.2f} {ratio:>6}")


_WHAT = ("serving", "detecting", *_COUNTED, "checkpoints")


def _start(workers: int, upstream: str, stack: ExitStack) -> Arm:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="privet-bench-")))
    port, admin = free_port(), free_port()
    write_configuration(
        folder,
        upstream,
        settings={"127.0.0.1:0": f"127.0.0.1:{port}"},
        extra=f"log_level: error\nworkers: {workers}\nvault: {{store: sqlite}}\n"
        f"admin_listen: 127.0.0.1:{admin}\n",
    )
    key, _ = create_key(folder / "keys.yaml", "support", "desk")
    cpus = os.sched_getaffinity(0)
    served = stack.enter_context(
        serving("served", str(folder / "privet.yaml"), cpu=max(cpus), port=port)
    )
    url = f"http://127.0.0.1:{port}/v1"
    arm = Arm(served.pid, url, f"http://127.0.0.1:{admin}", key, folder)
    for pid, _ in arm.processes():
        os.sched_setaffinity(pid, cpus)
    return arm


@contextmanager
def _busy() -> Iterator[None]:
    """A program on every CPU that takes what nobody else wants."""
    burning = []
    for cpu in os.sched_getaffinity(0):
        pid = os.fork()
        if pid == 0:
            os.sched_setaffinity(0, {cpu})
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            while True:
                pass
        burning.append(pid)
    try:
        yield
    finally:
        for pid in burning:
            os.kill(pid, 9)
            os.waitpid(pid, 0)


async def _load(arm: Arm, name: str, times: int, asked: argparse.Namespace, turns: int) -> None:
    """Conversations of so many turns each, every turn on a connection of its own.

    Requests, pace and callers are `times` what was asked for.
    """
    requests, pace, callers = (times * n for n in (asked.requests, asked.pace, asked.callers))
    began = asyncio.get_running_loop().time()
    headers = {"Authorization": f"Bearer {arm.key}"}
    numbers = iter(range(requests // turns))

    async def ask(session: aiohttp.ClientSession, messages: list[Any], nth: int) -> None:
        await asyncio.sleep(began + nth / pace - asyncio.get_running_loop().time())
        body = {"model": MODEL, "messages": messages}
        async with session.post(f"{arm.base_url}/chat/completions", json=body) as answer:
            assert answer.status == 200, await answer.text()
            assert b"Jane Hollander" in await answer.read()

    async def converse() -> None:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            for number in numbers:
                messages: list[Any] = []
                for turn in range(turns):
                    said = f"I am Jane Hollander, jane@example.com: case {name}-{number}, {turn}."
                    messages.append({"role": "user", "content": said})
                    await ask(session, messages, number * turns + turn)

    await asyncio.gather(*(converse() for _ in range(callers)))


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mb(arm: Arm) -> float:
    """Proportional set sizes (proc(5), smaps_rollup)."""
    rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text("ascii") for pid, _ in arm.processes())
    return sum(int(text.partition("Pss:")[2].split()[0]) for text in rollups) / 1024


if __name__ == "__main__":
    main()
