"""Where detector processes come from: models are loaded here once, and each process is a fork.

Run as ``python -m proxy.detect.processes.forker`` by `nursery.py`. What a fork only reads (word
vectors, weights, tables) stays shared with this process; starting another costs milliseconds.
Forking is sound because nothing here runs but this one thread.

Invariants: no connection is opened, not even while models load; a detector process ends with the
process that asked for it, also if it is busy just then, and all end with this one.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

from proxy.detect.processes import frames
from proxy.detect.processes.worker import (
    Detecting,
    end_with_parent,
    forbid_network,
    point_standard_nowhere,
    serve,
)
from proxy.detect.settings import DetectSettings

#: A message asks for one process: its end of a connection, and the pidfd of who asks.
FDS = 2


def main() -> None:
    """Fork until nobody is left who could ask. Settings are the first argument, as JSON."""
    end_with_parent()
    asked = socket.socket(fileno=os.dup(0))
    told = os.fdopen(os.dup(1), "wb")
    point_standard_nowhere()
    forbid_network(but=("os.fork",))
    logging.disable(logging.CRITICAL)
    try:
        from proxy.detect.engine import Engine  # may fail, and slow: after the guards

        engine = Engine(DetectSettings.from_json(sys.argv[1]))
        if _threads() > 1:
            raise RuntimeError("a process with threads can't be forked")
    except Exception as error:  # noqa: BLE001 — whatever it is, the parent says it did not start
        told.write(frames.pack({"failed": type(error).__name__}))
        told.close()
        return
    gc.collect()
    gc.freeze()  # else the collector would write into every page that it looks at
    told.write(frames.pack({"ready": True}))
    told.close()
    forker = _Forker(asked, engine)
    forker.run()
    forker.end()


class _Forker:
    def __init__(self, asked: socket.socket, engine: Detecting) -> None:
        self._asked = asked
        self._engine = engine
        self._selector = selectors.DefaultSelector()
        self._selector.register(asked, selectors.EVENT_READ)
        self._ends_with: dict[int, int] = {}  # who asked, and the process itself -> that process

    def run(self) -> None:
        """Serve until all who could ask have closed their end."""
        while True:
            for key, _ in self._selector.select():
                if self._selector.get_map().get(key.fd) is not key:
                    continue  # closed since, and perhaps another file's number by now
                if key.fileobj is self._asked:
                    _, received, _, _ = socket.recv_fds(self._asked, 1, FDS)
                    if len(received) != FDS:
                        return
                    self._fork(*received)
                else:
                    self._end(key.fd)

    def end(self) -> None:
        """End and reap every process."""
        while self._ends_with:
            self._end(next(iter(self._ends_with)))

    def _fork(self, connection: int, asking: int) -> None:
        child = os.fork()
        if child == 0:
            self._be_a_detector(connection, asking)
        os.close(connection)
        for pidfd in (asking, os.pidfd_open(child)):
            self._ends_with[pidfd] = child
            self._selector.register(pidfd, selectors.EVENT_READ)

    def _end(self, pidfd: int) -> None:
        """A process has ended, or the one that it worked for has."""
        child = self._ends_with[pidfd]
        os.kill(child, signal.SIGKILL)  # at most a zombie so far: its id is nobody else's
        os.waitpid(child, 0)
        for known in [known for known, whose in self._ends_with.items() if whose == child]:
            del self._ends_with[known]
            self._selector.unregister(known)
            os.close(known)

    def _be_a_detector(self, connection: int, asking: int) -> NoReturn:
        """Serve one connection, then end without any of this process's own cleaning up."""
        try:
            end_with_parent()
            self._selector.close()
            self._asked.close()
            for pidfd in (asking, *self._ends_with):
                os.close(pidfd)
            forbid_network()
            serve(connection, self._engine)
        finally:
            os._exit(0)


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


if __name__ == "__main__":
    main()
