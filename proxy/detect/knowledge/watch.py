"""What the customer knows, as it is in force, and how a change of its files takes its place.

Invariants: there is always one whole knowledge in force; files that can't be used leave the last
good one in force and are reported, and so do entities that the policy needs and would lose.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from proxy.detect.detector import Detector
from proxy.detect.knowledge.read import Knowledge, files_of, load
from proxy.yaml_file import ConfigError, Problem


class KnowledgeStore:
    """Teaches a detector what is in some files, again whenever they change."""

    def __init__(self, paths: Sequence[Path], detector: Detector) -> None:
        """Teach what the files say. Raises ConfigError: there is no last good one to keep yet."""
        self._paths = tuple(paths)
        self._detector = detector
        self._seen = _fingerprint(self._paths)
        if self._paths:
            detector.learn(load(self._paths))

    async def watch(
        self,
        every_s: float,
        agree: Callable[[Collection[str]], None],
        report: Callable[[Knowledge, Sequence[Problem]], Awaitable[None]],
    ) -> None:
        """Look at the files every `every_s` seconds; teach and report when their bytes changed.

        Runs until cancelled. Each bad version is reported once, with its problems.

        Args:
            agree: told what will be produced, before it is; raises ConfigError if something that
                somebody depends on would be missing.
            report: told the knowledge in force, and the problems that kept it so.
        """
        while self._paths:
            await asyncio.sleep(every_s)
            seen = await asyncio.to_thread(_fingerprint, self._paths)
            if seen == self._seen:
                continue
            self._seen = seen
            try:
                knowledge = await asyncio.to_thread(load, self._paths)
                agree(self._detector.would_produce(knowledge))
            except ConfigError as error:
                await report(self._detector.knowledge, error.problems)
                continue
            self._detector.learn(knowledge)
            await report(knowledge, ())


def _fingerprint(paths: Sequence[Path]) -> str:
    """Tells versions of the files apart by their bytes, terms included."""
    hashed = hashlib.sha256()
    for path in files_of(paths):
        hashed.update(f"{path}\0".encode("utf-8", "surrogateescape"))
        try:
            hashed.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            hashed.update(f"unreadable: {error.errno}".encode())
    return hashed.hexdigest()
