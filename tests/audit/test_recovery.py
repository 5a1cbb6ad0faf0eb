"""Restarts: nothing acknowledged is lost, only the unacknowledged is cut, the rest refuses."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import audit.batches
import audit.composing
from audit.errors import AuditError
from audit.log import AuditLog
from audit.reading import Reader, Record
from audit.record import Content, Kind
from tests.audit.sites import Site, converse


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def crash(log: AuditLog) -> None:
    """What the kernel does when a process dies: files closed, lock gone, nothing more written."""
    log._disk.close()
    log._batches._publisher.close()
    if log._batches._timer is not None:
        log._batches._timer.cancel()
    log._store.close()
    os.close(log._lock)


def last_record(site: Site) -> Record:
    with Reader(site.folder, site.auditor) as reader:
        return list(reader.records())[-1]


async def test_a_restart_goes_on_in_a_new_segment(site: Site) -> None:
    for part in range(3):
        log = site.open()
        await converse(log, 2, f"part-{part}")
        await log.close()
    report = site.verify()
    assert (report.findings, report.records, len(site.segments())) == ([], 12, 3)


async def test_after_a_crash_open_intents_are_unknown(site: Site) -> None:
    log = site.open()
    await log.append(Kind.INTENT, "done", {})
    await log.append(Kind.OUTCOME, "done", {})
    await log.append(Kind.INTENT, "open", {}, [Content("m", b"text", "acme")])
    crash(log)
    assert site.codes() == {"intent-without-outcome"}
    await site.open().close()
    record = last_record(site)
    assert record.opened.kind is Kind.OUTCOME
    assert record.opened.exchange_id == "open"
    assert record.opened.body == {"status": "unknown", "intent": 2}
    assert site.verify().findings == []


async def test_an_intent_that_is_many_segments_old_is_still_found(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.composing, "SEGMENT_BYTES", 1000)
    log = site.open()
    await log.append(Kind.INTENT, "old", {})
    for part in range(10):
        await converse(log, 2, f"c{part}")
    log._store.checkpoint()  # so that the checkpoint is no reason to read that far back
    crash(log)
    assert len(site.segments()) > 5
    await site.open().close()
    assert last_record(site).opened.exchange_id == "old"
    assert site.verify().findings == []


async def test_a_short_last_batch_is_cut_and_recorded(site: Site) -> None:
    """Any cut inside the last batch, the segment's first one included."""
    log = site.open()
    await log.append(Kind.REFUSAL, "kept", {})
    await log.close()
    log = site.open()
    await log.append(Kind.REFUSAL, "torn", {}, [Content("m", b"text", "acme")])
    crash(log)
    whole = site.segments()[-1].read_bytes()
    for length in (1, 4, 100, 300, len(whole) - 1):
        copy = site.copy(site.root.parent / f"copy-{length}")
        path = copy.segments()[-1]
        path.write_bytes(whole[:length])
        await copy.open().close()
        record = last_record(copy)
        assert record.opened.kind is Kind.RECOVERY
        assert record.opened.body == {
            "cut": {"segment": path.name, "offset": 0, "bytes": length, "accepted_by": None}
        }
        report = copy.verify()
        assert (report.findings, report.records) == ([], 2)


async def test_a_second_batch_is_cut_and_the_first_stays(site: Site) -> None:
    log = site.open()
    await log.append(Kind.REFUSAL, "kept", {})
    end = site.segments()[0].stat().st_size
    await log.append(Kind.REFUSAL, "torn", {})
    crash(log)
    path = site.segments()[0]
    path.write_bytes(path.read_bytes()[:-1])
    await site.open().close()
    assert path.stat().st_size == end
    assert site.verify().findings == []


async def test_a_short_batch_below_the_newest_checkpoint_is_never_cut(site: Site) -> None:
    log = site.open()
    await converse(log, 2)
    await log.close()
    path = site.segments()[0]
    data = path.read_bytes()[:-1]
    path.write_bytes(data)
    for accepted_by in (None, "ops@acme"):
        with pytest.raises(AuditError, match="newest checkpoint"):
            site.open(accepted_by)
    assert path.read_bytes() == data


async def test_a_wrong_digest_refuses_until_an_operator_accepts_it(site: Site) -> None:
    log = site.open()
    await log.append(Kind.REFUSAL, "kept", {})
    await log.append(Kind.REFUSAL, "damaged", {})
    crash(log)
    path = site.segments()[0]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(AuditError, match="digest of the batch"):
        site.open()
    await site.open("ops@acme").close()
    assert (site.folder / f"{path.name}.damaged").read_bytes() == data
    cut = last_record(site).opened.body["cut"]
    assert isinstance(cut, dict)
    assert cut["accepted_by"] == "ops@acme"
    assert site.verify().findings == []


def _unlink(name: str) -> Callable[[Site], None]:
    return lambda site: (site.folder / name).unlink()


def _reverse(name: str) -> Callable[[Site], None]:
    def damage(site: Site) -> None:
        path = site.folder / name
        path.write_bytes(path.read_bytes()[::-1])

    return damage


def _older_history(site: Site) -> None:
    path = site.folder / "checkpoints"
    path.write_text("\n\n".join([*path.read_text().split("\n\n")[:-3], ""]))


def _another_key(site: Site) -> None:
    site.signing = Site(site.root).signing


def _another_origin(site: Site) -> None:
    site.origin = "privet.example/slot-1"


