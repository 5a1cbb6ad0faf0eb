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
from proxy.detect.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.policy.compiled import Policy
from proxy.routing import Health
from tests.faults.hurting import BODY, CHAT, LONG, Gate, Hurt, hurting
from tests.promises.planted import INTRODUCTION
from tests.simulator import Simulator

Cell = Callable[[Hurt], Awaitable[None]]
CELLS: dict[tuple[str, str], Cell] = {}
#: What a cell starts its Privet with.
STARTED: dict[tuple[str, str], dict[str, Any]] = {}
SHORT_GRACE = {"extra": "limits: {drain_s: 0.05}\n"}
IMPATIENT = {"settings": {"    retries: 1\n": "    retries: 0\n    answer_timeout_s: 0.2\n"}}
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


@cell("detect", "slow", own=True)
async def detection_takes_its_time(hurt: Hurt) -> None:
    (pid,) = hurt.detector.pids
    os.kill(pid, signal.SIGSTOP)
    hurt.simulator.says("Dear <PERSON_1>")
    asking = await in_detection(hurt)
    assert hurt.simulator.journal == []
    os.kill(pid, signal.SIGCONT)
    assert (await asking).texts == ["Dear Jane Hollander"]


@cell("mask", "slow")
async def a_long_document_is_masked(hurt: Hurt) -> None:
    gate = in_prepare(hurt)
    asking = hurt.begin(said=LONG)
    await gate.reached.wait()
    await hurt.answered()  # nobody else waits for it
    hurt.simulator.says("Dear <PERSON_1>")
    gate.release()
    assert (await asking).texts == ["Dear Jane Hollander"]


@cell("record intent", "slow")
async def nothing_leaves_before_the_disk_has_it(hurt: Hurt) -> None:
    hurt.simulator.says("Dear <PERSON_1>")
    hurt.disk.holds()
    asking = hurt.begin()
    await hurt.disk.held.wait()
    assert hurt.simulator.journal == []
    assert hurt.simulator.connections == 0
    hurt.disk.release()
    assert (await asking).texts == ["Dear Jane Hollander"]


@cell("forward", "slow")
async def the_provider_thinks(hurt: Hurt) -> None:
    going_on = asyncio.Event()
    scene = hurt.simulator.says("Dear <PERSON_1>").waits(going_on)
    asking = hurt.begin()
    await scene.paused.wait()
    going_on.set()
    assert (await asking).texts == ["Dear Jane Hollander"]


@cell("restore", "slow")
async def a_stream_pauses(hurt: Hurt) -> None:
    going_on = asyncio.Event()
    scene = hurt.simulator.says("Dear <PERSON_1>, bye.").in_fragments(3).waits(going_on, at=400)
    asking = hurt.begin(stream=True)
    await scene.paused.wait()
    going_on.set()
    assert (await asking).texts == ["Dear Jane Hollander, bye."]


@cell("record outcome", "slow")
async def no_answer_waits_for_its_outcome(hurt: Hurt) -> None:
    hurt.disk.holds(after=1)
    await hurt.answered()
    await hurt.disk.held.wait()
    hurt.disk.release()
    await hurt.recorded("intent", "outcome")


# killed process


@cell("detect", "killed process", own=True)
async def the_detector_is_killed(hurt: Hurt) -> None:
    (pid,) = hurt.detector.pids
    os.kill(pid, signal.SIGSTOP)
    asking = await in_detection(hurt)
    os.kill(pid, signal.SIGKILL)
    await hurt.refused(503, "detector_unavailable", asking)
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


@cell("detect", "client leaves", own=True)
async def while_it_is_inspected(hurt: Hurt) -> None:
    (pid,) = hurt.detector.pids
    os.kill(pid, signal.SIGSTOP)
    asking = await in_detection(hurt)
    await hurt.leaves(asking)
    os.kill(pid, signal.SIGCONT)
    await hurt.answered()
    assert len(hurt.simulator.journal) == 1
    assert await hurt.kinds() == ["intent", "outcome"], "those of the one who stayed"


