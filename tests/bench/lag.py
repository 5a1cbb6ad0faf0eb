"""Event-loop lag, and how long short texts wait, while a document of 1 MB is analysed.

Three times the same: nothing else to do; an unrelated program burning the detector's CPU; the document
in the queue. The document costs the others no more than the program does if the last ratio is near
1: then what they wait for is the CPU, not the queue or the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from proxy.detect.detector import Detector
from proxy.detect.settings import DetectSettings
from proxy.exchange import TextPart
from tests.bench.processes import MEASURED_CPU, OTHER_CPU
from tests.bench.report import Waits, print_lag

DOCUMENT_CHARS = 1_000_000
#: So many, one after the other, take longer than the short texts beside them.
_DOCUMENTS = 5
#: A text of a chat every so often, and the loop looked at in between.
_EVERY_S = 0.05
_TICK_S = 0.005
_BURN = "while True: pass"


async def run(texts: int) -> None:
    """Measure and print; `texts`: short texts in each situation."""
    detector = Detector(DetectSettings(deadline_s=3_000.0), os.urandom(32))
    await detector.start()
    for pid in detector.pids:
        os.sched_setaffinity(pid, {OTHER_CPU})
    try:
        await _measured(detector, "before", 5)
        idle = await _measured(detector, "idle", texts)
        async with _burner():
            burner = await _measured(detector, "burner", texts)
        async with _document(detector):
            document = await _measured(detector, "document", texts)
    finally:
        await detector.stop()
    print_lag({"idle": idle, "CPU burner": burner, "1 MB document": document})


async def _measured(detector: Detector, name: str, texts: int) -> Waits:
    lag: list[float] = []
    watching = asyncio.create_task(_watch(lag))
    answers = []
    for number in range(texts):
        text = f"Is Anna Schmidt in, asks {name} number {number}? Call +44 20 7946 0{number:03d}."
        started = time.perf_counter()
        await detector.detect("bench", [TextPart(("text",), text)])
        answers.append(time.perf_counter() - started)
        await asyncio.sleep(_EVERY_S)
    watching.cancel()
    return Waits(tuple(lag), tuple(answers))


async def _watch(lag: list[float]) -> None:
    while True:
        due = time.perf_counter() + _TICK_S
        await asyncio.sleep(_TICK_S)
        lag.append(time.perf_counter() - due)


@asynccontextmanager
async def _burner() -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _BURN)
    os.sched_setaffinity(process.pid, {OTHER_CPU})
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _document(detector: Detector) -> AsyncIterator[None]:
    """A document under analysis, then the next; all of them mustn't be done before the short texts."""
    texts = [_pages(number, DOCUMENT_CHARS) for number in range(_DOCUMENTS)]

    async def one_after_the_other() -> None:
        for text in texts:
            await detector.detect("bench", [TextPart(("document",), text)])

    asked = asyncio.create_task(one_after_the_other())
    await asyncio.sleep(0)
    try:
        yield
        if asked.done():
            raise RuntimeError("the documents were done too soon: ask for fewer texts")
    finally:
        asked.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asked


def _pages(document: int, characters: int) -> str:
    """The conversation over and over, each paragraph with numbers that make it new."""
    script = Path(__file__).with_name("conversation.txt").read_text(encoding="utf-8")
    paragraphs = [each for each in script.split("\n\n") if not each.startswith("#")]
    pages: list[str] = []
    while sum(map(len, pages)) < characters:
        first = len(pages) * len(paragraphs)
        numbered = (f"({document}, {first + at}) {each}\n\n" for at, each in enumerate(paragraphs))
        pages.append("".join(numbered))
    return "".join(pages)[:characters]


if __name__ == "__main__":
    os.sched_setaffinity(0, {MEASURED_CPU})
    uvloop.run(run(100))
