"""Who can read: pairs, hybrid keys, readers who came later; and another key that signs."""

from __future__ import annotations

import asyncio
import errno
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import audit.rotation
from audit.checkpoint import read_checkpoint, sign
from audit.errors import AuditError, FormatError
from audit.keys import generate_recipient, load_recipient, load_recipient_key
from audit.layout import newest_note
from audit.log import AuditLog
from audit.note import VerifierKey
from audit.publish import countersign
from audit.readers import reseal
from audit.reading import Reader
from audit.recipients import Pair, PrivateKeys, Recipient
from audit.record import Content, Kind
from audit.report import Report
from audit.rotation import rotate_signing_key
from audit.segment import read_header
from audit.verify import verify
from audit.verify_site import verify_site
from tests.audit.sites import ORIGIN, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def person(folder: Path, name: str, *, hybrid: bool = False) -> tuple[Recipient, PrivateKeys]:
    paths = folder / f"{name}.key", folder / f"{name}.pub"
    recipient = generate_recipient(name, *paths, hybrid=hybrid)
    assert load_recipient(paths[1]) == recipient
    return recipient, load_recipient_key(paths[0])


def write(site: Site, recipients: list[Recipient | Pair], *texts: str) -> None:
    """One start of the writer, one record per text."""

    async def run() -> None:
        log = AuditLog.open(
            site.folder,
            origin=site.origin,
            signing_key=site.signing,
            recipients=recipients,
            clock=site.clock,
        )
        for text in texts:
            await log.append(Kind.REFUSAL, text, {}, [Content("m", text.encode(), "s")])
        await log.close()

    asyncio.run(run())


def read(site: Site, keys: PrivateKeys) -> list[bytes | None]:
    with Reader(site.folder, keys) as reader:
        return [data for record in reader.records() for _, data in record.contents]


def kinds(site: Site, keys: PrivateKeys) -> list[Kind]:
    with Reader(site.folder, keys) as reader:
        return [record.opened.kind for record in reader.records()]


@pytest.mark.parametrize("hybrid", [False, True])
def test_two_people_read_together_only(site: Site, tmp_path: Path, hybrid: bool) -> None:
    one, one_key = person(tmp_path, "officer", hybrid=hybrid)
    two, two_key = person(tmp_path, "council")
    recovery, recovery_key = person(tmp_path, "recovery")
    write(site, [Pair((one, two)), recovery], "first")
    assert read(site, [one_key, two_key]) == [b"first"]  # type: ignore[list-item]
    assert read(site, recovery_key) == [b"first"]
    for alone in (one_key, two_key):
        with pytest.raises(FormatError, match="another reader's is needed too"):
            read(site, alone)
    both = verify(site.folder, [site.key], recipient=[one_key, two_key])  # type: ignore[list-item]
    assert (both.findings, both.opened) == ([], 1)


def test_a_hybrid_key_opens_what_was_sealed_to_it(site: Site, tmp_path: Path) -> None:
    auditor, key = person(tmp_path, "auditor", hybrid=True)
    write(site, [auditor], "first")
    assert read(site, key) == [b"first"]
    assert verify(site.folder, [site.key], recipient=key).findings == []
    with site.segments()[0].open("rb") as file:
        (seed,) = read_header(file)[0].seeds
    assert (seed.suite[:2].hex(), len(seed.sealed)) == ("647a", 1120 + 48)
    halves = (tmp_path / "auditor.key").read_bytes()
    (tmp_path / "half.key").write_bytes(halves[halves.rindex(b"-----BEGIN") :])
    (tmp_path / "half.key").chmod(0o600)
    with pytest.raises(FormatError, match="not among"):
        read(site, load_recipient_key(tmp_path / "half.key"))


def test_a_reader_who_came_later_reads_the_old_segments(site: Site, tmp_path: Path) -> None:
    auditor, key = person(tmp_path, "auditor")
    late, late_key = person(tmp_path, "late")
    write(site, [auditor], "first")
    write(site, [auditor], "second")
    with pytest.raises(FormatError, match="not among"):
        read(site, late_key)
    assert reseal(site.folder, key, late) == 2
    assert reseal(site.folder, key, late) == 0, "once is enough"
    assert read(site, late_key) == [b"first", b"second"]
    assert verify(site.folder, [site.key], recipient=late_key).findings == []


def test_a_forged_seed_of_a_later_reader_opens_nothing(site: Site, tmp_path: Path) -> None:
    auditor, key = person(tmp_path, "auditor")
    late, late_key = person(tmp_path, "late")
    write(site, [auditor], "first")
    reseal(site.folder, key, late)
    (path,) = (site.folder / "readers").iterdir()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(FormatError, match="doesn't open"):
        read(site, late_key)
    assert read(site, key) == [b"first"], "nobody else is hindered"
    path.write_bytes(data[: struct.calcsize(">BBB16s6sH") - 1])
    assert read(site, key) == [b"first"]


