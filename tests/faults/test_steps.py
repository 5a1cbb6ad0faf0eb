"""Every step of the journey, and what can go wrong in it: who is told what, and what is on record.

`.venv/bin/python -m tests.faults.table` writes the table into tests/README.md from the cells here.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy import pipeline, server
from proxy.detect.detector import Detector
from proxy.detect.processes.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.policy.compiled import Policy
from proxy.routing import Health
from tests.faults.holding import DEPARTED, HOLDS, ON_RECORD, SAID, WHOLE
from tests.faults.hurting import BODY, CHAT, STREAM, Hurt, hurting
from tests.promises.planted import INTRODUCTION
from tests.simulator import Simulator

Cell = Callable[[Hurt], Awaitable[None]]
CELLS: dict[tuple[str, str], Cell] = {}
#: What a cell starts its Privet with.
STARTED: dict[tuple[str, str], dict[str, Any]] = {}
SHORT_GRACE = {"extra": "limits: {drain_s: 0.05}\n"}
IMPATIENT = {"settings": {"    retries: 1\n": "    retries: 0\n    answer_timeout_s: 0.2\n"}}
IMPATIENT_WITH_DISKS = {"settings": {"  content: masked": "  disk_timeout_s: 2\n  content: masked"}}
IMPATIENT_WITH_CALLERS = {"extra": "limits: {take_timeout_s: 0.3}\n"}
#: Steps at which a request waits for nothing, so that nothing can come between.
AT_ONCE = ("identify", "parse", "classify", "decide", "route")


def cell(step: str, fault: str, **started: Any) -> Callable[[Cell], Cell]:
    """One cell of the table."""

    def add(told: Cell) -> Cell:
        CELLS[step, fault] = told
        STARTED[step, fault] = started
        return told

    return add


def broken(*_: Any, **__: Any) -> Any:
    """A defect, whose words hold what must not be said."""
    raise ValueError(INTRODUCTION)


def dialect_with(hurt: Hurt, **changes: Any) -> None:
    """The caller's dialect, a part of it replaced."""
    for path, dialect in server.BY_PATH.items():
        hurt.patch.setitem(server.BY_PATH, path, replace(dialect, **changes))  # type: ignore[arg-type]


# error


@cell("receive", "error")
async def a_body_that_is_no_http(hurt: Hurt) -> None:
    reader, writer = await hurt.connect()
    head = hurt.head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    writer.write(head + b"zz\r\nJane Hollander\r\n")
    answer = await reader.read()
    writer.close()
    assert b" 400 " in answer.splitlines()[0]
    assert b"bad_request" in answer
    assert b"Hollander" not in answer
    assert await hurt.kinds() == []


@cell("identify", "error")
async def identify_breaks(hurt: Hurt) -> None:
    object.__setattr__(hurt.privet.services, "identify", broken)
    await hurt.refused(500, "internal")
    assert await hurt.kinds() == [], "nobody is known whose record it would be"


@cell("parse", "error")
async def parse_breaks(hurt: Hurt) -> None:
    dialect_with(hurt, parse=broken)
    await hurt.refused(500, "internal")
    assert await hurt.kinds() == [], "nothing was understood"


def refused_on_record(step: str, patch: Callable[[Hurt], None]) -> None:
    @cell(step, "error")
    async def breaks(hurt: Hurt) -> None:
        patch(hurt)
        await hurt.refused(500, "internal")
        assert hurt.simulator.journal == []
        assert await hurt.kinds() == ["refusal"]


refused_on_record("detect", lambda hurt: hurt.patch.setattr(Detector, "detect", broken))
refused_on_record("classify", lambda hurt: hurt.patch.setattr(Policy, "classify", broken))
refused_on_record("decide", lambda hurt: hurt.patch.setattr(pipeline, "decide", broken))
refused_on_record("route", lambda hurt: hurt.patch.setattr(Health, "rank", broken))
refused_on_record("mask", lambda hurt: hurt.patch.setattr(pipeline, "prepare", broken))


@cell("record intent", "error")
async def the_intent_fails(hurt: Hurt) -> None:
    hurt.disk.fails(errno.EIO)
    await hurt.refused(503, "audit_unavailable")
    assert hurt.simulator.journal == []
    assert await hurt.kinds() == []
    hurt.disk.release()
    await hurt.answered()


