"""Erasing: what is deleted is gone from every byte of the files, on record, and explained."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.erasure import Erasure, read_journal, write_journal
from audit.errors import AuditError, FormatError
from audit.note import VerifierKey
from audit.order import approve, new_order, open_order, read_order, unsigned
from audit.orders import carry_out, submit
from audit.reading import Reader
from audit.record import NEVER, Content, Kind, Reference
from audit.rows import Row, Rows, each_row, reading
from tests.audit.sites import ORIGIN, SECOND, Site

DAY = 86_400 * SECOND


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def approver(name: str) -> tuple[VerifierKey, Ed25519PrivateKey]:
    key = Ed25519PrivateKey.generate()
    return VerifierKey(name, key.public_key()), key


def contents_of(site: Site) -> dict[int, list[bytes | None]]:
    with Reader(site.folder, site.auditor) as reader:
        return {
            record.opened.sequence: [data for _, data in record.contents]
            for record in reader.records()
        }


def rows_of(site: Site) -> list[Row]:
    with reading(site.folder) as connection:
        return list(each_row(connection))


def raw_bytes(folder: Path) -> bytes:
    """Everything in keys.db and its write-ahead log, free pages included."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("keys.db*")))


def content(text: str, expires: int = NEVER) -> Content:
    return Content("masked/messages.0", text.encode(), "acme/jane", expires)


async def test_erased_for_every_record_that_refers_to_it(site: Site) -> None:
    log = site.open()
    for turn in range(3):
        await log.append(Kind.INTENT, f"e-{turn}", {}, [content("about Jane"), content("other")])
        await log.append(Kind.OUTCOME, f"e-{turn}", {})
    receipt = await log.erase(Erasure("erase-1", "gdpr-17", ("a", "b"), (Reference(0, 0),)))
    assert contents_of(site)[4] == [None, b"other"]
    await log.append(Kind.INTENT, "e-9", {}, [content("about Jane")])
    await log.append(Kind.OUTCOME, "e-9", {})
    await log.close()
    opened = contents_of(site)
    assert [opened[at] for at in (0, 2, 4)] == [[None, b"other"]] * 3
    assert opened[receipt.sequence + 1] == [b"about Jane"], "what is said anew is kept anew"
    report = site.verify()
    assert (report.findings, report.opened) == ([], 9)


async def test_a_record_sealed_before_the_erasure_teaches_the_table_nothing(site: Site) -> None:
    """Its append is under way while the rows go: later records must not refer through it."""
    log = site.open()
    await log.append(Kind.REFUSAL, "e-0", {}, [content("about Jane")])
    await asyncio.gather(
        log.append(Kind.REFUSAL, "e-1", {}, [content("about Jane")]),
        log.erase(Erasure("erase-1", "gdpr-17", (), (Reference(0, 0),))),
    )
    await log.append(Kind.REFUSAL, "e-2", {}, [content("about Jane")])
    await log.close()
    opened = contents_of(site)
    assert (opened[0], opened[1], opened[3]) == ([None], [None], [b"about Jane"])
    assert site.codes() == set()


def erased_bytes_that_stay(
    folder: Path, rows: Rows, seed: int, *, anew: bool = True
) -> list[bytes]:
    """Adds and erases rows, and says which erased ones the files still hold."""
    chance = random.Random(seed)
    there: dict[tuple[int, int], bytes] = {}
    gone: list[bytes] = []
    for batch in range(40):
        fresh = [
            Row(batch * 8 + n, place, NEVER, os.urandom(48)) for n in range(8) for place in range(3)
        ]
        chance.shuffle(fresh)
        rows.add(fresh)
        there |= {(row.sequence, row.place): row.wrapped for row in fresh}
        if batch % 5 == 4:
            chosen = chance.sample(sorted(there), chance.randrange(1, 80))
            rows.erase(Reference(*one) for one in chosen)
            gone += [there.pop(one) for one in chosen]
            if anew:
                rows.write_anew()
                rows.take_over(batch * 8 + 8)
    data = raw_bytes(folder)
    rows.close()
    assert all(one in data for one in there.values()), "the search finds what is there"
    return [one for one in gone if one[:16] in data or one[-16:] in data]


