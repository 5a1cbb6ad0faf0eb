"""The writer: what is acknowledged is durable, verifies and opens; what fails is taken back."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tracemalloc
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest

import audit.batches
import audit.composing
import audit.rows
import audit.store
import audit.verify_rows
from audit.errors import AuditError
from audit.frame import decode
from audit.log import AuditLog
from audit.publish import Publication
from audit.reading import Reader
from audit.record import NEVER, Content, Kind
from audit.segment import read_batches, read_header
from audit.verify_site import verify_site
from tests.audit.sites import Site, converse


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


async def test_a_closed_log_verifies_and_opens(site: Site) -> None:
    log = site.open()
    await converse(log, 3)
    await log.close()
    report = site.verify()
    assert report.findings == []
    assert (report.records, report.opened, report.checkpoint) == (6, 6, 6)
    assert report.unprotected_records == 0
    with Reader(site.folder, site.auditor) as reader:
        (intent, outcome) = reader.records("e-2")
    assert intent.opened.body == {"endpoint": "openai-us"}
    assert [name for name, _ in intent.contents] == [f"masked/messages.{i}" for i in range(3)]
    assert intent.contents[0][1] == b"Turn 0 of e: my name is Jane Roe."
    assert outcome.contents == [("answer", b"Answer 2 to e")]


async def test_a_log_that_grows_is_read_as_it_was_when_reading_began(site: Site) -> None:
    log = site.open()
    await converse(log, 2)
    with Reader(site.folder, site.auditor) as reader:
        records = reader.records()
        read = [next(records)]
        await converse(log, 2)
        read += records
        assert [record.leaf.sequence for record in read] == [0, 1, 2, 3]
        assert len(list(reader.records())) == 4, "as its key rows are, of when it was opened"
    assert len(exchanges(site)) == 8
    await log.close()


async def test_the_recovery_key_opens_it_as_well_and_a_strangers_does_not(site: Site) -> None:
    log = site.open()
    await converse(log, 1)
    await log.close()
    with Reader(site.folder, site.recovery) as reader:
        assert len(list(reader.records())) == 2
    stranger = Site(site.root)
    site.auditor = stranger.auditor
    assert site.codes() == {"does-not-open"}


async def test_receipts_count_up_and_carry_the_clock(site: Site) -> None:
    log = site.open()
    receipts = [await log.append(Kind.REFUSAL, f"e-{n}", {}) for n in range(3)]
    await log.close()
    assert [receipt.sequence for receipt in receipts] == [0, 1, 2]
    assert receipts[0].origin == site.origin
    assert receipts[0].time < receipts[1].time < receipts[2].time <= site.clock.now


async def test_bytes_per_turn_do_not_grow(site: Site) -> None:
    """Each turn sends the whole conversation, and stores only what is new in it."""
    log = site.open()
    sizes = []
    for turn in range(1, 41):
        text = [Content(f"m.{i:02d}", bytes([i]) * 400, "acme/jane") for i in range(turn)]
        await log.append(Kind.INTENT, f"e-{turn:02d}", {}, text)
        sizes.append(site.segments()[0].stat().st_size)
    await log.close()
    growth = [later - earlier for earlier, later in pairwise(sizes)]
    assert max(growth) == min(growth) < 2 * 400


async def test_a_conversation_reads_back_through_its_runs(site: Site) -> None:
    """Runs of runs, a renamed part, a part that is left out: each turn reads as it was sent."""
    log = site.open()
    turns = [
        {"system": b"S", "m.0": b"A"},
        {"system": b"S", "m.0": b"A", "m.1": b"B", "m.2": b"C"},
        {"system": b"S", "m.0": b"A", "m.1": b"B", "m.2": b"C", "m.3": b"D", "m.4": b"E"},
        {"m.0": b"C", "m.1": b"D", "m.2": b"E", "m.3": b"A", "m.4": b"A"},
    ]
    for number, turn in enumerate(turns):
        contents = [Content(name, data, "acme") for name, data in turn.items()]
        await log.append(Kind.REFUSAL, f"e-{number}", {}, contents)
        await log.append(Kind.REFUSAL, "between", {}, [Content("x", b"%d" % number, "acme")])
    await log.close()
    with Reader(site.folder, site.auditor) as reader:
        every = {one.opened.exchange_id: dict(one.contents) for one in reader.records()}
        alone = [dict(one.contents) for n in range(4) for one in reader.records(f"e-{n}")]
    assert [every[f"e-{number}"] for number in range(4)] == turns == alone
    assert sum(_stored(site)) == len({b"S", b"A", b"B", b"C", b"D", b"E"}) + len(turns)


async def test_contents_of_two_scopes_never_share_a_row(site: Site) -> None:
    log = site.open()
    for who in ("acme/jane", "acme/john"):
        await log.append(Kind.REFUSAL, "e", {}, [Content("m", b"the same words", who)])
    await log.append(Kind.REFUSAL, "e", {}, [Content("m", b"the same words", "acme/john")])
    await log.close()
    assert _stored(site) == [1, 1, 0]


async def test_a_row_is_reused_only_while_it_lives_long_enough(site: Site) -> None:
    log = site.open()
    for expires in (100, 50, 200, NEVER, NEVER):
        await log.append(Kind.REFUSAL, "e", {}, [Content("m", b"words", "acme", expires)])
    await log.close()
    assert _stored(site) == [1, 0, 1, 1, 0]
    assert site.verify().findings == []


async def test_appends_in_flight_share_a_batch(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    log = site.open()
    syncs = 0
    real = os.fdatasync

    def counting(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        real(descriptor)

    monkeypatch.setattr(audit.store.os, "fdatasync", counting)
    await asyncio.gather(*(log.append(Kind.REFUSAL, f"e-{n}", {}) for n in range(100)))
    assert syncs <= 2
    await log.close()
    assert site.verify().records == 100


async def test_append_returns_only_after_the_sync(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red if the wait for the disk is taken away: the receipt would come before the sync."""
    log = site.open()
    order: list[str] = []
    real = os.fdatasync

    def noting(descriptor: int) -> None:
        real(descriptor)
        order.append("synced")

    monkeypatch.setattr(audit.store.os, "fdatasync", noting)
    await log.append(Kind.INTENT, "e", {}, [Content("m", b"text", "acme")])
    order.append("acknowledged")
    await log.close()
    assert order == ["synced", "acknowledged"]