@cell("forward", "error")
async def the_provider_hangs_up(hurt: Hurt) -> None:
    for _ in range(2):  # it is tried twice
        hurt.simulator.drops()
    await hurt.refused(502, "provider_failed")
    assert await hurt.kinds() == ["intent", "outcome"]
    assert await hurt.ending() == ("failed", "provider_failed")
    await hurt.answered()


@cell("restore", "error")
async def restoring_breaks(hurt: Hurt) -> None:
    dialect_with(hurt, restore=broken)
    hurt.simulator.says("Dear <PERSON_1>")
    await hurt.refused(500, "internal")
    assert await hurt.kinds() == ["intent", "outcome"]
    assert await hurt.ending() == ("failed", "internal")


@cell("record outcome", "error")
async def the_outcome_fails(hurt: Hurt) -> None:
    hurt.disk.fails(errno.EIO, after=1)
    await hurt.answered()  # what was delivered can't be called back
    assert await hurt.kinds() == ["intent"]
    hurt.disk.release()
    await hurt.recorded("intent", "outcome")
    await hurt.answered()


# timeout


@cell("receive", "timeout", extra="limits: {body_timeout_s: 0.1}\n")
async def the_body_doesnt_come(hurt: Hurt) -> None:
    reader, writer = await hurt.connect()
    writer.write(hurt.head(len(BODY)) + BODY[:-9])
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"body_timeout" in answer
    assert await hurt.kinds() == []


@cell("detect", "timeout", impatient=True)
async def detection_takes_too_long(hurt: Hurt) -> None:
    for pid in hurt.detector.pids:
        os.kill(pid, signal.SIGSTOP)
    await hurt.refused(503, "detector_unavailable")
    assert hurt.simulator.journal == []
    assert await hurt.kinds() == ["refusal"]
    settings = replace(hurt.detector._settings, deadline_s=30.0)
    hurt.detector._settings = hurt.detector._pool._settings = settings
    await hurt.answered()  # by another process


@cell("record intent", "timeout", **IMPATIENT_WITH_DISKS)
async def the_disk_hangs_at_the_intent(hurt: Hurt) -> None:
    hurt.disk.holds()
    for stream in (False, True):
        await hurt.refused(503, "audit_unavailable", stream=stream)
    assert hurt.simulator.journal == []
    await hurt.ready_says(audit="The audit disk doesn't answer.")
    hurt.disk.release()
    await hurt.ready()
    await hurt.answered()
    assert await hurt.kinds() == ["intent", "outcome"], (
        "what the disk did too late counts for nothing"
    )


@cell("forward", "timeout", **IMPATIENT)
async def the_provider_says_nothing(hurt: Hurt) -> None:
    hurt.simulator.says("too late").waits(asyncio.Event())
    await hurt.refused(504, "provider_timeout")
    assert await hurt.ending() == ("failed", "provider_timeout")


@cell("restore", "timeout", **IMPATIENT)
async def the_provider_stops_in_the_middle(hurt: Hurt) -> None:
    hurt.simulator.says("Dear <PERSON_1>").waits(asyncio.Event(), at=30)
    await hurt.refused(504, "provider_timeout")
    hurt.simulator.says("Dear <PERSON_1>, how are you?").waits(asyncio.Event(), at=300)
    await hurt.broken(hurt.begin(stream=True))
    await hurt.recorded(*["intent", "outcome"] * 2)
    assert await hurt.ending() == ("failed", "provider_timeout")


@cell("record outcome", "timeout", **IMPATIENT_WITH_DISKS)
async def the_disk_hangs_within_a_stream_and_at_the_outcome(hurt: Hurt) -> None:
    hurt.simulator.says("word " * 3_000).in_fragments(5)
    hurt.disk.holds(after=1)
    await hurt.broken(hurt.begin(stream=True))
    hurt.disk.release()
    await hurt.ready()
    await hurt.recorded("intent", "outcome")
    assert await hurt.ending() == ("failed", "audit_unavailable")
    hurt.disk.holds(after=1)
    await hurt.answered()  # nobody waits for the outcome
    await hurt.disk.held.wait()
    await hurt.refused(503, "audit_unavailable")
    hurt.disk.release()
    await hurt.ready()
    await hurt.recorded(*["intent", "outcome"] * 2)
    assert await hurt.ending() == ("delivered", "")
    hurt.disk.holds(after=1)
    hurt.simulator.says(SAID)
    reader, writer = await hurt.connect()
    writer.write(hurt.head(len(STREAM)) + STREAM)
    await reader.readuntil(b"[DONE]")
    await hurt.disk.held.wait()
    writer.close()  # nobody is left to hear that the outcome wasn't written
    await hurt.refused(503, "audit_unavailable")
    hurt.disk.release()
    await hurt.ready()
    await hurt.recorded(*["intent", "outcome"] * 3)


