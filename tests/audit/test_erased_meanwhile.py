"""An erasure or a start of the writer while `verify` runs: nothing is missed, nothing made up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import audit.batches
from audit import verify, verify_later
from audit.checkpoint import Checkpoint
from audit.erasure import Erasure, write_journal
from audit.log import AuditLog
from audit.record import Content, Kind, Reference
from audit.report import Report
from audit.rows import Rows, RowsChangedError
from audit.verify_rows import RowChecker
from tests.audit.sites import ORIGIN, Site

JANE = Reference(0, 0)
ORDER = Erasure("erase-1", "gdpr-17", ("a", "b"), (JANE,))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(audit.batches, "CHECKPOINT_SECONDS", 0.02)
    return Site(tmp_path / "site")


async def written(site: Site) -> AuditLog:
    """An open log with a signed record about Jane, and one about Joe."""
    log = site.open()
    for name in ("Jane", "Joe"):
        await log.append(Kind.REFUSAL, name, {}, [Content("m", name.encode(), "acme")])
    while log.unprotected:
        await asyncio.sleep(0.01)
    return log


def before_key_rows_are_read(patch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Have something done once the checker knows where the log ends."""
    enter = RowChecker.__enter__

    def wrapped(rows: RowChecker) -> RowChecker:
        work()
        return enter(rows)

    patch.setattr(RowChecker, "__enter__", wrapped)


def after_key_rows_were_read(patch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """The same once it has opened keys.db, the first time."""
    enter, left = RowChecker.__enter__, [work]

    def wrapped(rows: RowChecker) -> RowChecker:
        entered = enter(rows)
        while left:
            left.pop()()
        return entered

    patch.setattr(RowChecker, "__enter__", wrapped)


def explains_nothing(*_: object) -> tuple[set[Reference], set[Reference]]:
    return set(), set()


@pytest.mark.parametrize("explained", [True, False])
async def test_an_erasure_between_the_end_of_the_log_and_its_key_rows(
    site: Site, monkeypatch: pytest.MonkeyPatch, explained: bool
) -> None:
    """Its record comes after what is read, its deletion before: only the second look explains it."""
    log, loop = await written(site), asyncio.get_running_loop()
    if not explained:
        monkeypatch.setattr(verify, "explain", explains_nothing)

    def erase() -> None:
        asyncio.run_coroutine_threadsafe(log.erase(ORDER), loop).result()

    before_key_rows_are_read(monkeypatch, erase)
    report = await asyncio.to_thread(site.verify)
    await log.close()
    found = [(one.code, one.where) for one in report.findings]
    assert found == ([] if explained else [("missing-row", "record 0, content 0")])
    assert report.records == 2


async def test_an_erasure_that_is_still_under_way_is_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are gone, keys.db is being written anew, and the record isn't there yet."""
    log, loop = await written(site), asyncio.get_running_loop()
    deleted, looked = threading.Event(), threading.Event()
    write_anew, state = Rows.write_anew, verify_later._state

    def slowly(rows: Rows) -> None:
        deleted.set()
        assert looked.wait(30)
        write_anew(rows)

    def look(folder: Path) -> object:
        found = state(folder)
        looked.set()
        return found

    monkeypatch.setattr(Rows, "write_anew", slowly)
    monkeypatch.setattr(verify_later, "_state", look)

    def erase() -> None:
        asyncio.run_coroutine_threadsafe(log.erase(ORDER), loop)
        assert deleted.wait(30)

    before_key_rows_are_read(monkeypatch, erase)
    report = await asyncio.to_thread(site.verify)
    assert looked.is_set()
    await log.close()
    assert report.findings == []
    assert site.verify().findings == []


@pytest.mark.parametrize("journal", [True, False])
async def test_a_deletion_that_somebody_calls_an_erasure_is_none(
    site: Site, monkeypatch: pytest.MonkeyPatch, journal: bool
) -> None:
    """Nothing moves in the folder, so there is nothing to wait for."""
    monkeypatch.setattr(verify_later, "_STILL_S", 0.02)
    log = await written(site)
    await log.close()
    rows = Rows(site.folder)
    rows.erase([JANE])
    rows.close()
    if journal:
        write_journal(site.folder, ORDER)
    assert site.codes() == {"unsigned-erasure" if journal else "missing-row"}


async def test_a_record_explains_only_what_it_continues(site: Site) -> None:
    log = await written(site)
    await log.erase(ORDER)
    await log.close()
    keys, rows = [site.key], {JANE, Reference(1, 0)}
    note = (site.folder / "checkpoints").read_text().split("\n\n")
    size, root = (int(note[2].split("\n")[1]), bytes(32))
    assert verify_later.explain(site.folder, keys, Checkpoint(ORIGIN, 0, b""), rows)[0] == {JANE}
    other = Checkpoint(ORIGIN, size, root)
    assert verify_later.explain(site.folder, keys, other, rows) == (set(), set())


def _start(site: Site, *, erase: bool) -> Callable[[], None]:
    """A start of the writer in a process beside the checker's, and its end."""

    async def run() -> None:
        log = site.open()
        await log.append(Kind.REFUSAL, "later", {}, [Content("m", b"later", "acme")])
        if erase:
            await log.erase(ORDER)
        await log.close()

    return lambda: asyncio.run(run())


@pytest.mark.parametrize("erase", [False, True])
async def test_a_writer_that_starts_while_key_rows_are_read_in_place(
    site: Site, monkeypatch: pytest.MonkeyPatch, erase: bool
) -> None:
    """Nobody wrote, so keys.db wasn't copied; now it changes, and its old file is overwritten."""
    log = await written(site)
    await log.close()
    passes: list[Report] = []
    once = verify._pass

    def counted(*arguments: Any) -> Report:
        passes.append(once(*arguments))
        return passes[-1]

    with monkeypatch.context() as patch:
        after_key_rows_were_read(patch, _start(site, erase=erase))
        patch.setattr(verify, "_pass", counted)
        report = await asyncio.to_thread(site.verify)
    assert (report.findings, report.records, len(passes)) == ([], 4 if erase else 3, 1)
    monkeypatch.setattr(verify, "_PASSES", 1)
    after_key_rows_were_read(monkeypatch, _start(site, erase=False))
    with pytest.raises(RowsChangedError, match="do it again"):
        await asyncio.to_thread(site.verify)