async def test_a_record_that_nobody_waits_for_shares_the_sync_of_one_that_somebody_does(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.batches, "COMPANY_SECONDS", 3600.0)
    log = site.open()
    syncs: list[int] = []
    real = os.fdatasync
    monkeypatch.setattr(audit.store.os, "fdatasync", lambda file: (syncs.append(file), real(file)))
    patient = asyncio.create_task(log.append(Kind.OUTCOME, "e-1", {}, urgent=False))
    await asyncio.sleep(0)
    assert log.waiting == 1
    urgent = await log.append(Kind.INTENT, "e-2", {})
    assert (await patient).sequence + 1 == urgent.sequence
    assert len(syncs) == 1
    alone = asyncio.create_task(log.append(Kind.OUTCOME, "e-2", {}, urgent=False))
    await asyncio.sleep(0)
    await log.close()
    assert (await alone).sequence == 2, "closing waits for nobody's company"


async def test_its_key_rows_go_ahead_meanwhile(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.batches, "COMPANY_SECONDS", 3600.0)
    log = site.open()
    commits: list[int] = []
    add = audit.rows.Rows.add
    monkeypatch.setattr(
        audit.rows.Rows, "add", lambda rows, new: (commits.append(len(new)), add(rows, new))
    )
    answer, question = Content("received", b"Hi Jane", "acme"), Content("m", b"And now?", "acme")
    patient = asyncio.create_task(log.append(Kind.OUTCOME, "e-1", {}, [answer], urgent=False))
    await asyncio.sleep(0)
    await log._disk.do(lambda: None)  # whatever was with the disk is done
    assert (commits, patient.done()) == ([1], False)
    await log.append(Kind.REFUSAL, "e-2", {}, [question, question])
    assert commits == [1, 2], "each row once"
    await log.close()
    assert site.verify().findings == []
    assert exchanges(site) == ["e-1", "e-2"]


async def test_key_rows_of_a_record_that_is_given_up_go_with_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.batches, "COMPANY_SECONDS", 3600.0)
    log = site.open()
    await log.append(Kind.REFUSAL, "e-0", {})
    lost = [Content("received", b"never stored", "acme")]
    patient = asyncio.create_task(log.append(Kind.OUTCOME, "lost", {}, lost, urgent=False))
    await asyncio.sleep(0)
    await log._disk.do(lambda: None)
    log._batches._fail(AuditError("given up"))  # as when the disk hangs
    with pytest.raises(AuditError, match="given up"):
        await patient
    await log.append(Kind.REFUSAL, "after", {}, [Content("m", b"stored", "acme")])
    await log.close()
    assert (site.verify().findings, exchanges(site)) == ([], ["e-0", "after"])
    with Reader(site.folder, site.auditor) as reader:
        assert next(reader.records("after")).contents == [("m", b"stored")]