# slow


@cell("receive", "slow")
async def the_body_comes_byte_by_byte(hurt: Hurt) -> None:
    hurt.simulator.says("Dear <PERSON_1>")
    reader, writer = await hurt.connect()
    writer.write(hurt.head(len(BODY)))
    for at in range(len(BODY)):
        writer.write(BODY[at : at + 1])
        await writer.drain()
        await asyncio.sleep(0)
    assert b"Dear Jane Hollander" in await reader.read()
    writer.close()


def slow(step: str) -> Cell:
    async def takes_its_time(hurt: Hurt) -> None:
        held = await HOLDS[step](hurt)
        if step not in DEPARTED:
            assert hurt.simulator.connections == 0
        if step == "mask":
            await hurt.answered()  # nobody else waits for a long document
        assert held.asking.done() == (step == "record outcome"), "the answer goes ahead of it"
        hurt.simulator.says(SAID)
        held.let_go()
        assert (await held.asking).texts == WHOLE
        assert await hurt.ended() == ("delivered", "")

    return takes_its_time


# killed process


@cell("detect", "killed process", own=True)
async def the_detector_is_killed(hurt: Hurt) -> None:
    (pid,) = hurt.detector.pids
    held = await HOLDS["detect"](hurt)
    os.kill(pid, signal.SIGKILL)
    await hurt.refused(503, "detector_unavailable", held.asking)
    assert hurt.simulator.journal == []
    assert await hurt.kinds() == ["refusal"]
    await hurt.answered()
    assert pid not in hurt.detector.pids


# full disk


@cell("record intent", "full disk")
async def no_room_for_the_intent(hurt: Hurt) -> None:
    hurt.disk.fails(errno.ENOSPC)
    for stream in (False, True):
        await hurt.refused(503, "audit_unavailable", stream=stream)
    assert hurt.simulator.journal == []
    hurt.disk.release()
    await hurt.answered()


@cell("restore", "full disk")
async def no_room_for_a_part_of_a_stream(hurt: Hurt) -> None:
    hurt.simulator.says("word " * 3_000).in_fragments(5)
    hurt.disk.fails(errno.ENOSPC, after=1)
    await hurt.broken(hurt.begin(stream=True))
    assert await hurt.kinds() == ["intent"], "a restart makes it `unknown`"
    hurt.disk.release()
    await hurt.answered(stream=True)


@cell("record outcome", "full disk")
async def no_room_for_the_outcome(hurt: Hurt) -> None:
    hurt.disk.fails(errno.ENOSPC, after=1)
    await hurt.answered(stream=True)  # what was delivered can't be called back
    await hurt.recorded("intent")
    hurt.disk.release()
    await hurt.recorded("intent", "outcome")


# client leaves


@cell("receive", "client leaves")
async def before_anything_and_within_its_body(hurt: Hurt) -> None:
    for sent in (b"", b"POST /v1/ch", hurt.head(len(BODY)) + BODY[:-9]):
        reader, writer = await hurt.connect()
        writer.write(sent)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()
    assert hurt.simulator.journal == []
    assert await hurt.kinds() == []


def client_leaves(step: str) -> Cell:
    async def leaves(hurt: Hurt) -> None:
        held = await HOLDS[step](hurt)
        await hurt.leaves(held.asking)
        if held.abandoned:
            await held.abandoned.wait()
        held.let_go()
        if step in ON_RECORD:
            await hurt.recorded("intent", "outcome")
            late = step == "record outcome"
            assert await hurt.ending() == ("delivered" if late else "client_left", "")
        assert len(hurt.simulator.journal) == (step in DEPARTED)
        await hurt.answered()
        await hurt.recorded(*["intent", "outcome"] * (1 + (step in ON_RECORD)))

    return leaves


# client takes nothing: it stays, and reads none of what it gets


@cell("restore", "client takes nothing", **IMPATIENT_WITH_CALLERS)
async def of_a_stream(hurt: Hurt) -> None:
    scene = hurt.simulator.never_ends("again and again " * 1_000)
    with hurt.deaf(STREAM):
        await scene.abandoned.wait()
        assert await hurt.ended() == ("client_left", "")


