"""`privet detect`: what is found in texts, why, and how well.

The same detector processes as while serving, so what is said here is what the proxy does. Texts are
read and findings handed out in order, one document at a time per place in the window, so memory
doesn't grow with the input.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from proxy.detect.detector import Detector
from proxy.detect.documents import STDIN, Document, read
from proxy.detect.evaluation import stock
from proxy.detect.evaluation.measure import Judgement, judge
from proxy.detect.evaluation.report import Run, Section
from proxy.detect.knowledge.read import Knowledge, Test
from proxy.detect.knowledge.trial import differences
from proxy.detect.settings import DetectSettings
from proxy.detect.why import Reason, reasons
from proxy.exchange import Coverage, Finding, TextPart

#: A command has nobody waiting behind it: long documents may take their time, and queue whole.
_DEADLINE_S = 86_400.0
_QUEUE_LIMIT = 1 << 30
#: Documents under way for each detector process while scanning; enough to fill its batches.
_AHEAD = 16

#: Told the characters that were just done.
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Explained:
    """A text, and why each thing in it was found or left."""

    text: str
    reasons: tuple[Reason, ...]
    coverage: Coverage
    min_score: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        findings = [reason.as_dict() for reason in self.reasons]
        return {"findings": findings, "coverage": self.coverage.as_dict()}

    def render(self) -> str:
        """For a terminal."""
        lines = ["found:", *map(self._line, (one for one in self.reasons if one.kept))]
        if len(lines) == 1:
            lines.append("  nothing")
        if left := [one for one in self.reasons if not one.kept]:
            lines += ["", "looked at and left:", *map(self._line, left)]
        return "\n".join([*lines, "", self.coverage.sentence()])

    def _line(self, reason: Reason) -> str:
        found = reason.finding
        value = self.text[found.start : found.end]
        return (
            f"  {found.entity:<16} {found.score:.2f}  {found.recognizer:<24} {value!r}\n"
            f"  {'':<16}       {reason.sentence(self.min_score)}"
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One test of a knowledge file, and what differs from what it says."""

    test: Test
    differences: tuple[str, ...]

    def render(self) -> str:
        """For a terminal."""
        place = self.test.place
        lines = [f"{'FAILED' if self.differences else 'passed'}  {self.test.name}"]
        where = f"{place.file}:{place.line}:{place.column}"
        return "\n".join([*lines, *(f"        {where}: {one}" for one in self.differences)])


async def scan(
    names: Sequence[str],
    settings: DetectSettings,
    knowledge: Knowledge,
    write: Callable[[str], None],
) -> None:
    """Find what is in files and standard input; write one line of JSON for each document.

    Args:
        names: files, read twice (their size is the progress bar's), or `-`.
        settings: how to detect.
        knowledge: what the customer knows.
        write: takes each line, without its end.

    Raises:
        ConfigError: a line of JSON Lines is no document.
        OSError: a file can't be read.
        DetectorUnavailable: detection failed; what was written until then is complete.
    """
    total = None if STDIN in names else sum(len(one.text) for one in read(names))
    with _progress("scanning", total) as advance:
        async with (
            _running(settings, knowledge) as detector,
            aclosing(_found(detector, read(names), settings.processes * _AHEAD)) as results,
        ):
            async for document, findings in results:
                write(_line(document, findings))
                advance(len(document.text))


async def explain(text: str, settings: DetectSettings, knowledge: Knowledge) -> Explained:
    """Say what is found in a text, by whom and why."""
    part = TextPart(("text",), text)
    async with _running(settings, knowledge) as detector:
        (coverage,) = detector.coverage([part])
        found = await detector.detect("detect", [part])
    (findings,) = knowledge.allow.mark([part], found)
    why = reasons(text, findings, settings, knowledge)
    return Explained(text, tuple(why), coverage, settings.min_score)


async def test(settings: DetectSettings, knowledge: Knowledge) -> list[Result]:
    """Run the tests of knowledge files through detection as it is while serving."""
    results = []
    async with _running(settings, knowledge) as detector:
        for one in knowledge.tests:
            part = TextPart(("text",), one.form.text)
            found = await detector.detect("detect", [part])
            (findings,) = knowledge.allow.mark([part], found)
            results.append(Result(one, tuple(differences(one.form, findings))))
    return results


