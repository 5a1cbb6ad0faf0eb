"""A disk that hangs: nobody waits for it long, nothing piles up, and what it does late counts for nothing.

What hangs is a real call of the thread that made it: it comes back when the test lets it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import audit.batches
import audit.log
from audit.disk import DiskThread, Done
from audit.errors import AuditError, DiskStalled
from audit.log import AuditLog
from audit.publish import Publication
from audit.reading import Reader
from audit.record import Content, Kind
from audit.rows import Rows
from audit.segment import read_header
from audit.slot import take_slot
from audit.store import Store
from tests.audit.sites import Site, converse

TEXT = [Content("m", b"some text", "acme")]
#: What may hang while a batch is written.
CALLS: dict[str, tuple[Any, str]] = {
    "sync": (os, "fdatasync"),
    "write": (os, "pwrite"),
    "key rows": (Rows, "add"),
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


class Hanging:
    """A function that hangs until it is let go; `reached` is set when it does."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self._real: Callable[..., Any] = getattr(owner, name)
        self._gate, self._loop = Event(), asyncio.get_running_loop()
        self.reached, self.calls = asyncio.Event(), 0

        def hang(*arguments: Any) -> Any:
            self.calls += 1
            self._loop.call_soon_threadsafe(self.reached.set)
            self._gate.wait()
            return self._real(*arguments)

        patch.setattr(owner, name, hang)

    def let_go(self) -> None:
        self._gate.set()


Hang = Callable[[Any, str], Hanging]


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hang]:
    """Makes functions hang, and lets them go at the end, whatever became of the test."""
    made: list[Hanging] = []

    def make(owner: Any, name: str) -> Hanging:
        made.append(Hanging(monkeypatch, owner, name))
        return made[-1]

    yield make
    for one in made:
        one.let_go()


def impatient(log: AuditLog, seconds: float = 0.05) -> None:
    """From now on: what went before had all the time that a busy machine takes."""
    log._timeout_s = log._batches._timeout_s = seconds


WRITE = Publication.write


async def refuse(log: AuditLog, name: str) -> None:
    await log.append(Kind.REFUSAL, name, {}, TEXT)


async def goes_on(log: AuditLog, name: str) -> None:
    """Wait until the log takes records again."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await refuse(log, name)
            except AuditError:
                await asyncio.sleep(0)


def exchanges(site: Site) -> list[str]:
    with Reader(site.folder, site.auditor) as reader:
        return [record.leaf.exchange_id for record in reader.records()]


@pytest.mark.parametrize("first", [True, False], ids=["the first batch", "a later one"])
@pytest.mark.parametrize("what", CALLS)
async def test_what_isnt_durable_in_time_fails_and_is_taken_back(
    what: str, site: Site, hang: Hang, *, first: bool
) -> None:
    log = site.open()
    before = [] if first else ["e-0", "e-0"]
    await converse(log, len(before) // 2)
    hanging = hang(*CALLS[what])
    impatient(log)
    with pytest.raises(DiskStalled):
        await refuse(log, "late")
    assert hanging.reached.is_set()
    with pytest.raises(DiskStalled):
        await refuse(log, "untried")
    assert log.waiting == 0, "nothing piles up"
    hanging.let_go()
    impatient(log, 30.0)
    await goes_on(log, "after")
    await log.close()
    assert (site.verify().findings, exchanges(site)) == ([], [*before, "after"])
    headers = []
    for segment in site.segments():
        with segment.open("rb") as file:
            headers.append(read_header(file)[0])
    assert len({header.first for header in headers}) == len(headers) == 2 - first
    assert log.size == len(before) + 1


async def test_those_that_wait_behind_it_fail_with_it(site: Site, hang: Hang) -> None:
    log = site.open(timeout_s=0.05)
    hanging = hang(os, "fdatasync")
    first = asyncio.create_task(refuse(log, "e-0"))
    await hanging.reached.wait()
    others = [asyncio.create_task(refuse(log, f"e-{number}")) for number in range(1, 9)]
    failed = await asyncio.gather(first, *others, return_exceptions=True)
    assert all(isinstance(one, DiskStalled) for one in failed)
    hanging.let_go()
    impatient(log, 30.0)
    await goes_on(log, "after")
    await log.close()
    assert (site.verify().findings, exchanges(site)) == ([], ["after"])


async def test_what_is_synced_at_the_last_moment_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is up before the event loop hears of the sync: who was first has decided."""
    log = site.open(timeout_s=0.0)
    give = DiskThread.give

    def until_it_is_done(disk: DiskThread, work: Callable[[], None], done: Done) -> None:
        give(disk, work, done)
        over = Event()
        give(disk, over.set, lambda _: None)
        over.wait()

    monkeypatch.setattr(DiskThread, "give", until_it_is_done)
    await refuse(log, "e-0")
    assert log.size == 1
    monkeypatch.undo()
    impatient(log, 30.0)
    await log.close()
    assert (site.verify().findings, exchanges(site)) == ([], ["e-0"])


