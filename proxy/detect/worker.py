"""A detector process: reads batches of chunks, writes what was found, until its input ends.

Run as ``python -m proxy.detect.worker`` by `pool.py`. Invariants: it opens no connection and starts
no process (an audit hook forbids both for good); it writes nothing but frames; it ends with its
parent, because its input does, and on Linux also if it is busy just then.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from proxy.detect import frames
from proxy.detect.chunk import Chunk
from proxy.detect.settings import DetectSettings
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


def main() -> None:
    """Serve until the parent closes the pipe. Settings are the first argument, as JSON."""
    end_with_parent()
    requests, answers = _own_the_pipes()
    forbid_network()
    logging.disable(logging.CRITICAL)
    try:
        from proxy.detect.engine import Engine  # may fail, and slow: after the guards

        settings = DetectSettings.from_json(sys.argv[1])
        engine = Engine(settings)
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent says it did not start
        _write(answers, {"failed": type(error).__name__})
        return
    _write(answers, {"produced": sorted(engine.produced)})
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


def forbid_network() -> None:
    """Make every later attempt to open a connection or start a process raise PermissionError."""

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError("a detector process opens no connection and starts no process")

    sys.addaudithook(refuse)


def end_with_parent() -> None:
    """Leave Ctrl-C to the parent, which closes our input when it has drained; die if it dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _own_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return input and output, and point the standard ones nowhere: a stray print is no frame."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    return requests, answers


def _read(requests: BinaryIO) -> Any:
    """Return the next batch, or what is to be learnt, or None at the end of input."""
    header = requests.read(frames.HEADER)
    if not header:
        return None
    return frames.unpack(requests.read(frames.body_length(header)))


def _write(answers: BinaryIO, body: Any) -> None:
    answers.write(frames.pack(body))
    answers.flush()


if __name__ == "__main__":
    main()