async def evaluate(
    names: Sequence[str],
    settings: DetectSettings,
    knowledge: Knowledge,
    *,
    with_stock: bool,
    limit: int | None = None,
    only: frozenset[str] = frozenset(),
) -> list[Section]:
    """Score detection on annotated documents, and stock Presidio on the same beside it.

    Both analyse one document at a time in each process and remember nothing, so CPU times compare.

    Args:
        names: files of annotated JSON Lines; each is a section of the report.
        settings: how to detect; `processes` is for both.
        knowledge: what the customer knows; stock Presidio doesn't.
        with_stock: whether to run stock Presidio too.
        limit: how many documents of each file to take; None for all.
        only: entities to score; empty for all that a corpus annotates.

    Raises:
        ConfigError: a line is no annotated document.
        OSError: a file can't be read.
        DetectorUnavailable: detection failed.
    """
    settings = replace(settings, cache_entries=0)
    corpora = [(name, list(islice(read([name], annotated=True), limit))) for name in names]
    runs: dict[str, list[Run]] = {name: [] for name in names}
    size = sum(len(document.text) for _, documents in corpora for document in documents)
    with _progress("privet", size) as advance:
        async with _running(settings, knowledge) as detector:
            for name, documents in corpora:
                judgements = []
                before = _cpu_s(detector.pids)
                async for document, findings in _found(detector, documents, settings.processes):
                    judgements.append(judge(document, findings, only))
                    advance(len(document.text))
                spent = _since(before, _cpu_s(detector.pids))
                runs[name].append(Run("privet", tuple(judgements), spent))
    if with_stock:
        with _progress("stock Presidio", size) as advance:
            for name, documents in corpora:
                runs[name].append(_stock(documents, settings, only, advance))
    return [Section(Path(name).name, tuple(runs[name])) for name in names]


def _stock(
    documents: Sequence[Document], settings: DetectSettings, only: frozenset[str], advance: Advance
) -> Run:
    judgements: list[Judgement] = []
    spent = 0.0
    texts = [document.text for document in documents]
    results = stock.analyse(texts, settings.model, settings.processes)
    for document, (findings, cpu_s) in zip(documents, results, strict=True):
        judgements.append(judge(document, findings, only))
        spent += cpu_s
        advance(len(document.text))
    return Run("stock", tuple(judgements), spent)


@asynccontextmanager
async def _running(settings: DetectSettings, knowledge: Knowledge) -> AsyncIterator[Detector]:
    patient = replace(settings, deadline_s=_DEADLINE_S, queue_limit=_QUEUE_LIMIT)
    detector = Detector(patient, os.urandom(32), knowledge)
    await detector.start()
    try:
        yield detector
    finally:
        await detector.stop()


async def _found(
    detector: Detector, documents: Iterable[Document], window: int
) -> AsyncGenerator[tuple[Document, tuple[Finding, ...]], None]:
    """Yield each document's findings in order, with at most `window` documents under way."""
    waiting: deque[tuple[Document, asyncio.Task[tuple[tuple[Finding, ...], ...]]]] = deque()
    try:
        for document in documents:
            part = TextPart(("text",), document.text)
            coverage = detector.coverage([part], document.lang)
            asked = detector.detect("detect", [part], coverage)
            waiting.append((document, asyncio.create_task(asked)))
            if len(waiting) == window:
                first, task = waiting.popleft()
                yield first, (await task)[0]
        while waiting:
            first, task = waiting.popleft()
            yield first, (await task)[0]
    finally:
        for _, task in waiting:
            task.cancel()


def _line(document: Document, findings: Sequence[Finding]) -> str:
    spans = [[f.start, f.end, f.entity, round(f.score, 4), f.recognizer] for f in findings]
    return json.dumps({"id": document.id, "spans": spans})


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Advance]:
    """Show a bar on standard error if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        # rich would have everything printed meanwhile on its console too: right above a bar in the
        # same terminal, wrong for output that goes to a file.
        redirect_stdout=sys.stdout.isatty(),
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda characters: bar.advance(task, characters)


def _cpu_s(pids: Iterable[int]) -> dict[int, float] | None:
    """Return the CPU seconds that processes have used so far, by process id; None off Linux.

    Of `/proc/<pid>/stat` (proc(5)) these are fields 14 and 15, in clock ticks; the second field is
    a name in brackets that may hold spaces.
    """
    if sys.platform != "linux":
        return None
    tick = os.sysconf("SC_CLK_TCK")
    used = {}
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        used[pid] = (int(fields[11]) + int(fields[12])) / tick
    return used


def _since(before: dict[int, float] | None, after: dict[int, float] | None) -> float | None:
    """Return the CPU seconds between two readings; None unless they are of the same processes."""
    if before is None or after is None or before.keys() != after.keys():
        return None
    return sum(after.values()) - sum(before.values())