@pytest.mark.parametrize(
    "damage",
    [
        _unlink("segments/00000000000000000004.seg"),
        _reverse("segments/00000000000000000004.seg"),
        _unlink("checkpoints"),
        _reverse("checkpoints"),
        _reverse("checkpoint"),
        _unlink("tile/0/000.p/6"),
        _reverse("tile/0/000.p/6"),
        _unlink("tile/entries/000.p/6"),
        lambda site: (site.folder / "segments/notes.txt").touch(),
        _older_history,
        _another_key,
        _another_origin,
    ],
)
async def test_other_damage_refuses_to_start(site: Site, damage: Callable[[Site], None]) -> None:
    """And changes nothing, so that the evidence stays as it was found."""
    for turns in (2, 1):
        log = site.open()
        await converse(log, turns, f"t{turns}")
        await log.close()
    damage(site)
    before = {path: path.read_bytes() for path in site.folder.rglob("*") if path.is_file()}
    with pytest.raises(AuditError):
        site.open()
    assert {p: p.read_bytes() for p in site.folder.rglob("*") if p.is_file()} == before


async def test_old_segments_are_not_read_at_a_start(site: Site) -> None:
    """Starting costs what came last; that an old segment is gone is for verify to find."""
    for turns in (2, 1):
        log = site.open()
        await converse(log, turns, f"t{turns}")
        await log.close()
    site.segments()[0].unlink()
    await site.open().close()
    assert "missing-segment" in site.codes()


async def test_a_crash_between_history_and_newest_checkpoint_is_harmless(site: Site) -> None:
    log = site.open()
    older = (site.folder / "checkpoint").read_text()
    await converse(log, 1)
    await log.close()
    (site.folder / "checkpoint").write_text(older)
    with (site.folder / "checkpoints").open("a") as history:
        history.write("privet.example/slot-0\n99\ntorn")
    log = site.open()
    await converse(log, 1, "again")
    await log.close()
    assert site.verify().findings == []


async def test_orphaned_key_rows_are_removed(site: Site) -> None:
    """A crash after the rows' commit and before the frame's sync."""
    log = site.open()
    await log.append(Kind.REFUSAL, "kept", {}, [Content("m", b"text", "acme")])
    await log.append(Kind.REFUSAL, "torn", {}, [Content("m", b"other", "acme")])
    crash(log)
    path = site.segments()[0]
    path.write_bytes(path.read_bytes()[:-1])
    log = site.open()
    await log.append(Kind.REFUSAL, "after", {}, [Content("m", b"third", "acme")])
    await log.close()
    assert site.verify().findings == []


#: How often the writer is killed; `make soak` asks for more.
KILLS = int(os.environ.get("PRIVET_SOAK_KILLS", "10"))

_VICTIM = """
import asyncio, json, os, sys, time
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from audit.recipients import Recipient
from audit.log import AuditLog
from audit.record import Content, Kind

folder, signing, auditor, run = sys.argv[1:]

async def worker(log, number):
    turn = 0
    while True:
        name = f"r{run}-w{number}-t{turn}"
        contents = [
            Content("m", f"text of {name}".encode(), "acme"),
            Content("short", name.encode(), "acme", time.time_ns()),
        ]
        await log.append(Kind.INTENT, name, {}, contents)
        os.write(1, f"{name}\\n".encode())
        await log.append(Kind.OUTCOME, name, {})
        turn += 1
        if turn % 20 == number:
            await log.expire()

async def main():
    log = AuditLog.open(
        Path(folder), origin="privet.example/slot-0", clock=time.time_ns,
        signing_key=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(signing)),
        recipients=[
            Recipient("auditor", X25519PublicKey.from_public_bytes(bytes.fromhex(auditor)))
        ],
    )
    await asyncio.gather(*(worker(log, number) for number in range(8)))

asyncio.run(main())
"""


def test_kill_9_loses_no_acknowledged_record(site: Site) -> None:
    """A writer under load, which erases as well, is killed at arbitrary moments in one log.

    `make soak` does it 200 times.
    """
    chance = random.Random(5)
    acknowledged: set[str] = set()
    for run in range(KILLS):
        victim = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _VICTIM,
                str(site.folder),
                site.signing.private_bytes_raw().hex(),
                site.auditor.public_key().public_bytes_raw().hex(),
                str(run),
            ],
            stdout=subprocess.PIPE,
        )
        assert victim.stdout is not None
        for _ in range(chance.randrange(1, 200)):
            acknowledged.add(victim.stdout.readline().decode().strip())
        victim.send_signal(signal.SIGKILL)
        acknowledged.update(victim.stdout.read().decode().split("\n")[:-1])
        victim.wait()
        victim.stdout.close()
    site.clock.now = max(site.clock.now, 2**62)  # after the victims' own clocks
    log = site.open()
    log._disk.close()
    log._batches._publisher.close()
    log._store.close()
    os.close(log._lock)
    assert site.verify().findings == []
    with Reader(site.folder, site.auditor) as reader:
        found = {
            record.opened.exchange_id
            for record in reader.records()
            if record.opened.kind is Kind.INTENT
            and record.contents[0][1] == f"text of {record.opened.exchange_id}".encode()
        }
    assert len(acknowledged) > 50 * KILLS
    assert acknowledged <= found, json.dumps(sorted(acknowledged - found))