@cell("record outcome", "client takes nothing", **IMPATIENT_WITH_CALLERS)
async def of_a_whole_answer(hurt: Hurt) -> None:
    said = "again and again " * 600_000  # more than the system's buffers hold
    hurt.simulator.says(said)
    with hurt.deaf(BODY) as client:
        await hurt.counted("client_left")
        assert await hurt.ending() == ("delivered", "")
        assert hurt.taken(client) < len(said)


# SIGTERM: within the grace all goes on to its end; after it the caller is told


@asynccontextmanager
async def stopped(hurt: Hurt) -> AsyncIterator[None]:
    """In here the signal has come; nobody gets in any more."""
    stopping = hurt.stop()
    await hurt.privet.services.draining.wait()
    await asyncio.sleep(0)
    yield
    await stopping
    with pytest.raises(ConnectionError):
        await hurt.connect()


@cell("receive", "SIGTERM")
async def a_body_still_comes(hurt: Hurt) -> None:
    hurt.simulator.says("Dear <PERSON_1>")
    reader, writer = await hurt.invited()
    async with stopped(hurt):
        writer.write(BODY[-9:])
        assert b"Dear Jane Hollander" in await reader.read()
    writer.close()


def sigterm(step: str) -> Cell:
    async def goes_on(hurt: Hurt) -> None:
        held = await HOLDS[step](hurt)
        async with stopped(hurt):
            hurt.simulator.says(SAID)
            held.let_go()
            assert (await held.asking).texts == WHOLE
        await hurt.recorded("intent", "outcome")
        assert await hurt.ending() == ("delivered", "")

    return goes_on


@cell("receive", "grace over", **SHORT_GRACE)
async def a_body_that_still_comes_is_told(hurt: Hurt) -> None:
    reader, writer = await hurt.invited()
    async with stopped(hurt):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"shutting_down" in answer
    assert await hurt.kinds() == []


def grace_over(step: str) -> Cell:
    async def is_told(hurt: Hurt) -> None:
        held = await HOLDS[step](hurt)
        async with stopped(hurt):
            if step == "record outcome":
                assert (await held.asking).texts == WHOLE  # it went ahead, and nobody is held up
            else:
                await hurt.privet.services.stopping.wait()
            held.let_go()
            if step == "restore":
                await hurt.broken(held.asking)
            elif step != "record outcome":
                await hurt.refused(503, "shutting_down", held.asking)
            if held.abandoned:
                await held.abandoned.wait()
        assert len(hurt.simulator.journal) == (step in DEPARTED)
        await hurt.recorded(*(["intent", "outcome"] if step in ON_RECORD else ["refusal"]))
        assert (await hurt.ending())[1] == ("" if step == "record outcome" else "shutting_down")

    return is_told


for each in HOLDS:
    own = {"own": each == "detect"}  # a detector that may be stopped
    cell(each, "slow", **own)(slow(each))
    cell(each, "client leaves", **own)(client_leaves(each))
    cell(each, "SIGTERM", **own)(sigterm(each))
    cell(each, "grace over", **own, **SHORT_GRACE)(grace_over(each))


@pytest.fixture
async def own_detector(joined: Callable[[], Nursery]) -> AsyncIterator[Callable[..., Any]]:
    """Starts detectors that a cell may stop or kill."""
    started: list[Detector] = []

    async def start(**settings: Any) -> Detector:
        detector = Detector(DetectSettings(**settings), bytes(32), nursery=joined())
        started.append(detector)
        await detector.start()
        await asyncio.sleep(0)  # its tasks begin
        return detector

    yield start
    for detector in started:
        await detector.stop()


ERRORS_ELSEWHERE = [
    (step, fault) for step, fault in CELLS if fault == "error" and step != "receive"
]


@pytest.mark.parametrize(
    ("step", "fault", "dialect"),
    [
        *((step, fault, CHAT) for step, fault in CELLS),
        *((step, fault, "Messages") for step, fault in ERRORS_ELSEWHERE),
    ],
)
async def test_a_cell(
    step: str,
    fault: str,
    dialect: str,
    tmp_path: Path,
    detector: Detector,
    simulator: Simulator,
    own_detector: Callable[..., Any],
) -> None:
    started = dict(STARTED[step, fault])
    if started.pop("own", False):
        detector = await own_detector()
    if started.pop("impatient", False):
        detector = await own_detector(deadline_s=0.2)
    async with hurting(tmp_path / "p", detector, simulator, dialect=dialect, **started) as hurt:
        await CELLS[step, fault](hurt)
