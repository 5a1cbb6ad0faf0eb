"""A detector process: reads batches of chunks, writes what was found, until its connection ends.

Forked by `forker.py`. Invariants: it opens no connection and starts no process (an audit hook
forbids both for good); it writes nothing but frames.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Collection
from typing import Any, BinaryIO, Protocol

from proxy.detect.chunk import Chunk
from proxy.detect.processes import frames
from proxy.exchange import Finding

Jobs = list[tuple[Chunk, bool]]

_PR_SET_PDEATHSIG = 1  # prctl(2)
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "urllib.",
)


class Detecting(Protocol):
    """What a process finds things with: the engine, loaded before it was forked."""

    produced: frozenset[str]

    def learn(self, taught: Any) -> None:
        """Know this from now on."""

    def analyse(self, jobs: Jobs) -> list[tuple[Finding, ...]]:
        """What is in each chunk."""


def serve(connection: int, engine: Detecting) -> None:
    """Serve until the other end of the connection is closed."""
    requests = os.fdopen(connection, "rb")
    answers = os.fdopen(os.dup(connection), "wb")
    _write(answers, {"produced": sorted(engine.produced), "pid": os.getpid()})
    while (asked := _read(requests)) is not None:
        if isinstance(asked, dict):
            engine.learn(asked["learn"])
            _write(answers, {"learnt": True})
            continue
        jobs = [
            (Chunk(text, start, end, 0, language), models)
            for text, start, end, models, language in asked
        ]
        _write(answers, {"found": analyse(engine.analyse, jobs)})


def analyse(detect: Callable[[Jobs], list[tuple[Finding, ...]]], jobs: Jobs) -> list[Any]:
    """Return what was found in each chunk; the class name of what went wrong where it did.

    A chunk that makes a batch fail must not take the other callers' chunks with it.
    """
    try:
        found = detect(jobs)
    except Exception as error:  # noqa: BLE001  # the chunk fails, by name; the process lives
        if len(jobs) == 1:
            return [type(error).__name__]
        return [answer for job in jobs for answer in analyse(detect, [job])]
    return [
        [[one.entity, one.start, one.end, one.score, one.recognizer] for one in findings]
        for findings in found
    ]


def forbid_network(but: Collection[str] = ()) -> None:
    """Make every later attempt to open a connection or start a process raise PermissionError.

    Args:
        but: events of that kind which may happen.
    """

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN) and event not in but:
            raise PermissionError("a detector process opens no connection and starts no process")

    sys.addaudithook(refuse)


def end_with_parent() -> None:
    """Leave Ctrl-C to the parent, which has us end when it has drained; die if it dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def point_standard_nowhere() -> None:
    """A stray print is no frame, and nobody's to read."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)


def _read(requests: BinaryIO) -> Any:
    """Return the next batch, or what is to be learnt, or None at the end of input."""
    header = requests.read(frames.HEADER)
    if not header:
        return None
    return frames.unpack(requests.read(frames.body_length(header)))


def _write(answers: BinaryIO, body: Any) -> None:
    answers.write(frames.pack(body))
    answers.flush()
