"""A request that is held up in one step of its journey, so that something else can happen meanwhile.

held = await HOLDS["record intent"](hurt)
...                                     # it is in that step now, and stays there
hurt.simulator.says(SAID)
held.let_go()
assert (await held.asking).texts == WHOLE
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from proxy import pipeline
from tests.faults.hurting import LONG, Gate, Hurt
from tests.speakers import Told

#: What the provider says, and what the caller reads.
SAID, WHOLE = "Dear <PERSON_1>, bye.", ["Dear Jane Hollander, bye."]
#: The steps in which there is a record at least, and those in which the provider has been asked.
ON_RECORD = ("record intent", "forward", "restore", "record outcome")
DEPARTED = ON_RECORD[1:]


@dataclass(frozen=True, slots=True)
class Held:
    """A request that waits.

    Attributes:
        let_go: has it go on.
        abandoned: set when its provider is hung up on, if it has one already.
    """

    asking: asyncio.Task[Told]
    let_go: Callable[[], None]
    abandoned: asyncio.Event | None = None


async def _in_detection(hurt: Hurt) -> Held:
    """A detector process has the text, and stands still."""
    (pid,) = hurt.detector.pids
    os.kill(pid, signal.SIGSTOP)
    before = hurt.detector.counts.analysed
    asking = hurt.begin()
    async with asyncio.timeout(30):
        while hurt.detector.counts.analysed == before:
            await asyncio.sleep(0)
    return Held(asking, lambda: os.kill(pid, signal.SIGCONT))


async def _in_masking(hurt: Hurt) -> Held:
    """A long document's, in a thread."""
    gate = Gate(pipeline.prepare)
    hurt.patch.setattr(pipeline, "prepare", gate)
    asking = hurt.begin(said=LONG)
    await gate.reached.wait()
    return Held(asking, gate.release)


def _on_the_disk(after: int) -> Callable[[Hurt], Awaitable[Held]]:
    async def hold(hurt: Hurt) -> Held:
        if after:
            hurt.simulator.says(SAID)
        hurt.disk.holds(after=after)
        asking = hurt.begin()
        await hurt.disk.held.wait()
        if after:
            await asyncio.wait([asking])  # an answer goes ahead of its outcome
        return Held(asking, hurt.disk.release)

    return hold


def _at_the_provider(at: int) -> Callable[[Hurt], Awaitable[Held]]:
    """A stream, before byte `at` of its answer; before its first line with -1."""

    async def hold(hurt: Hurt) -> Held:
        going_on = asyncio.Event()
        scene = hurt.simulator.says(SAID).in_fragments(3).waits(going_on, at=at)
        asking = hurt.begin(stream=True)
        await scene.paused.wait()
        return Held(asking, going_on.set, scene.abandoned)

    return hold


#: Every step in which a request waits for somebody; for its own client in `receive`, which is apart.
HOLDS: dict[str, Callable[[Hurt], Awaitable[Held]]] = {
    "detect": _in_detection,
    "mask": _in_masking,
    "record intent": _on_the_disk(0),
    "forward": _at_the_provider(-1),
    "restore": _at_the_provider(400),
    "record outcome": _on_the_disk(1),
}
