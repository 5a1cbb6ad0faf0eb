"""The process that detector processes are forked from, as the proxy sees it.

Its owner starts it, and replaces it when it ends; whoever holds `control` may ask it for detector
processes, the owner's own children too. Questions that come while it is being replaced wait.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import cast

import structlog

import proxy
from proxy.detect.processes import frames
from proxy.detect.settings import DetectSettings
from proxy.errors import DetectorUnavailable

#: Seconds for importing spaCy and loading the models on a busy machine.
START_S = 120.0
#: What a detector process may see of our environment. Provider keys aren't its business.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_IMPOSED = {
    # Presidio skips a pattern that takes longer than this and says nothing. Our deadline, which
    # fails the request, must always come first.
    "REGEX_TIMEOUT_SECONDS": "86400",
    # Read when onnxruntime is loaded, by whoever loads it first: names/model.py says why.
    "ORT_DISABLE_TELEMETRY": "1",
    # The pool is what runs in parallel, and a process with threads can't be forked.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
#: Seconds between attempts to replace it: doubling, up to the last.
_RESTART_S = (0.1, 10.0)
#: Seconds that it gets to end by itself.
_STOP_S = 5.0

log = structlog.get_logger(__name__)


class Nursery:
    """Loads the models of some settings once."""

    def __init__(self, settings: DetectSettings, control: int | None = None) -> None:
        """Set up; `start` does the work.

        Args:
            control: the inherited socket of a nursery that somebody else has started.
        """
        self._settings = settings
        self._inherited = control
        self._control: socket.socket | None = None
        self._theirs: socket.socket | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def control(self) -> int:
        """The socket over which detector processes are asked for; a child may inherit it."""
        return self._control.fileno() if self._control is not None else -1

    @property
    def settings(self) -> DetectSettings:
        """What is loaded."""
        return self._settings

    async def start(self) -> None:
        """Wait until the models are loaded; of somebody else's nursery they are.

        Raises:
            DetectorUnavailable: they can't be; the hint says why.
        """
        if self._inherited is not None:
            self._control = socket.socket(fileno=self._inherited)
            return
        self._control, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._child = await self._load(self._theirs)
        except BaseException:
            await self.stop()
            raise
        self._keeping = asyncio.create_task(self._keep(self._theirs))

    async def stop(self) -> None:
        """End it, and with it every detector process; somebody else's goes on."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        for end in (self._control, self._theirs):
            if end is not None:
                end.close()
        if self._child is not None and self._child.returncode is None:
            try:
                async with asyncio.timeout(_STOP_S):
                    await self._child.wait()  # nobody can ask it any more, so it ends
            except TimeoutError:
                self._child.kill()
                await self._child.wait()

    def ask(self, connection: socket.socket) -> None:
        """Have a detector process forked that serves this end of a connection.

        Raises:
            OSError: nobody can be asked any more.
        """
        us = os.pidfd_open(os.getpid())
        try:
            if self._control is None:
                raise ConnectionError
            socket.send_fds(self._control, [b"\0"], [connection.fileno(), us])
        finally:
            os.close(us)

    async def _load(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        package_root = str(Path(proxy.__file__).parents[1])
        passed_on = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "proxy.detect.processes.forker", self._settings.to_json()),
            env={**passed_on, **_IMPOSED, "PYTHONPATH": package_root},
            stdin=theirs.fileno(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # tracebacks may quote text
        )
        try:
            async with asyncio.timeout(START_S):
                hello = await frames.read(cast("asyncio.StreamReader", child.stdout))
        except BaseException as error:
            if child.returncode is None:
                child.kill()
            await child.wait()
            if isinstance(error, OSError | TimeoutError | EOFError | ValueError):
                raise DetectorUnavailable("The detector models were not loaded.") from error
            raise
        if "ready" not in hello:
            await child.wait()
            failed = str(hello.get("failed"))
            hint = _why(failed, self._settings)
            raise DetectorUnavailable(f"The detector did not start ({failed}).", hint=hint)
        return child

    async def _keep(self, theirs: socket.socket) -> None:
        """Replace it whenever it ends, however often it takes."""
        pause, longest = _RESTART_S
        while self._child is not None:
            await self._child.wait()
            log.error("the detector's models are gone, and loaded again")
            try:
                self._child = await self._load(theirs)
                pause = _RESTART_S[0]
            except DetectorUnavailable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)


def _why(failed: str, settings: DetectSettings) -> str:
    if failed == "ModelMissingError":
        return f"Install the spaCy model {settings.model!r}; Privet never downloads one itself."
    if failed == "ValueError":
        return "Check the detection settings: `disabled` may name a recognizer that doesn't exist."
    return "Run `privet doctor` on this configuration."
