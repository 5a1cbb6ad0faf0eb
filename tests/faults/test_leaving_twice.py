"""A request that is cancelled while the disk hangs at its outcome, or cancelled twice: its client leaves,
then the grace is over. The outcome is on record all the same, once, when the disk takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from proxy.detect.detector import Detector
from tests.faults.hurting import Hurt, hurting
from tests.faults.test_steps import IMPATIENT_WITH_DISKS, SHORT_GRACE
from tests.simulator import Simulator

Leaving = Callable[[Hurt], Awaitable[None]]


async def before_an_answer(hurt: Hurt) -> None:
    scene = hurt.simulator.says("Dear <PERSON_1>").waits(asyncio.Event())
    asking = hurt.begin()
    await scene.paused.wait()
    await hurt.leaves(asking)
    await hurt.disk.held.wait()


async def within_an_answer(hurt: Hurt) -> None:
    scene = hurt.simulator.says("Dear <PERSON_1>").waits(asyncio.Event(), at=30)
    asking = hurt.begin()
    await scene.paused.wait()
    await hurt.leaves(asking)
    await hurt.disk.held.wait()


async def after_none_came(hurt: Hurt) -> None:
    for _ in range(2):  # it is tried twice
        hurt.simulator.drops()
    asking = hurt.begin()
    await hurt.disk.held.wait()
    await hurt.leaves(asking)


async def after_it_broke_off(hurt: Hurt) -> None:
    hurt.simulator.says("Dear <PERSON_1>").cuts(30)
    asking = hurt.begin()
    await hurt.disk.held.wait()
    await hurt.leaves(asking)


@pytest.mark.parametrize("takes_it_late", [True, False])
@pytest.mark.parametrize(
    ("leaving", "ending"),
    [
        (before_an_answer, ("client_left", "")),
        (within_an_answer, ("client_left", "")),
        (after_none_came, ("failed", "provider_failed")),
        (after_it_broke_off, ("failed", "provider_failed")),
    ],
)
async def test_an_outcome_that_nobody_waits_for_any_more(
    leaving: Leaving,
    ending: tuple[str, str],
    *,
    takes_it_late: bool,
    tmp_path: Path,
    detector: Detector,
    simulator: Simulator,
) -> None:
    async with hurting(
        tmp_path / "p", detector, simulator, **IMPATIENT_WITH_DISKS, **SHORT_GRACE
    ) as hurt:
        recorder = hurt.privet.services.recorder
        hurt.disk.holds(after=1)
        await leaving(hurt)
        await hurt.stop()  # the grace is over: what still waits is cancelled again
        while not takes_it_late and recorder.backlog.waiting:
            await asyncio.sleep(0.005)  # until the disk's time is up
        hurt.disk.release()
        await hurt.disk_answers()
        await hurt.recorded("intent", "outcome")
        assert await hurt.ending() == ending
        body = (await hurt.privet.records())[-1].opened.body
        assert body.get("late", False) is not takes_it_late
