"""What goes wrong during a soak, and what is watched meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.alive import children_of
from tests.freezable import Freezable

#: How long the disk doesn't answer: long enough for requests to be refused.
HANGS_S = 4.0


@dataclass
class Chaos:
    """Kills workers and detector processes, fills the disk and hangs it, has files looked at.

    Attributes:
        pace: seconds from one deed to the next, about.
        parent: process id of `privet serve`.
        disk: the file system that the audit log lies on; None if it isn't one of its own.
        spared: a worker that is never killed, so that its memory can be watched.
        done: how often what was done.
    """

    parent: int
    disk: Freezable | None
    chance: random.Random
    pace: float
    spared: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.spared = min(self.workers())

    def workers(self) -> list[int]:
        return [pid for pid in children_of(self.parent) if "proxy.serving.working" in command(pid)]

    def detectors(self) -> list[int]:
        """The nursery and the detector processes that it forked."""
        nurseries = [pid for pid in children_of(self.parent) if pid not in self.workers()]
        return [*nurseries, *(pid for one in nurseries for pid in children_of(one))]

    async def rage(self, end: float) -> None:
        """Until shortly before `end`; what was done last has time to be got over."""
        deeds = [self.kill_worker, self.kill_detector, self.kill_detector, self.hang_up]
        deeds += [self.fill_disk, self.hang_disk] if self.disk else []
        while time.monotonic() < end - 4 * self.pace:
            await asyncio.sleep(self.chance.uniform(0.6, 1.4) * self.pace)
            await self.chance.choice(deeds)()

    async def kill_worker(self) -> None:
        victims = [pid for pid in self.workers() if pid != self.spared]
        if victims:
            self._kill(self.chance.choice(victims), "workers killed")

    async def kill_detector(self) -> None:
        if victims := self.detectors():
            self._kill(self.chance.choice(victims), "detector processes killed")

    async def hang_up(self) -> None:
        os.kill(self.parent, signal.SIGHUP)
        self.done["reloads"] += 1

    async def fill_disk(self) -> None:
        assert self.disk is not None
        filler = self.disk.path / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        pass
        await asyncio.sleep(self.chance.uniform(0.4, 1) * self.pace)
        filler.unlink()
        self.done["disk filled"] += 1

    async def hang_disk(self) -> None:
        assert self.disk is not None
        self.disk.freeze()
        await asyncio.sleep(HANGS_S)
        self.disk.thaw()
        self.done["disk hung"] += 1

    def _kill(self, pid: int, what: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.done[what] += 1


@dataclass
class Watch:
    """Memory and descriptors of processes that live through all of it, sampled every second."""

    processes: dict[str, int]
    memory: dict[str, list[int]] = field(default_factory=dict)
    descriptors: dict[str, list[int]] = field(default_factory=dict)

    async def look(self, end: float) -> None:
        while time.monotonic() < end:
            for name, pid in self.processes.items():
                self.memory.setdefault(name, []).append(_resident(pid))
                self.descriptors.setdefault(name, []).append(_descriptors(pid))
            await asyncio.sleep(1)

    def growth(self) -> dict[str, tuple[int, int, int, int]]:
        """By name: median KB and median descriptors, in the second quarter and in the last one."""
        return {
            name: (*_quarters(self.memory[name]), *_quarters(self.descriptors[name]))
            for name in self.processes
        }


def _quarters(samples: list[int]) -> tuple[int, int]:
    quarter = max(1, len(samples) // 4)
    second, last = samples[quarter : 2 * quarter] or samples, samples[-quarter:]
    return int(statistics.median(second)), int(statistics.median(last))


def _resident(pid: int) -> int:
    """KB of its own (proc(5), statm): what workers share is a table that fills up to its size."""
    _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE") // 1024


def _descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def command(pid: int) -> str:
    """How a process was started; nothing if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""