@cell("mask", "client leaves")
async def while_it_is_masked(hurt: Hurt) -> None:
    gate = in_prepare(hurt)
    asking = hurt.begin(said=LONG)
    await gate.reached.wait()
    await hurt.leaves(asking)
    gate.release()
    await hurt.answered()
    assert len(hurt.simulator.journal) == 1


@cell("record intent", "client leaves")
async def while_the_intent_is_written(hurt: Hurt) -> None:
    hurt.disk.holds()
    asking = hurt.begin()
    await hurt.disk.held.wait()
    await hurt.leaves(asking)
    hurt.disk.release()
    await hurt.recorded("intent", "outcome")
    assert await hurt.ending() == ("client_left", "")
    assert hurt.simulator.journal == []


@cell("forward", "client leaves")
async def while_the_provider_thinks(hurt: Hurt) -> None:
    scene = hurt.simulator.says("for nobody").waits(asyncio.Event())
    asking = hurt.begin()
    await scene.paused.wait()
    await hurt.leaves(asking)
    await scene.abandoned.wait()
    await hurt.recorded("intent", "outcome")
    assert await hurt.ending() == ("client_left", "")


@cell("restore", "client leaves")
async def within_a_stream(hurt: Hurt) -> None:
    scene = hurt.simulator.says("Dear <PERSON_1>, bye.").in_fragments(3)
    scene.waits(asyncio.Event(), at=400)
    asking = hurt.begin(stream=True)
    await scene.paused.wait()
    await hurt.leaves(asking)
    await scene.abandoned.wait()
    await hurt.recorded("intent", "outcome")
    assert await hurt.ending() == ("client_left", "")


@cell("record outcome", "client leaves")
async def while_the_outcome_is_written_and_after_it(hurt: Hurt) -> None:
    hurt.simulator.says("Dear <PERSON_1>")
    hurt.disk.holds(after=1)
    asking = hurt.begin()
    await hurt.disk.held.wait()
    await hurt.leaves(asking)
    hurt.disk.release()
    await hurt.recorded("intent", "outcome")
    await hurt.answered()
    await hurt.privet.client.close()
    assert await hurt.kinds() == ["intent", "outcome"] * 2


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


@cell("detect", "SIGTERM", own=True)
async def detection_goes_on(hurt: Hurt) -> None:
    (pid,) = hurt.detector.pids
    os.kill(pid, signal.SIGSTOP)
    hurt.simulator.says("Dear <PERSON_1>")
    asking = await in_detection(hurt)
    async with stopped(hurt):
        os.kill(pid, signal.SIGCONT)
        assert (await asking).texts == ["Dear Jane Hollander"]


@cell("mask", "SIGTERM")
async def masking_goes_on(hurt: Hurt) -> None:
    gate = in_prepare(hurt)
    hurt.simulator.says("Dear <PERSON_1>")
    asking = hurt.begin(said=LONG)
    await gate.reached.wait()
    async with stopped(hurt):
        gate.release()
        assert (await asking).texts == ["Dear Jane Hollander"]


def disk_goes_on(step: str, after: int) -> None:
    @cell(step, "SIGTERM")
    async def goes_on(hurt: Hurt) -> None:
        hurt.simulator.says("Dear <PERSON_1>")
        hurt.disk.holds(after=after)
        asking = hurt.begin()
        await hurt.disk.held.wait()
        async with stopped(hurt):
            hurt.disk.release()
            assert (await asking).texts == ["Dear Jane Hollander"]
        assert await hurt.kinds() == ["intent", "outcome"]


disk_goes_on("record intent", 0)
disk_goes_on("record outcome", 1)


def provider_goes_on(step: str, at: int) -> None:
    @cell(step, "SIGTERM")
    async def goes_on(hurt: Hurt) -> None:
        going_on = asyncio.Event()
        scene = hurt.simulator.says("Dear <PERSON_1>, bye.").in_fragments(3).waits(going_on, at=at)
        asking = hurt.begin(stream=True)
        await scene.paused.wait()
        async with stopped(hurt):
            going_on.set()
            assert (await asking).texts == ["Dear Jane Hollander, bye."]
        assert await hurt.ending() == ("delivered", "")


