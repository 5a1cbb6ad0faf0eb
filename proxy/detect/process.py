"""One detector process, seen from the proxy: started, asked, ended.

Invariant: whatever goes wrong with the process is a `DetectorUnavailable` for who asked, never an
empty answer, and a process that failed to answer is not asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import proxy
from proxy.detect import frames
from proxy.detect.chunk import Chunk
from proxy.detect.settings import DetectSettings
from proxy.errors import DetectorUnavailable
from proxy.exchange import Finding

#: Seconds for importing spaCy and loading the model on a busy machine.
START_S = 120.0
#: What a detector process may see of our environment. Provider keys aren't its business.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
#: What a process that died, hangs or talks nonsense raises here.
_BROKEN = (OSError, TimeoutError, EOFError, ValueError, KeyError)
_IMPOSED = {
    # Presidio skips a pattern that takes longer than this and says nothing. Our deadline, which
    # fails the request, must always come first.
    "REGEX_TIMEOUT_SECONDS": "86400",
    # Read when onnxruntime is loaded, by whoever loads it first: names_model.py says why.
    "ORT_DISABLE_TELEMETRY": "1",
    # The pool is what runs in parallel.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


class DetectorProcess:
    """A running detector process.

    Attributes:
        produced: entities that its recognizers can yield.
        pid: its process id.
        knows: what it was taught last, as `Knowledge.taught`; empty before that.
    """

    def __init__(self, child: asyncio.subprocess.Process, produced: frozenset[str]) -> None:
        self.produced = produced
        self.pid = child.pid
        self.knows = b""
        self._child = child
        self._killed = False
        self._input = cast("asyncio.StreamWriter", child.stdin)  # it was started with pipes
        self._output = cast("asyncio.StreamReader", child.stdout)

    @classmethod
    async def start(cls, settings: DetectSettings) -> DetectorProcess:
        """Start a process and wait until its model is loaded.

        Raises:
            DetectorUnavailable: it didn't get ready; the hint says why.
        """
        package_root = str(Path(proxy.__file__).parents[1])
        passed_on = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "proxy.detect.worker", settings.to_json()),
            env={**passed_on, **_IMPOSED, "PYTHONPATH": package_root},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # tracebacks may quote text
        )
        process = cls(child, frozenset())
        try:
            async with asyncio.timeout(START_S):
                hello = await process._read()
        except BaseException as error:
            await process.stop()
            if not isinstance(error, _BROKEN):
                raise
            raise DetectorUnavailable("The detector process did not start.") from error
        if "produced" not in hello:
            await process.stop()
            raise DetectorUnavailable(
                f"The detector process did not start ({hello.get('failed')}).",
                hint=_why(str(hello.get("failed")), settings),
            )
        process.produced = frozenset(hello["produced"])
        return process

    async def learn(self, taught: bytes) -> None:
        """Have it know what a customer knows, instead of what it knew before.

        Raises:
            DetectorUnavailable: the process died or took too long.
        """
        try:
            async with asyncio.timeout(START_S):
                self._input.write(frames.framed(b'{"learn":%b}' % taught))
                await self._input.drain()
                if not (await self._read())["learnt"]:
                    raise ValueError("it didn't learn")
        except _BROKEN as error:
            self.kill()
            raise DetectorUnavailable("A detector process ended or stopped answering.") from error
        except asyncio.CancelledError:
            self.kill()  # its answer would be taken for the next batch's
            raise
        self.knows = taught

    async def analyse(
        self, jobs: Sequence[tuple[Chunk, bool]], deadline_s: float
    ) -> list[tuple[Finding, ...] | DetectorUnavailable]:
        """Return, for each chunk, its findings or why there are none. One batch at a time.

        Args:
            jobs: chunks, each with whether models look at it.
            deadline_s: seconds within which the process must answer.

        Raises:
            DetectorUnavailable: the process died or took too long.
        """
        batch = [
            [piece.text, piece.start, piece.end, models, piece.language] for piece, models in jobs
        ]
        try:
            async with asyncio.timeout(deadline_s):
                self._input.write(frames.pack(batch))
                await self._input.drain()
                answers = (await self._read())["found"]
                if len(answers) != len(batch):
                    raise ValueError("not an answer to this batch")
        except _BROKEN as error:
            self.kill()
            raise DetectorUnavailable("A detector process ended or stopped answering.") from error
        except asyncio.CancelledError:
            self.kill()  # its answer would be taken for the next batch's
            raise
        return [
            DetectorUnavailable(f"Detection failed ({answer}).")
            if isinstance(answer, str)
            else tuple(Finding(*found) for found in answer)
            for answer in answers
        ]

    @property
    def alive(self) -> bool:
        """Whether it still runs and may be asked."""
        return not self._killed and self._child.returncode is None

    async def ended(self) -> None:
        """Wait until it has ended."""
        await self._child.wait()

    def kill(self) -> None:
        """End it at once."""
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()

    async def stop(self) -> None:
        """End it and wait until it is gone."""
        self.kill()
        await self._child.wait()

    async def _read(self) -> dict[str, Any]:
        header = await self._output.readexactly(frames.HEADER)
        body = await self._output.readexactly(frames.body_length(header))
        answer = frames.unpack(body)
        if not isinstance(answer, dict):
            raise ValueError("not an answer")  # noqa: TRY004  # one family for a broken protocol
        return answer


def _why(failed: str, settings: DetectSettings) -> str:
    if failed == "ModelMissingError":
        return f"Install the spaCy model {settings.model!r}; Privet never downloads one itself."
    if failed == "ValueError":
        return "Check the detection settings: `disabled` may name a recognizer that doesn't exist."
    return "Run `privet doctor` on this configuration."