def test_another_recipient_is_on_record_and_reads_from_then_on(site: Site, tmp_path: Path) -> None:
    auditor, key = person(tmp_path, "auditor")
    late, late_key = person(tmp_path, "late")
    recovery, recovery_key = person(tmp_path, "recovery")
    write(site, [auditor, recovery], "first")
    write(site, [auditor, recovery], "second")
    write(site, [late, recovery], "third")
    assert kinds(site, recovery_key) == [*[Kind.REFUSAL] * 2, Kind.ROTATION, Kind.REFUSAL]
    with pytest.raises(FormatError, match=r"2\.seg: this key is not among"):
        read(site, key)
    with Reader(site.folder, late_key) as reader:
        assert [record.contents for record in reader.records("third")] == [[("m", b"third")]]
    reseal(site.folder, recovery_key, late)
    assert read(site, late_key) == [b"first", b"second", b"third"]


def checked(site: Site, *keys: Ed25519PrivateKey) -> list[Report]:
    verifiers = [VerifierKey(ORIGIN, key.public_key()) for key in keys]
    return verify_site(site.root, verifiers)


def test_a_site_goes_on_under_another_signing_key(site: Site, tmp_path: Path) -> None:
    auditor, key = person(tmp_path, "auditor")
    write(site, [auditor], "first")
    old, new = site.signing, Ed25519PrivateKey.generate()
    (verifier,) = rotate_signing_key(site.root, old, new, [auditor], site.clock)
    site.signing = new
    write(site, [auditor], "second")
    assert kinds(site, key) == [Kind.REFUSAL, Kind.ROTATION, Kind.REFUSAL]
    with Reader(site.folder, key) as reader:
        told = [r.opened.body for r in reader.records() if r.opened.kind is Kind.ROTATION]
    assert told == [{"signing_key": str(verifier)}]
    manifest, slot = checked(site, new, old)
    assert (manifest.findings, slot.findings, slot.records) == ([], [], 3)
    for alone in (old, new):
        codes = {finding.code for report in checked(site, alone) for finding in report.findings}
        assert codes, "the whole needs both keys"


def test_the_old_key_opens_no_log_after_the_rotation_went_on(site: Site, tmp_path: Path) -> None:
    auditor, _ = person(tmp_path, "auditor")
    write(site, [auditor], "first")
    old, new = site.signing, Ed25519PrivateKey.generate()
    rotate_signing_key(site.root, old, new, [auditor], site.clock)
    site.signing = new
    write(site, [auditor], "second")
    site.signing = old
    with pytest.raises(AuditError, match="no known key signed"):
        write(site, [auditor], "third")


def test_a_rotation_that_was_interrupted_is_finished_by_another_one(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two logs one was handed over: until the other is, too, nobody writes under the old key."""
    auditor, _ = person(tmp_path, "auditor")
    other = replace(site, origin="privet.example/slot-1", slot="slot-1")
    for one in (site, other):
        write(one, [auditor], "first")
    old, new = site.signing, Ed25519PrivateKey.generate()

    def interrupted(folder: Path, *rest: Any) -> None:
        if folder == other.folder:
            raise OSError(errno.ENOSPC, "No space left on device")
        countersign(folder, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(audit.rotation, "countersign", interrupted)
        with pytest.raises(OSError, match="No space"):
            rotate_signing_key(site.root, old, new, [auditor], site.clock)
    with pytest.raises(AuditError, match="another key has taken it over: finish `privet keys"):
        write(site, [auditor], "second")
    for _ in range(2):
        rotate_signing_key(site.root, old, new, [auditor], site.clock)
    for one in (site, other):
        one.signing = new
        write(one, [auditor], "third")
    assert [report.findings for report in checked(site, new, old)] == [[], [], []]


def test_a_key_that_was_replaced_signs_nothing_more(site: Site, tmp_path: Path) -> None:
    """Who stole the old one goes on with the log as if it hadn't been retired."""
    auditor, _ = person(tmp_path, "auditor")
    write(site, [auditor], "first")
    old, new = site.signing, Ed25519PrivateKey.generate()
    rotate_signing_key(site.root, old, new, [auditor], site.clock)
    assert {
        finding.code for report in checked(site, new, old) for finding in report.findings
    } == set()
    history = site.folder / "checkpoints"
    note, end = newest_note(site.folder)
    forged = sign(read_checkpoint(note), old)
    history.write_text(f"{history.read_text()[:end]}{forged}\n")
    (finding,) = [one for report in checked(site, new, old) for one in report.findings]
    assert (finding.code, finding.where) == ("forged-checkpoint", "checkpoints, note 4")
