"""One detector process, seen from the proxy: started, asked, ended.

Invariant: whatever goes wrong with the process is a `DetectorUnavailable` for who asked, never an
empty answer, and a process that failed to answer is not asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from typing import Any

from proxy.detect.chunk import Chunk
from proxy.detect.processes import frames
from proxy.detect.processes.nursery import START_S, Nursery
from proxy.errors import DetectorUnavailable
from proxy.exchange import Finding

#: What a process that died, hangs or talks nonsense raises here.
_BROKEN = (OSError, TimeoutError, EOFError, ValueError, KeyError)


class DetectorProcess:
    """A running detector process. It isn't a child of this one, so a pidfd says when it ends.

    Attributes:
        produced: entities that its recognizers can yield.
        pid: its process id.
        knows: what it was taught last, as `Knowledge.taught`; empty before that.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: dict[str, Any]
    ) -> None:
        """Use `start`."""
        self.produced = frozenset(hello["produced"])
        self.pid: int = hello["pid"]
        self.knows = b""
        self._killed = False
        self._input, self._output = writer, reader
        self._pidfd = os.pidfd_open(self.pid)
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._pidfd, self._end)

    @classmethod
    async def start(cls, nursery: Nursery) -> DetectorProcess:
        """Have one forked.

        Raises:
            DetectorUnavailable: it didn't get ready.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                nursery.ask(theirs)
            except OSError as error:
                ours.close()
                raise DetectorUnavailable("The detector process did not start.") from error
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        try:
            async with asyncio.timeout(START_S):
                return cls(reader, writer, await frames.read(reader))
        except BaseException as error:
            writer.close()
            if not isinstance(error, _BROKEN):
                raise
            raise DetectorUnavailable("The detector process did not start.") from error

    async def learn(self, taught: bytes) -> None:
        """Have it know what a customer knows, instead of what it knew before.

        Raises:
            DetectorUnavailable: the process died or took too long.
        """
        try:
            async with asyncio.timeout(START_S):
                self._input.write(frames.framed(b'{"learn":%b}' % taught))
                await self._input.drain()
                if not (await frames.read(self._output))["learnt"]:
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
                answers = (await frames.read(self._output))["found"]
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
        return not self._killed and not self._ended.is_set()

    async def ended(self) -> None:
        """Wait until it has ended."""
        await self._ended.wait()

    def kill(self) -> None:
        """End it at once."""
        self._killed = True
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def stop(self) -> None:
        """End it and wait until it is gone."""
        self.kill()
        self._input.close()
        await self._ended.wait()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._ended.set()