async def test_it_goes_alone_if_no_other_comes(site: Site) -> None:
    log = site.open()
    receipt = await log.append(Kind.OUTCOME, "e-1", {}, urgent=False)
    assert receipt.sequence == 0
    await log.close()


@pytest.mark.parametrize("failing", [["fdatasync"], ["pwrite"], ["fdatasync", "ftruncate"]])
async def test_a_failed_write_fails_its_records_and_the_next_ones_pass(
    site: Site, monkeypatch: pytest.MonkeyPatch, failing: list[str]
) -> None:
    log = site.open()
    await converse(log, 1, "before")
    with monkeypatch.context() as patch:
        for call in failing:
            patch.setattr(os, call, _full_disk)
        contents = [Content("m", b"never stored", "acme")]
        results = await asyncio.gather(
            *(log.append(Kind.REFUSAL, f"lost-{n}", {}, contents) for n in range(5)),
            return_exceptions=True,
        )
        assert all(isinstance(result, AuditError) for result in results)
        with pytest.raises(AuditError):
            await log.append(Kind.REFUSAL, "lost", {})
    await log.append(Kind.REFUSAL, "after", {}, [Content("m", b"never stored", "acme")])
    await log.close()
    report = site.verify()
    assert (report.findings, report.records) == ([], 3)
    assert len(site.segments()) == 2, "a new segment, so that no ratchet link is used twice"
    with Reader(site.folder, site.auditor) as reader:
        assert next(reader.records("after")).contents == [("m", b"never stored")]


async def test_a_failure_in_the_first_batch_leaves_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = site.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", _full_disk)
        with pytest.raises(AuditError):
            await log.append(Kind.REFUSAL, "lost", {})
    assert site.segments() == []
    await log.append(Kind.REFUSAL, "kept", {})
    await log.close()
    assert site.verify().findings == []