provider_goes_on("forward", -1)
provider_goes_on("restore", 400)


@cell("receive", "grace over", **SHORT_GRACE)
async def a_body_that_still_comes_is_told(hurt: Hurt) -> None:
    reader, writer = await hurt.invited()
    async with stopped(hurt):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"shutting_down" in answer
    assert await hurt.kinds() == []


@cell("detect", "grace over", own=True, **SHORT_GRACE)
async def what_is_inspected_is_told(hurt: Hurt) -> None:
    (pid,) = hurt.detector.pids
    os.kill(pid, signal.SIGSTOP)
    asking = await in_detection(hurt)
    async with stopped(hurt):
        await hurt.refused(503, "shutting_down", asking)
    assert hurt.simulator.journal == []
    assert await hurt.kinds() == ["refusal"]
    assert (await hurt.ending())[1] == "shutting_down"


@cell("mask", "grace over", **SHORT_GRACE)
async def what_is_masked_is_told(hurt: Hurt) -> None:
    gate = in_prepare(hurt)
    asking = hurt.begin(said=LONG)
    await gate.reached.wait()
    async with stopped(hurt):
        await hurt.refused(503, "shutting_down", asking)
        gate.release()
    assert hurt.simulator.journal == []
    assert await hurt.kinds() == ["refusal"]


@cell("record intent", "grace over", **SHORT_GRACE)
async def nothing_leaves_after_all(hurt: Hurt) -> None:
    hurt.disk.holds()
    asking = hurt.begin()
    await hurt.disk.held.wait()
    async with stopped(hurt):
        await hurt.privet.services.stopping.wait()
        hurt.disk.release()
        await hurt.refused(503, "shutting_down", asking)
    assert hurt.simulator.journal == []
    assert await hurt.kinds() == ["intent", "outcome"]
    assert await hurt.ending() == ("failed", "shutting_down")


@cell("forward", "grace over", **SHORT_GRACE)
async def the_provider_thinks_too_long(hurt: Hurt) -> None:
    scene = hurt.simulator.says("for nobody").waits(asyncio.Event())
    asking = hurt.begin()
    await scene.paused.wait()
    async with stopped(hurt):
        await hurt.refused(503, "shutting_down", asking)
        await scene.abandoned.wait()
    assert await hurt.ending() == ("failed", "shutting_down")


@cell("restore", "grace over", **SHORT_GRACE)
async def a_stream_ends_in_an_error(hurt: Hurt) -> None:
    scene = hurt.simulator.says("Dear <PERSON_1>, bye.").in_fragments(3)
    scene.waits(asyncio.Event(), at=400)
    asking = hurt.begin(stream=True)
    await scene.paused.wait()
    async with stopped(hurt):
        await hurt.broken(asking)
        await scene.abandoned.wait()
    await hurt.recorded("intent", "outcome")
    assert await hurt.ending() == ("failed", "shutting_down")


@cell("record outcome", "grace over", **SHORT_GRACE)
async def an_outcome_is_written_all_the_same(hurt: Hurt) -> None:
    hurt.disk.holds(after=1)
    await hurt.answered()
    await hurt.disk.held.wait()
    async with stopped(hurt):
        hurt.disk.release()
    assert await hurt.kinds() == ["intent", "outcome"]


# how cells get there


async def in_detection(hurt: Hurt) -> asyncio.Task[Any]:
    """Ask, and wait until a detector process has the text."""
    before = hurt.detector.counts.analysed
    asking = hurt.begin()
    async with asyncio.timeout(30):
        while hurt.detector.counts.analysed == before:
            await asyncio.sleep(0)
    return asking


def in_prepare(hurt: Hurt) -> Gate:
    gate = Gate(pipeline.prepare)
    hurt.patch.setattr(pipeline, "prepare", gate)
    return gate


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