@pytest.mark.parametrize("clears", [True, False], ids=["and passes", "and fails"])
async def test_a_checkpoint_that_hangs(
    site: Site, hang: Hang, monkeypatch: pytest.MonkeyPatch, *, clears: bool
) -> None:
    monkeypatch.setattr(audit.batches, "CHECKPOINT_LEAVES", 1)
    log = site.open()
    if not clears:
        monkeypatch.setattr(Publication, "write", _broken)
    hanging = hang(Publication, "write")
    kept = 0
    for _ in range(2):
        await refuse(log, f"e-{kept}")
        kept += 1
    impatient(log)
    for name in ("late", "untried"):
        with pytest.raises(DiskStalled):
            await refuse(log, name)
    hanging.let_go()
    monkeypatch.setattr(Publication, "write", WRITE)
    impatient(log, 30.0)
    await goes_on(log, "after")
    await log.close()
    told = [f"e-{number}" for number in range(kept)]
    assert (site.verify().findings, exchanges(site)) == ([], [*told, "after"])


async def test_no_more_waits_than_memory_is_there_for(
    site: Site, hang: Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first record's time is up, too."""
    monkeypatch.setattr(audit.batches, "WAITING_BYTES", 2_000)
    log = site.open(timeout_s=30.0)
    hanging = hang(os, "fdatasync")
    asking = [asyncio.create_task(refuse(log, f"e-{number}")) for number in range(100)]
    await hanging.reached.wait()
    assert log.waiting < 20
    hanging.let_go()
    said = await asyncio.gather(*asking, return_exceptions=True)
    kept = [f"e-{number}" for number, failed in enumerate(said) if failed is None]
    assert 0 < len(kept) < 20
    assert {type(failed) for failed in said} == {type(None), DiskStalled}
    await refuse(log, "after")
    await log.close()
    assert (site.verify().findings, exchanges(site)) == ([], [*kept, "after"])


async def test_a_probe_says_so_and_only_one_is_with_the_disk(
    site: Site, hang: Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = site.open()
    await log.probe()
    monkeypatch.setattr(audit.log, "PROBE_SECONDS", 0.05)
    hanging = hang(Store, "probe")
    for _ in range(3):
        with pytest.raises(DiskStalled):
            await log.probe()
    hanging.let_go()
    monkeypatch.undo()
    await log.probe()
    assert hanging.calls == 1
    await log.close()


async def test_a_log_that_cant_be_closed_keeps_its_slot(site: Site, hang: Hang) -> None:
    """What is with the disk may still be written: nobody else may write there until then."""
    log = site.open(timeout_s=0.05)
    hanging = hang(os, "fdatasync")
    with pytest.raises(DiskStalled):
        await refuse(log, "late")
    with pytest.raises(DiskStalled):
        await log.close()
    with pytest.raises(AuditError, match="another process"):
        take_slot(site.folder)
    hanging.let_go()
    impatient(log, 30.0)
    await log.close()
    os.close(take_slot(site.folder))


def _broken(*_: object) -> None:
    raise OSError("the disk is broken")
