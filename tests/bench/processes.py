"""The processes of a run, and which CPU each has to itself.

What is measured runs on the first CPU that we may use; load, provider and detector processes run
on the last, so one core's work is all that a figure holds. With a single CPU all share it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

_CPUS = sorted(os.sched_getaffinity(0))
MEASURED_CPU = _CPUS[0]
OTHER_CPU = _CPUS[-1]

_START_S = 120.0  # for a detector's model on a busy machine
_STOP_S = 30.0


class Served:
    """A started process that listens on a port of the loopback interface."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.pid = process.pid
        self.port = port

    def counts(self) -> dict[str, int]:
        """What served.py counted so far."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        counts: dict[str, int] = orjson.loads(self._process.stdout.readline())
        return counts

    def cpu_seconds(self) -> float:
        """What its threads have spent of the CPU so far; its children's work isn't in it."""
        tasks = Path(f"/proc/{self._process.pid}/task")
        times = [task.joinpath("schedstat").read_text().split()[0] for task in tasks.iterdir()]
        return sum(map(int, times)) / 1e9

    def pin_children(self, cpu: int) -> None:
        """Give the processes that it started, and those that they did, to another CPU."""
        for child in _descendants(self._process.pid):
            for thread in Path(f"/proc/{child}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {cpu})


@contextmanager
def serving(module: str, *arguments: str, cpu: int, port: int = 0) -> Iterator[Served]:
    """Run ``tests.bench.<module>``. With port 0 it prints the one that it took."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        os.sched_setaffinity(process.pid, {cpu})
        assert process.stdout
        if port:
            _wait_for(port, process)
        yield Served(process, port or int(process.stdout.readline()))
    finally:
        process.terminate()
        with contextlib.suppress(BrokenPipeError):
            process.communicate(timeout=_STOP_S)


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, task.joinpath("children").read_text().split()):
            yield child
            yield from _descendants(child)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise RuntimeError("a process of the benchmark didn't start; its own words are above")