async def test_nothing_is_appended_after_a_checkpoint_that_could_not_be_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until one can be: what was acknowledged while it was being tried stays."""
    monkeypatch.setattr(audit.batches, "CHECKPOINT_LEAVES", 1)
    log = site.open()
    kept = ["e-0"]
    await log.append(Kind.REFUSAL, "e-0", {})
    with monkeypatch.context() as patch:
        patch.setattr(Publication, "write", _full_disk)
        with pytest.raises(AuditError, match="checkpoint"):
            for number in range(1, 10):
                await log.append(Kind.REFUSAL, f"e-{number}", {})
                kept.append(f"e-{number}")
        with pytest.raises(AuditError, match="checkpoint"):
            await log.append(Kind.REFUSAL, "lost", {})
    await log.append(Kind.REFUSAL, "after", {})
    await log.close()
    assert len(kept) <= 3
    assert (site.verify().findings, exchanges(site)) == ([], [*kept, "after"])


async def test_records_are_written_beside_a_checkpoint_but_not_many_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.batches, "CHECKPOINT_LEAVES", 3)
    log = site.open()
    slow, write = Event(), Publication.write

    def when_allowed(one: Publication, folder: Path) -> None:
        slow.wait()
        write(one, folder)

    monkeypatch.setattr(Publication, "write", when_allowed)
    for number in range(6):
        await log.append(Kind.REFUSAL, f"e-{number}", {})
    assert log.unprotected == 6, "three are in the checkpoint under way, three came meanwhile"
    seventh = asyncio.create_task(log.append(Kind.REFUSAL, "e-6", {}))
    await log._disk.do(lambda: None)  # whatever was with the disk is done
    await asyncio.sleep(0)
    assert not seventh.done()
    slow.set()
    await seventh
    await log.close()
    assert site.verify().findings == []


async def test_a_checkpoint_that_ends_as_a_record_comes_begins_its_batch_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.batches, "CHECKPOINT_LEAVES", 1)
    log = site.open()
    slow, told, write = Event(), Event(), Publication.write

    def when_allowed(one: Publication, folder: Path) -> None:
        slow.wait()
        write(one, folder)

    monkeypatch.setattr(Publication, "write", when_allowed)
    await log.append(Kind.REFUSAL, "e-0", {})
    await log.append(Kind.REFUSAL, "e-1", {})  # beside it, the checkpoint over e-0
    slow.set()
    log._batches._publisher.give(told.set, lambda _: None)
    told.wait()  # the loop, which stands still here, has been told that the checkpoint is there
    appending = log.append(Kind.REFUSAL, "e-2", {}, [Content("m", b"once", "acme")])
    appending.send(None)
    while log.waiting:
        await asyncio.sleep(0)
    appending.close()
    await log.append(Kind.REFUSAL, "e-3", {})
    await log.close()
    assert (site.verify().findings, exchanges(site)) == ([], ["e-0", "e-1", "e-2", "e-3"])


async def test_a_checkpoint_comes_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.batches, "CHECKPOINT_SECONDS", 0.0)
    log = site.open()
    written = asyncio.Event()
    write = Publication.write

    def writing(one: Publication, folder: Path) -> None:
        write(one, folder)
        loop.call_soon_threadsafe(written.set)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(Publication, "write", writing)
    await log.append(Kind.REFUSAL, "e", {})
    async with asyncio.timeout(5):
        await written.wait()
    assert site.verify().unprotected_records == 0
    await log.close()


async def test_checkpoints_follow_the_count(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.batches, "CHECKPOINT_LEAVES", 10)
    log = site.open()
    for number in range(45):
        await log.append(Kind.REFUSAL, f"e-{number}", {})
    await log.close()
    history = (site.folder / "checkpoints").read_text().split("\n")
    sizes = [int(after) for line, after in pairwise(history) if line == site.origin]
    assert sizes == [0, 10, 20, 30, 40, 45]


async def test_segments_end_at_their_full_size(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.composing, "SEGMENT_BYTES", 3000)
    log = site.open()
    await asyncio.gather(*(converse(log, 4, f"c{n}") for n in range(5)))
    await log.close()
    assert len(site.segments()) > 3
    report = site.verify()
    assert (report.findings, report.records, report.opened) == ([], 40, 40)
    log = site.open()
    await log.close()


async def test_segments_end_after_an_hour(site: Site) -> None:
    log = site.open()
    await converse(log, 1, "first")
    site.clock.now += 3601 * 10**9
    await converse(log, 1, "second")
    site.clock.now -= 7200 * 10**9  # a clock that is set back ends none
    await converse(log, 1, "third")
    await log.close()
    assert [path.stem.lstrip("0") for path in site.segments()] == ["", "2"]
    assert {finding.code for finding in site.verify().findings} == {"clock-backwards"}


async def test_a_slot_has_one_writer(site: Site) -> None:
    log = site.open()
    with pytest.raises(AuditError, match="another process"):
        site.open()
    await log.close()
    await site.open().close()


async def test_a_closed_log_takes_no_records(site: Site) -> None:
    log = site.open()
    await log.close()
    with pytest.raises(AuditError, match="closed"):
        await log.append(Kind.REFUSAL, "e", {})


@pytest.mark.parametrize(
    ("exchange_id", "body"),
    [("has space", {}), ("x" * 65, {}), ("e", {"n": float("nan")}), ("e", {"s": "\ud800"})],
)
async def test_a_record_without_an_encoding_is_refused_and_costs_no_sequence(
    site: Site, exchange_id: str, body: dict[str, object]
) -> None:
    log = site.open()
    with pytest.raises(AuditError, match="can't be written"):
        await log.append(Kind.REFUSAL, exchange_id, body)  # type: ignore[arg-type]
    receipt = await log.append(Kind.REFUSAL, "e", {})
    await log.close()
    assert receipt.sequence == 0
    assert site.verify().findings == []


@pytest.mark.parametrize("expires", [-1, NEVER + 1])
async def test_an_expiry_out_of_range_costs_no_sequence_either(site: Site, expires: int) -> None:
    log = site.open()
    with pytest.raises(AuditError, match="out of range"):
        await log.append(Kind.REFUSAL, "e", {}, [Content("m", b"text", "acme", expires)])
    await log.append(Kind.REFUSAL, "e", {}, [Content("m", b"text", "acme")])
    await log.close()
    assert site.verify().findings == []


async def test_a_record_over_the_limit_is_refused(site: Site) -> None:
    log = site.open()
    with pytest.raises(AuditError, match="64 MiB"):
        await log.append(Kind.REFUSAL, "e", {}, [Content("m", bytes(64 * 2**20), "acme")])
    with pytest.raises(AuditError, match="at most 65535"):
        await log.append(Kind.REFUSAL, "e", {}, [Content("m", b"", "acme")] * 65536)
    assert (await log.append(Kind.REFUSAL, "e", {})).sequence == 0
    await log.close()


async def test_keys_db_is_set_so_that_deleting_erases(site: Site) -> None:
    log = site.open()
    pragmas = {
        name: log._store._rows._db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete", "user_version")
    }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "user_version": 1,
    }
    await log.close()


async def test_a_cancelled_caller_leaves_the_others_alone(site: Site) -> None:
    log = site.open()
    leaver = asyncio.ensure_future(log.append(Kind.REFUSAL, "leaves", {}))
    stayer = asyncio.ensure_future(log.append(Kind.REFUSAL, "stays", {}))
    await asyncio.sleep(0)
    leaver.cancel()
    assert (await stayer).sequence == 1
    await log.close()
    assert site.verify().records == 2


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "x" * 256, "site/manifest", "a\nb"])
async def test_an_origin_that_can_name_no_log_is_refused(site: Site, origin: str) -> None:
    site.origin = origin
    with pytest.raises(AuditError, match="origin"):
        site.open()


async def test_a_log_nobody_could_read_is_refused(site: Site) -> None:
    with pytest.raises(AuditError, match="recipient"):
        AuditLog.open(
            site.folder,
            origin=site.origin,
            signing_key=site.signing,
            recipients=[],
            clock=site.clock,
        )


async def test_a_site_lists_each_of_its_slots_once(tmp_path: Path) -> None:
    first = Site(tmp_path / "site")
    second = Site(tmp_path / "site", "privet.example/slot-1", first.signing, slot="slot-1")
    second.auditor = first.auditor
    for site in (first, second, first):
        log = site.open()
        await converse(log, 1, site.slot)
        await log.close()
    reports = verify_site(first.root, [first.key], recipient=first.auditor)
    assert [report.origin for report in reports] == [
        "privet.example/manifest",
        "privet.example/slot-0",
        "privet.example/slot-1",
    ]
    assert [report.findings for report in reports] == [[], [], []]
    assert [report.records for report in reports] == [2, 4, 2]


async def test_private_files_are_private(site: Site) -> None:
    log = site.open()
    await converse(log, 1)
    await log.close()
    loose = [path for path in site.folder.rglob("*") if path.stat().st_mode & 0o077]
    assert loose == []


def _stored(site: Site) -> list[int]:
    """How many contents each record stores itself."""
    counts = []
    for path in site.segments():
        with path.open("rb") as file:
            read_header(file)
            for batch in read_batches(file):
                counts += [len(decode(data).ciphertexts) for data in batch.frames]
    return counts


def exchanges(site: Site) -> list[str]:
    with Reader(site.folder, site.auditor) as reader:
        return [record.opened.exchange_id for record in reader.records()]


def _full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_log_is_verified_while_it_is_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No record, tile, checkpoint or key row is missed that came while the checker was reading."""
    monkeypatch.setattr(audit.batches, "CHECKPOINT_LEAVES", 7)
    log = site.open()
    await log.append(Kind.REFUSAL, "first", {}, [Content("m", b"first", "acme")])
    stop = asyncio.Event()

    async def write(name: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            content = Content("m", f"{name} {number}".encode(), "acme")
            await log.append(Kind.REFUSAL, f"{name}-{number}", {}, [content])

    writers = [asyncio.create_task(write(name)) for name in ("a", "b", "c")]
    found = []
    for _ in range(15):
        report = await asyncio.to_thread(site.verify)
        found.append((report.records, report.findings))
    stop.set()
    await asyncio.gather(*writers)
    await log.close()
    assert [findings for _, findings in found] == [[]] * 15
    assert found[-1][0] > found[0][0]
    assert site.verify().records == log.size


async def test_red_switch_key_rows_that_are_read_first_seem_to_be_missing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = site.open()
    await log.append(Kind.REFUSAL, "first", {}, [Content("m", b"first", "acme")])
    shutil.copy(site.folder / "keys.db", site.root)
    shutil.copy(site.folder / "keys.db-wal", site.root)
    await log.append(Kind.REFUSAL, "second", {}, [Content("m", b"second", "acme")])
    monkeypatch.setattr(audit.verify_rows, "reading", lambda _: audit.rows.reading(site.root))
    assert site.codes() == {"missing-row"}
    await log.close()


async def test_reading_a_log_takes_no_more_memory_than_reading_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.composing, "SEGMENT_BYTES", 20_000)
    peaks = []
    for turns in (300, 2400):
        site = Site(tmp_path / str(turns))
        log = site.open()
        texts = (Content("m", b"%d" % turn, "acme") for turn in range(turns))
        await asyncio.gather(*(log.append(Kind.REFUSAL, "e", {}, [text]) for text in texts))
        await log.close()
        tracemalloc.start()
        with Reader(site.folder, site.auditor) as reader:
            assert sum(1 for _ in reader.records()) == turns
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