@pytest.mark.parametrize("seed", [1, 7])
def test_no_byte_of_an_erased_row_stays_in_the_files(tmp_path: Path, seed: int) -> None:
    """In pages, free pages and the write-ahead log, however rows were added and deleted."""
    assert erased_bytes_that_stay(tmp_path, Rows(tmp_path), seed) == []


def test_red_switch_secure_deletion_alone_leaves_bytes(tmp_path: Path) -> None:
    """Pages that split leave copies behind, so the file has to be written anew."""

    assert erased_bytes_that_stay(tmp_path, Rows(tmp_path), 7, anew=False)


async def test_records_are_written_while_keys_are_written_anew(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of a batch that is taken back in between, under whose numbers others follow."""
    log = site.open()
    await log.append(Kind.REFUSAL, "e-0", {}, [content("jane"), content("joe")])
    write_anew = Rows.write_anew

    def full_disk(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    loop = asyncio.get_running_loop()

    async def meanwhile() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", full_disk)
            with pytest.raises(AuditError):
                await log.append(Kind.REFUSAL, "lost", {}, [content("lost")])
        await log.append(Kind.REFUSAL, "e-1", {}, [content("later")])

    def writing(rows: Rows) -> None:
        write_anew(rows)
        asyncio.run_coroutine_threadsafe(meanwhile(), loop).result()

    monkeypatch.setattr(Rows, "write_anew", writing)
    await log.erase(Erasure("erase-1", "gdpr-17", (), (Reference(0, 0),)))
    await log.append(Kind.REFUSAL, "e-2", {}, [content("last")])
    await log.close()
    assert list(contents_of(site).values()) == [[None, b"joe"], [b"later"], [None], [b"last"]]
    assert site.codes() == set()
    assert not (site.folder / "keys.db.new").exists()


async def test_keys_that_could_not_be_written_anew_take_no_room(site: Site) -> None:
    """Too little of it: the erasure stays pending, and the next start finishes it."""
    log = site.open()
    texts = [content(f"text {number}") for number in range(2000)]
    await log.append(Kind.REFUSAL, "e-0", {}, texts)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(AuditError, match="could not be erased"):
            await log.erase(Erasure("erase-1", "gdpr-17", (), (Reference(0, 0),)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (site.folder / "keys.db.new").exists()
    await log.close()
    await site.open().close()
    assert contents_of(site)[0][:2] == [None, b"text 1"]
    assert site.codes() == set()


async def test_an_erasure_stays_pending_while_somebody_reads_keys(site: Site) -> None:
    log = site.open()
    await log.append(Kind.REFUSAL, "e-0", {}, [content("jane")])
    with closing(sqlite3.connect(site.folder / "keys.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM rows").fetchall()
        with pytest.raises(AuditError, match="being read"):
            await log.erase(Erasure("erase-1", "gdpr-17", (), (Reference(0, 0),)))
        await log.append(Kind.REFUSAL, "e-1", {}, [content("written even so")])
    await log.erase(Erasure("erase-2", "gdpr-17", (), ()))
    await log.close()
    assert list(contents_of(site).values())[:2] == [[None], [b"written even so"]]
    assert site.codes() == set()


async def test_retention_is_the_same_mechanism(site: Site) -> None:
    log = site.open()
    soon = site.clock.now + DAY
    await log.append(
        Kind.REFUSAL, "e-1", {}, [content("short", soon), content("long", 9 * DAY + soon)]
    )
    assert await log.expire() == 0
    site.clock.now += 2 * DAY
    assert await log.expire() == 1
    await log.close()
    assert contents_of(site)[0] == [None, b"long"]
    assert site.codes() == set()


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_crash_inside_an_erasure_is_made_good(site: Site, deleted: bool) -> None:
    """After the journal, before or after the deletion: the next start finishes and records it."""
    log = site.open()
    await log.append(Kind.REFUSAL, "e-1", {}, [content("about Jane")])
    await log.close()
    write_journal(site.folder, Erasure("erase-1", "gdpr-17", ("a", "b"), (Reference(0, 0),)))
    if deleted:
        rows = Rows(site.folder)
        rows.erase([Reference(0, 0)])
        rows.close()
        assert site.codes() == {"unsigned-erasure"}
    log = site.open()
    await log.close()
    assert (rows_of(site), list(read_journal(site.folder))) == ([], [])
    assert site.codes() == set()
    with Reader(site.folder, site.auditor) as reader:
        *_, last = reader.records("erase-1")
    assert last.opened.body == {"basis": "gdpr-17", "approved_by": ["a", "b"], "rows": 1}


async def test_an_erasure_that_fails_is_finished_by_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = site.open()
    await log.append(Kind.REFUSAL, "e-1", {}, [content("one"), content("two")])
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        broken.setattr(Rows, "erase", fail)
        with pytest.raises(AuditError, match="could not be erased"):
            await log.erase(Erasure("erase-1", "b", (), (Reference(0, 0),)))
    await log.erase(Erasure("erase-2", "b", (), (Reference(0, 1),)))
    await log.close()
    assert contents_of(site) == {0: [None, None], 1: [None], 2: [None]}
    assert site.codes() == set()


async def test_a_backup_of_keys_put_back_is_found(site: Site) -> None:
    log = site.open()
    await log.append(Kind.REFUSAL, "e-1", {}, [content("about Jane")])
    (row,) = rows_of(site)
    await log.erase(Erasure("erase-1", "gdpr-17", (), (Reference(0, 0),)))
    await log.close()
    rows = Rows(site.folder)
    rows.add([row])
    rows.close()
    assert site.codes() == {"restored-row"}


async def test_rows_of_the_future_are_not_erased(site: Site) -> None:
    log = site.open()
    with pytest.raises(AuditError, match="doesn't have"):
        await log.erase(Erasure("erase-1", "b", (), (Reference(0, 0),)))
    await log.close()


def test_an_order_needs_two_different_approvers() -> None:
    (ciso, ciso_key), (dpo, dpo_key) = approver("ciso@acme"), approver("dpo@acme")
    order = new_order(
        "gdpr-17", 1, 30, {ORIGIN: [Reference(3, 1), Reference(0, 0), Reference(0, 0)]}
    )
    note = approve(unsigned(order), "ciso@acme", ciso_key)
    known = [ciso, dpo]
    for unapproved in (
        unsigned(order),
        note,
        approve(note, "ciso@acme", ciso_key),
        approve(note, "stranger", Ed25519PrivateKey.generate()),
    ):
        with pytest.raises(FormatError, match="2 approvers"):
            open_order(unapproved, known)
    same_key = VerifierKey("dpo@acme", ciso_key.public_key())
    with pytest.raises(FormatError, match="2 approvers"):
        open_order(approve(note, "dpo@acme", ciso_key), [ciso, same_key])
    note = approve(note, "dpo@acme", dpo_key)
    assert open_order(note, known) == (order, ["ciso@acme", "dpo@acme"])
    assert order.rows[ORIGIN] == (Reference(0, 0), Reference(3, 1))
    with pytest.raises(FormatError, match="wrong"):
        open_order(note.replace("row 0 0", "row 0 1"), known)
    for bad in ("", "text\n\n", note.replace("privet-erasure-1", "privet-erasure-2")):
        with pytest.raises(FormatError):
            read_order(bad)


async def test_live_writers_carry_out_what_lies_in_the_sites_folder(site: Site) -> None:
    (ciso, ciso_key), (dpo, dpo_key) = approver("ciso@acme"), approver("dpo@acme")
    log = site.open()
    await log.append(Kind.REFUSAL, "e-1", {}, [content("about Jane"), content("other")])
    order = new_order("gdpr-17", site.clock(), 30, {ORIGIN: [Reference(0, 0)]})
    half = approve(unsigned(order), "ciso@acme", ciso_key)
    with pytest.raises(FormatError, match="2 approvers"):
        submit(site.root, half, [ciso, dpo])
    orders = site.root / "orders"
    orders.mkdir()
    (orders / "erase-forged.order").write_text(half)
    submit(site.root, approve(half, "dpo@acme", dpo_key), [ciso, dpo])
    answers = {
        answer.order: answer for answer in await carry_out(log, site.root, "slot-0", [ciso, dpo])
    }
    assert "2 approvers" in answers.pop("erase-forged").refused
    assert [(one.order, one.rows, one.refused) for one in answers.values()] == [(order.id, 1, "")]
    assert await carry_out(log, site.root, "slot-0", [ciso, dpo]) == [], "once is enough"
    await log.close()
    assert contents_of(site)[0] == [None, b"other"]
    assert site.codes() == set()
